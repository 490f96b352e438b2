"""Stamps of a video's pictures from the times that its container gives them."""

from __future__ import annotations

# Larger ones are what OpenCV makes of a time that is not there.
_LONGEST_MS = 1e12
# Two pictures of one time: later by this, which is no time for anything.
_SMALLEST_STEP_NS = 1000


class ContainerClock:
    """Turns container times into stamps that always grow, 0 for the first picture.

    OpenCV gives 0 where a picture has no time of its own (the last ones in the decoder, in old
    releases); it then comes after its predecessor as that came after its own. Where times go back,
    as in recordings that were put together, the stamps go on in the same way.
    """

    def __init__(self, rate_hz: float) -> None:
        """Begin.

        Args:
            rate_hz: Of the pictures, as far as is known before there are times.
        """
        self._interval_ns = 1e9 / rate_hz
        self._stamp_ns = -1
        self._time_ns: int | None = None  # the last one that was known
        self._offset_ns = 0  # from times to stamps
        self._steps = 0  # pictures since then

    def stamp_ns(self, time_ms: float) -> int:
        """Return the stamp of the next picture.

        Args:
            time_ms: Its time by the container, as OpenCV's CAP_PROP_POS_MSEC says it.
        """
        time_ns = round(1e6 * time_ms) if abs(time_ms) < _LONGEST_MS else None
        if self._stamp_ns < 0:
            return self._start(time_ns)
        self._steps += 1
        estimate_ns = self._stamp_ns + round(self._interval_ns)
        if not time_ns:
            self._stamp_ns = estimate_ns
            return estimate_ns
        if self._time_ns is None or time_ns < self._time_ns:
            self._offset_ns = estimate_ns - time_ns
        elif time_ns > self._time_ns:
            self._interval_ns = (time_ns - self._time_ns) / self._steps
        self._time_ns, self._steps = time_ns, 0
        self._stamp_ns = max(time_ns + self._offset_ns, self._stamp_ns + _SMALLEST_STEP_NS)
        return self._stamp_ns

    def _start(self, time_ns: int | None) -> int:
        self._stamp_ns, self._time_ns, self._offset_ns = 0, time_ns, -(time_ns or 0)
        return 0
