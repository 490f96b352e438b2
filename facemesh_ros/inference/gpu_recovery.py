"""Recovery from a GPU that fails while it is in use: models are opened again, with backoff."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock

from facemesh_ros.errors import FacemeshError
from facemesh_ros.inference.session import GpuLostError

FIRST_BACKOFF_S, MAX_BACKOFF_S = 1.0, 60.0
_LOG = logging.getLogger(__name__)


class Backoff:
    """Exponential backoff: the pause before the next attempt doubles up to `MAX_BACKOFF_S`.

    Attributes:
        pause_s: The next pause, s.
    """

    def __init__(self, first_s: float, now_s: Callable[[], float] = time.monotonic) -> None:
        """Allow an attempt at once.

        Args:
            first_s: The first pause, s.
            now_s: The time, s.
        """
        self.pause_s = self._first_s = first_s
        self._now_s = now_s
        self._retry_at_s = -float('inf')

    @property
    def left_s(self) -> float:
        """Time until the next attempt, s; negative once it is due."""
        return self._retry_at_s - self._now_s()

    def start_pause(self) -> None:
        """Pause from now on, and twice as long the next time."""
        self._retry_at_s = self._now_s() + self.pause_s
        self.pause_s = min(2 * self.pause_s, MAX_BACKOFF_S)

    def reset(self) -> None:
        """Make the next pause the first one again."""
        self.pause_s = self._first_s


def ignore_change() -> None:
    """Do nothing."""


class GpuRecovery:
    """Opens all models again after the GPU has failed.

    Attributes:
        changed: Called after each attempt, in the thread of `after`: another provider may run the
            models now.
    """

    def __init__(
        self, reopen: Callable[[], None], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Do nothing until the first failure.

        Args:
            reopen: Opens all models again; raises whatever prevents it.
            now_s: The time, s.
        """
        self.changed: Callable[[], None] = ignore_change
        self._reopen, self._backoff = reopen, Backoff(FIRST_BACKOFF_S, now_s)
        self._lock = Lock()

    def after(self, error: Exception) -> None:
        """Reopen the models if an error says that the GPU has failed and no pause is on.

        Called by every thread that runs models; one of them reopens, the others return at once.
        """
        if not isinstance(error, GpuLostError) or not self._lock.acquire(blocking=False):
            return
        try:
            if self._backoff.left_s <= 0:
                self._try()
        finally:
            self._lock.release()

    def _try(self) -> None:
        # A failure soon after the last attempt counts as the same one, also if that succeeded.
        if self._backoff.left_s < -MAX_BACKOFF_S:
            self._backoff.reset()
        _LOG.error('the GPU failed; opening the models again')
        try:
            self._reopen()
            _LOG.warning('the models are open again')
        except Exception as error:  # whatever it is, it may be gone at the next attempt
            # What a user can repair is a sentence, an error of ours has its traceback.
            _LOG.error(
                'the models do not open: %s; next attempt in %.0f s',
                error,
                self._backoff.pause_s,
                exc_info=not isinstance(error, FacemeshError),
            )
        self._backoff.start_pause()
        self.changed()
