"""Time of a stream: intervals between the stamps of its images."""

from __future__ import annotations

# What an image without a stamp is taken to come after its predecessor.
NOMINAL_INTERVAL_S = 1 / 30
# After a longer pause nothing is where it was.
LONGEST_GAP_S = 1.0


class StreamTime:
    """Turns stamps into intervals and tells where a stream starts anew."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Let the next image be the first."""
        self._last_ns: int | None = None

    def step(self, stamp_ns: int) -> float | None:
        """Take the stamp of the next image.

        Args:
            stamp_ns: When it was taken, ns; 0 in a row where nobody knows.

        Returns:
            Seconds since the last image, 0 where both have the same stamp; None if the stream
            starts anew: at the first image, when time goes back, and after a long pause.
        """
        last_ns, self._last_ns = self._last_ns, stamp_ns
        if last_ns is None:
            return None
        if stamp_ns == last_ns == 0:
            return NOMINAL_INTERVAL_S
        interval_s = (stamp_ns - last_ns) / 1e9
        return interval_s if 0 <= interval_s <= LONGEST_GAP_S else None
