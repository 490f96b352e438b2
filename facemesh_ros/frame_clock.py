"""Time of an image stream: intervals between stamps, and where a new stream begins."""

from __future__ import annotations

from dataclasses import dataclass

# Interval assumed for images without stamps.
NOMINAL_INTERVAL_S = 1 / 30
# Stamps that go back by less are out of order or a corrected clock; by more, a new recording.
RESTART_S = 1.0
# After a pause of this many usual periods all tracks are stale. A second is never a pause; beyond
# the longest no track can be continued however slow the camera is.
PAUSE_PERIODS, SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 4.0, 1.0, 20.0
# Weight of the latest period in the running mean.
PERIOD_WEIGHT = 0.25
# After so many images without progress the camera's clock has stopped.
STOPPED_IMAGES = 30
NS_PER_S = 10**9
NOMINAL_INTERVAL_NS = round(NOMINAL_INTERVAL_S * NS_PER_S)


@dataclass(slots=True)
class StampFaults:
    """Faults of the stamps of a stream, counted since it was made.

    Attributes:
        late: Images stamped before an earlier one, by less than a second.
        unstamped: Images whose stamp is zero.
        set_back: Times that stamps went back by a second or more.
        far_apart: Times that the second image of a stream came too late for tracks to go on.
    """

    late: int = 0
    unstamped: int = 0
    set_back: int = 0
    far_apart: int = 0


class FrameClock:
    """Turns stamps into intervals and detects where a new stream begins.

    Its time never goes back within a stream.

    Attributes:
        faults: Of all stamps so far, across resets.
        now_ns: Time of the last image: its stamp if that is the newest so far, else the time that
            the stream had reached.
    """

    def __init__(self) -> None:
        self.faults = StampFaults()
        self.reset()

    def reset(self) -> None:
        """Take the next image as the first of a stream."""
        self._begin(None)

    def step(self, stamp_ns: int) -> float | None:
        """Take the stamp of the next image.

        An image stamped less than a second before the newest one counts as simultaneous with it;
        so does an unstamped one in a stamped stream. Where stamps stand still for long, or none is
        set, images count as 1/30 s apart.

        Args:
            stamp_ns: When the image was taken, ns; 0 if unknown.

        Returns:
            Seconds since the last image; None where a stream begins: at the first image, when
            stamps go back by a second or more, and after a pause of more than a second and more
            than four usual periods.
        """
        newest_ns = self._newest_ns
        self.faults.unstamped += stamp_ns == 0
        if newest_ns is None:
            return self._begin(stamp_ns)
        if stamp_ns > newest_ns:
            return self._advance(stamp_ns, newest_ns)
        if stamp_ns == 0:
            return self._stand_still()
        if stamp_ns - newest_ns <= -RESTART_S * NS_PER_S:
            self.faults.set_back += 1
            return self._begin(stamp_ns)
        self.faults.late += stamp_ns < newest_ns
        return self._stand_still()

    def _begin(self, stamp_ns: int | None) -> float | None:
        self._newest_ns, self.now_ns = stamp_ns, stamp_ns or 0
        self._guessed_ns = self._still_images = 0
        self._period_s: float | None = None
        return None

    def _advance(self, stamp_ns: int, newest_ns: int) -> float | None:
        interval_ns = max(0, stamp_ns - newest_ns - self._guessed_ns)
        interval_s = interval_ns / NS_PER_S
        period_s, longest_s = self._period_s, LONGEST_PAUSE_S
        if period_s is not None:
            longest_s = min(max(PAUSE_PERIODS * period_s, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)
        if interval_s > longest_s:
            self.faults.far_apart += period_s is None
            return self._begin(stamp_ns)
        self._newest_ns, self._guessed_ns, self._still_images = stamp_ns, 0, 0
        self.now_ns += interval_ns
        usual_s = interval_s if period_s is None else period_s
        self._period_s = usual_s + PERIOD_WEIGHT * (interval_s - usual_s)
        return interval_s

    def _stand_still(self) -> float:
        self._still_images += 1
        if self._newest_ns and self._still_images <= STOPPED_IMAGES:
            return 0.0
        self._guessed_ns += NOMINAL_INTERVAL_NS
        self.now_ns += NOMINAL_INTERVAL_NS
        return NOMINAL_INTERVAL_NS / NS_PER_S
