"""What became of a camera's last images."""

from __future__ import annotations

from collections import deque

from facemesh_ros.ros.diagnostics.image_counts import ImageCounts

MOST_REPORTS = 60


class CountHistory:
    """Remembers the counters of a camera as they were at each of the last reports."""

    def __init__(self, counts: ImageCounts) -> None:
        """Begin now."""
        self._counts = counts
        self._reports = deque([counts.copy()], maxlen=MOST_REPORTS + 1)

    def report(self) -> None:
        """Begin the next report."""
        self._reports.append(self._counts.copy())

    def over(self, reports: int) -> ImageCounts:
        """Return what happened in the last so many reports, or in all that are remembered."""
        return self._reports[-1].since(self._reports[max(0, len(self._reports) - 1 - reports)])

    def fails_always(self, reports: int) -> bool:
        """Whether images were tried in these reports, and none of the last two with any came out.

        Two, so that every second image that fails does not pass for all; no more, so that it is
        known at once.
        """
        tried = []
        for ago in range(1, min(reports, len(self._reports) - 1) + 1):
            one = self._reports[-ago].since(self._reports[-ago - 1])
            if one.processed or one.failed or one.too_old:
                tried.append(one)
        return bool(tried) and not any(one.processed for one in tried[:2])
