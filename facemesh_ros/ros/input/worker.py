"""A thread for the inference, beside the executor."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Generic, TypeVar

from facemesh_ros.ros.input.fair_scheduler import FairScheduler
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue

Item = TypeVar('Item')
# What goes wrong around the work, not in it, may go wrong again at once.
PAUSE_S = 0.1
_LOG = logging.getLogger(__name__)


class NewestFirstWorker(Generic[Item]):
    """Works on one item at a time: when its turn comes, on the newest there is."""

    def __init__(
        self,
        inbox: NewestImageQueue[Item],
        work: Callable[[Item], None],
        failed: Callable[[Exception], None],
        turns: FairScheduler,
    ) -> None:
        """Start the thread.

        Args:
            inbox: Where items are.
            work: Called in the thread with each item.
            failed: Called in the thread with what `work` raised, and with what went wrong around
                it; the thread lives on, whatever either of them raises.
            turns: When it may work, beside others.
        """
        self._inbox, self._work, self._failed = inbox, work, failed
        self._turns, self._seat = turns, turns.seat(inbox.newest_s)
        self._ended = Event()
        self._thread = Thread(target=self._run, name='inference', daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread still works."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Finish the item in hand, forget the one that waits, and end the thread."""
        self._ended.set()
        self._inbox.end()
        self._thread.join()

    def _run(self) -> None:
        while self._inbox.wait():
            try:
                with self._seat:
                    self._take_one()
            except Exception as error:
                self._tell(error)
                self._ended.wait(PAUSE_S)

    def _take_one(self) -> None:
        try:
            item = self._inbox.take()
            if item is not None:
                self._try(item)
        finally:
            self._inbox.finish(crowded=self._turns.waiting > 0)

    def _try(self, item: Item) -> None:
        try:
            self._work(item)
        except Exception as error:  # one bad image must not end all others
            self._failed(error)

    def _tell(self, error: Exception) -> None:
        try:
            self._failed(error)
        except Exception:
            _LOG.exception('what went wrong cannot be told')
