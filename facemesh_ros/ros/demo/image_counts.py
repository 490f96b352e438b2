"""Counts what became of the camera's images, seen on two topics of two processes."""

from __future__ import annotations

from collections import Counter


class ImageCounts:
    """How many images a camera sent, and with how many faces they were answered.

    Messages of two publishers arrive in any order between each other, and each topic may lose
    some. An image counts once both topics have passed its stamp. One that was answered was sent,
    whether or not the camera's own message about it arrived.

    Attributes:
        sent: Images since the first one that both topics could show.
        faces: How many of these were answered with 0, 1, 2, … faces.

    Example:
        >>> counts = ImageCounts()
        >>> for stamp_ns in 10, 20, 40:
        ...     counts.add_sent(stamp_ns)
        >>> for stamp_ns in 20, 30, 40:
        ...     counts.add_answered(stamp_ns, faces=1)
        >>> counts.sent, counts.answered
        (3, 3)

    """

    def __init__(self) -> None:
        self.sent = 0
        self.faces: Counter[int] = Counter()
        self._start_ns: int | None = None
        self._sent_ns: int | None = None
        self._answered_ns: int | None = None
        # Numbers of faces by stamp, of the images that one of the topics has not passed yet.
        self._pending: dict[int, int | None] = {}

    @property
    def answered(self) -> int:
        """Of the images sent, those that were answered."""
        return sum(self.faces.values())

    def add_sent(self, stamp_ns: int) -> None:
        """The camera says that it sent the image of this stamp."""
        self._sent_ns = stamp_ns
        self._pending.setdefault(stamp_ns, None)
        self._count()

    def add_answered(self, stamp_ns: int, faces: int) -> None:
        """The node answered the image of this stamp."""
        self._answered_ns = stamp_ns
        self._pending[stamp_ns] = faces
        self._count()

    def _count(self) -> None:
        if self._sent_ns is None or self._answered_ns is None:
            return
        if self._start_ns is None:
            self._start_ns = max(self._sent_ns, self._answered_ns)
        reached_ns = min(self._sent_ns, self._answered_ns)
        for stamp_ns in sorted(stamp for stamp in self._pending if stamp <= reached_ns):
            faces = self._pending.pop(stamp_ns)
            if stamp_ns < self._start_ns:
                continue
            self.sent += 1
            if faces is not None:
                self.faces[faces] += 1
