"""A thread for the inference, beside the executor."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Condition, Thread
from typing import Generic, TypeVar

from facemesh_ros.ros.turns import Turns

Item = TypeVar('Item')


class NewestFirstWorker(Generic[Item]):
    """Works on one item at a time; of those that arrive before its turn only the newest is kept.

    Attributes:
        received: Items that arrived.
        dropped: Items that were replaced by newer ones before their turn.
    """

    def __init__(
        self, work: Callable[[Item], None], failed: Callable[[Exception], None], turns: Turns
    ) -> None:
        """Start the thread.

        Args:
            work: Called in the thread with each item.
            failed: Called in the thread with what `work` raised; the thread lives on.
            turns: When it may work, beside others.
        """
        self.received = 0
        self.dropped = 0
        self._work, self._failed = work, failed
        self._seat = turns.seat(lambda: self._arrived_s)
        self._arrived_s = 0.0
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
            self._waiting, self._arrived_s = item, time.monotonic()
            self._changed.notify()

    def stop(self) -> None:
        """Finish the item in hand, forget the one that waits, and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while self._is_wanted():
            with self._seat:
                item = self._newest()
                if item is not None:
                    self._try(item)

    def _is_wanted(self) -> bool:
        """Wait for an item; False if there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._waiting is not None)
            return not self._stopping

    def _newest(self) -> Item | None:
        """Take the item, which may have been replaced while it waited for its turn."""
        with self._changed:
            item, self._waiting = self._waiting, None
            return None if self._stopping else item

    def _try(self, item: Item) -> None:
        try:
            self._work(item)
        except Exception as error:  # one bad image must not end all others
            self._failed(error)
