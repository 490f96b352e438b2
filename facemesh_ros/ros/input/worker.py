"""The inference thread of one camera, beside the executor."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import Generic, TypeVar

from facemesh_ros.ros.input.fair_scheduler import FairScheduler, Slot
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue
from facemesh_ros.ros.input.progress import Phase, Progress

Item = TypeVar('Item')
# An error around the processing, not in it, may come again at once.
RETRY_PERIOD_S = 0.1
_LOG = logging.getLogger(__name__)


class NewestFirstWorker(Generic[Item]):
    """Processes one item at a time: when its turn comes, the newest in the queue."""

    def __init__(
        self,
        queue: NewestImageQueue[Item],
        process: Callable[[Item], None],
        on_error: Callable[[Exception], None],
        scheduler: FairScheduler,
        prepare: Callable[[], None] = lambda: None,
        progress: Progress | None = None,
    ) -> None:
        """Start the thread.

        Args:
            queue: Where items come from.
            process: Called in the thread with each item.
            on_error: Called in the thread with an exception of `process`, or one around it; the
                thread goes on, whatever either of them raises.
            scheduler: Gives turns to the workers of all cameras.
            prepare: Called in the thread before the first item.
            progress: Where the thread says what it does, for a watchdog.
        """
        self._queue, self._process, self._on_error = queue, process, on_error
        self._slot = Slot(scheduler, queue.newest_s)
        self._prepare, self._stopped = prepare, Event()
        self._progress = progress or Progress()
        self._thread = Thread(target=self._run, name='inference', daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Finish the item in progress, drop the one that waits, and end the thread."""
        self._stopped.set()
        self._queue.close()
        self._thread.join()

    def _run(self) -> None:
        progress = self._progress
        progress.phase = Phase.PREPARING
        with suppress(Exception):  # the first item meets it too, and then it is reported
            self._prepare()
        while True:
            progress.phase = Phase.IDLE
            try:
                if not self._queue.wait():
                    return
                progress.turn += 1
                progress.phase = Phase.QUEUED
                with self._slot:
                    self._process_newest()
            except Exception as error:
                try:
                    self._on_error(error)
                except Exception:
                    _LOG.exception('an error of the inference thread cannot be reported')
                self._stopped.wait(RETRY_PERIOD_S)

    def _process_newest(self) -> None:
        item = self._queue.take()
        if item is None:
            return
        self._progress.phase = Phase.PROCESSING
        try:
            self._process(item)
        except Exception as error:  # one bad image must not end all others
            self._progress.phase = Phase.RECOVERING
            self._on_error(error)
