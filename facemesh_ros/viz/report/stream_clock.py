"""Seconds of a stream that never go back, whatever its stamps do."""

from __future__ import annotations

NS_PER_S = 1e9
# A step of the stamps that nobody waited for is a clock that was set.
MAX_STEP_S, FASTER = 60.0, 10.0
# Where neither stamps nor times of recording tell how long a step took.
USUAL_STEP_S = 1 / 30


class StreamClock:
    """Time since the first image, by the stamps as long as these are a clock.

    Attributes:
        jumps: How often the stamps went back, or ahead by more than a minute in much less time.
        is_stamped: Whether any image had a stamp.

    Example: one second, then a clock that is set back by an hour.
        >>> clock = StreamClock()
        >>> stamps = 4_000 * 10**9, 4_001 * 10**9, 401 * 10**9
        >>> [round(clock.at(stamp, None), 3) for stamp in stamps]
        [0.0, 1.0, 1.033]
    """

    def __init__(self) -> None:
        self.jumps, self.is_stamped, self.now_s = 0, False, 0.0
        self._stamp_ns: int | None = None
        self._received_ns: int | None = None

    def at(self, stamp_ns: int, received_ns: int | None) -> float:
        """Return the time of the next image, s."""
        self.is_stamped |= stamp_ns != 0
        if self._stamp_ns is not None:
            self.now_s += self._step_s(
                (stamp_ns - self._stamp_ns) / NS_PER_S, self._received_step_s(received_ns)
            )
        self._stamp_ns, self._received_ns = stamp_ns, received_ns
        return self.now_s

    def _received_step_s(self, received_ns: int | None) -> float:
        """Return the time of recording since the last image, s; the usual one if unknown."""
        if received_ns is None or self._received_ns is None:
            return USUAL_STEP_S
        step_s = (received_ns - self._received_ns) / NS_PER_S
        return step_s if step_s > 0 else USUAL_STEP_S

    def _step_s(self, stamps_s: float, received_s: float) -> float:
        if not self.is_stamped:
            return received_s
        if stamps_s < 0 or stamps_s > max(MAX_STEP_S, FASTER * received_s):
            self.jumps += 1
            return received_s
        return stamps_s
