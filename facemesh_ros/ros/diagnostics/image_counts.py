"""What became of a camera's images."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace


@dataclass(slots=True)
class ImageCounts:
    """Counters of one camera, which begin with the process and never go back.

    Attributes:
        received: Images that arrived, also those that were replaced before anybody read them.
        dropped: Of those received: replaced by newer ones before their turn.
        lost: Images that were sent and never arrived, as far as the middleware tells.
        too_old: Of those received: left out because of their age.
        failed: Of those received: refused, or their processing failed.
        processed: Of those received: their landmarks were published.
    """

    received: int = 0
    dropped: int = 0
    lost: int = 0
    too_old: int = 0
    failed: int = 0
    processed: int = 0

    def copy(self) -> ImageCounts:
        """Return what they are now."""
        return replace(self)

    def since(self, before: ImageCounts) -> ImageCounts:
        """Return how many there were since an earlier copy."""
        now, then = asdict(self), asdict(before)
        return ImageCounts(**{name: now[name] - then[name] for name in now})
