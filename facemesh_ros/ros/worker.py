"""A thread for the inference, beside the executor."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

from facemesh_ros.ros.inbox import Inbox
from facemesh_ros.ros.turns import Turns

Item = TypeVar('Item')


class NewestFirstWorker(Generic[Item]):
    """Works on one item at a time: when its turn comes, on the newest there is."""

    def __init__(
        self,
        inbox: Inbox[Item],
        work: Callable[[Item], None],
        failed: Callable[[Exception], None],
        turns: Turns,
    ) -> None:
        """Start the thread.

        Args:
            inbox: Where items are.
            work: Called in the thread with each item.
            failed: Called in the thread with what `work` raised; the thread lives on.
            turns: When it may work, beside others.
        """
        self._inbox, self._work, self._failed = inbox, work, failed
        self._turns, self._seat = turns, turns.seat(inbox.newest_s)
        self._thread = Thread(target=self._run, name='inference', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the item in hand, forget the one that waits, and end the thread."""
        self._inbox.end()
        self._thread.join()

    def _run(self) -> None:
        while self._inbox.wait():
            with self._seat:
                self._try()

    def _try(self) -> None:
        try:
            item = self._inbox.take()
            if item is not None:
                self._work(item)
        except Exception as error:  # one bad image must not end all others
            self._failed(error)
        finally:
            self._inbox.finish(crowded=self._turns.waiting > 0)
