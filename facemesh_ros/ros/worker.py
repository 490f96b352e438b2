"""A thread for the inference, beside the executor."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread
from typing import Generic, TypeVar

Item = TypeVar('Item')


class NewestFirstWorker(Generic[Item]):
    """Works on one item at a time; of those that arrive meanwhile only the newest is kept.

    Attributes:
        received: Items that arrived.
        dropped: Items that were replaced by newer ones before their turn.
    """

    def __init__(self, work: Callable[[Item], None], failed: Callable[[Exception], None]) -> None:
        """Start the thread.

        Args:
            work: Called in the thread with each item.
            failed: Called in the thread with what `work` raised; the thread lives on.
        """
        self.received = 0
        self.dropped = 0
        self._work, self._failed = work, failed
        self._waiting: Item | None = None
        self._stopping = False
        self._changed = Condition()
        self._thread = Thread(target=self._run, name='inference', daemon=True)
        self._thread.start()

    def submit(self, item: Item) -> None:
        """Hand over an item; returns at once."""
        with self._changed:
            self.received += 1
            self.dropped += self._waiting is not None
            self._waiting = item
            self._changed.notify()

    def stop(self) -> None:
        """Finish the item in hand, forget the one that waits, and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while (item := self._next()) is not None:
            try:
                self._work(item)
            except Exception as error:  # one bad image must not end all others
                self._failed(error)

    def _next(self) -> Item | None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._waiting is not None)
            item, self._waiting = self._waiting, None
            return None if self._stopping else item
