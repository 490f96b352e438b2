"""What waits to be shown: of each stream the newest alone."""

from __future__ import annotations

from threading import Condition
from typing import Generic, TypeVar

Item = TypeVar('Item')


class NewestOfEach(Generic[Item]):
    """A queue that holds one item of each stream; newer ones replace it where it stands.

    So who takes slowly gets less, never late, and each stream in its turn.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Item] = {}
        self._closed = False
        self._changed = Condition()

    def put(self, stream: str, item: Item) -> None:
        """Add an item; returns at once."""
        with self._changed:
            self._waiting[stream] = item
            self._changed.notify()

    def take(self) -> Item | None:
        """Wait for an item; None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._waiting))
            if self._closed:
                return None
            return self._waiting.pop(next(iter(self._waiting)))

    def close(self) -> None:
        """Drop what waits, and end the wait."""
        with self._changed:
            self._closed = True
            self._changed.notify()
