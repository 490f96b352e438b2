"""Counters of a camera's images, and how they changed over the last reports."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, replace

MAX_REPORTS = 60


@dataclass(slots=True)
class ImageCounts:
    """Counters of one camera since the process started.

    Attributes:
        received: Images that arrived, including those replaced by newer ones in the
            middleware.
        dropped: Of those received: replaced by newer ones before they were processed.
        lost: Images that were sent and never arrived, where the middleware reports them.
        too_old: Of those received: older than `max_image_age`.
        failed: Of those received: refused, or their processing failed.
        processed: Of those received: their landmarks were published.
    """

    received: int = 0
    dropped: int = 0
    lost: int = 0
    too_old: int = 0
    failed: int = 0
    processed: int = 0

    def since(self, before: ImageCounts) -> ImageCounts:
        """Return the differences to an earlier copy."""
        now, then = asdict(self), asdict(before)
        return ImageCounts(**{name: now[name] - then[name] for name in now})


class CountHistory:
    """The counters of a camera at each of the last reports."""

    def __init__(self, counts: ImageCounts) -> None:
        self._counts = counts
        self._reports = deque([replace(counts)], maxlen=MAX_REPORTS + 1)

    def add_report(self) -> None:
        """Record the counters."""
        self._reports.append(replace(self._counts))

    def over(self, reports: int) -> ImageCounts:
        """Return the change over the last N reports, or over as many as there are."""
        return self._reports[-1].since(self._reports[max(0, len(self._reports) - 1 - reports)])

    def all_failed(self, reports: int) -> bool:
        """Whether no image was processed in the last two of N reports in which any was tried.

        Two reports, so that a slow camera of whose images every second one fails does not count;
        no more, so that it is noticed at once.
        """
        tried = []
        for ago in range(1, min(reports, len(self._reports) - 1) + 1):
            one = self._reports[-ago].since(self._reports[-ago - 1])
            if one.processed or one.failed or one.too_old:
                tried.append(one)
        return bool(tried) and not any(one.processed for one in tried[:2])
