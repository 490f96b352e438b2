"""Time of a stream: intervals between the stamps of its images."""

from __future__ import annotations

from dataclasses import dataclass

# What an image without a stamp is taken to come after its predecessor.
NOMINAL_INTERVAL_S = 1 / 30
# Set back by less, a clock has been corrected or images have overtaken each other; set back by
# more, another recording begins.
RESTART_S = 1.0
# After a pause of so many usual periods of the stream nothing is where it was; a second is no
# pause, and after the longest nobody can tell who is still there.
PAUSE_PERIODS, SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 4.0, 1.0, 20.0
# How much the latest period counts in the usual one.
PERIOD_WEIGHT = 0.25
# A clock that has not moved on for so many images has stopped.
STOPPED_IMAGES = 30
NS_PER_S = 10**9


@dataclass(slots=True)
class StampFaults:
    """What was wrong with the stamps of a stream, counted since it was made.

    Attributes:
        late: Images that were stamped before one that came earlier, by less than a second.
        unstamped: Images whose stamp is zero.
        set_back: Times that stamps went back by a second or more.
        far_apart: Times that a second image in a row came after too long a pause for anybody to be
            followed.
    """

    late: int = 0
    unstamped: int = 0
    set_back: int = 0
    far_apart: int = 0


class FrameClock:
    """Turns stamps into intervals and tells where a stream starts anew.

    Its own clock never goes back while the stream goes on.

    Attributes:
        faults: Of all stamps so far, resets or not.
        now_ns: When the last image was taken: its stamp where that is newer than all before, else
            the time that the stream had reached.
    """

    def __init__(self) -> None:
        self.faults = StampFaults()
        self.reset()

    def reset(self) -> None:
        """Let the next image be the first."""
        self._begin(None)

    def step(self, stamp_ns: int) -> float | None:
        """Take the stamp of the next image.

        An image from before the last one, by less than a second, belongs to the same time; so does
        one without a stamp among others that have one. Where stamps stand still for long, or none
        has one, images are taken to come 1/30 s apart.

        Args:
            stamp_ns: When it was taken, ns; 0 where nobody knows.

        Returns:
            Seconds since the last image; None if the stream starts anew: at the first image, when
            time goes back by a second or more, and after a pause of more than a second and four
            times the usual period of the stream.
        """
        newest_ns = self._newest_ns
        self.faults.unstamped += stamp_ns == 0
        if newest_ns is None:
            return self._begin(stamp_ns)
        if stamp_ns > newest_ns:
            return self._go_on(stamp_ns, newest_ns)
        if stamp_ns == 0:
            return self._stand_still()
        if stamp_ns - newest_ns <= -RESTART_S * NS_PER_S:
            self.faults.set_back += 1
            return self._begin(stamp_ns)
        self.faults.late += stamp_ns < newest_ns
        return self._stand_still()

    def _begin(self, stamp_ns: int | None) -> float | None:
        self._newest_ns, self.now_ns = stamp_ns, stamp_ns or 0
        self._guessed_ns = self._still = 0
        self._period_s: float | None = None
        return None

    def _go_on(self, stamp_ns: int, newest_ns: int) -> float | None:
        interval_ns = max(0, stamp_ns - newest_ns - self._guessed_ns)
        interval_s = interval_ns / NS_PER_S
        if interval_s > self._longest_s:
            self.faults.far_apart += self._period_s is None
            return self._begin(stamp_ns)
        self._newest_ns, self._guessed_ns, self._still = stamp_ns, 0, 0
        self.now_ns += interval_ns
        usual_s = interval_s if self._period_s is None else self._period_s
        self._period_s = usual_s + PERIOD_WEIGHT * (interval_s - usual_s)
        return interval_s

    @property
    def _longest_s(self) -> float:
        """The longest time between two images of one stream."""
        if self._period_s is None:
            return LONGEST_PAUSE_S
        return min(max(PAUSE_PERIODS * self._period_s, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)

    def _stand_still(self) -> float:
        self._still += 1
        if self._newest_ns and self._still <= STOPPED_IMAGES:
            return 0.0
        guessed_ns = round(NOMINAL_INTERVAL_S * NS_PER_S)
        self._guessed_ns += guessed_ns
        self.now_ns += guessed_ns
        return guessed_ns / NS_PER_S
