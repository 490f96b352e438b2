"""A GPU that was lost in flight: models are opened anew, less and less often if in vain."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock

from facemesh_ros.errors import FacemeshError
from facemesh_ros.inference.session import GpuLostError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
_LOG = logging.getLogger(__name__)


def ignore_change() -> None:
    """Take no notice of a change."""


class GpuRecovery:
    """Opens models anew when a GPU does not run them any more.

    Attributes:
        changed: Called after that, in the thread that asked, as something else may run them now.
    """

    def __init__(
        self, reopen: Callable[[], None], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Wait for the first loss.

        Args:
            reopen: Opens all models anew; raises whatever keeps it from that.
            now_s: The time, s.
        """
        self.changed: Callable[[], None] = ignore_change
        self._reopen, self._now_s = reopen, now_s
        self._pause_s = FIRST_PAUSE_S
        self._next_s = -float('inf')
        self._lock = Lock()

    def after(self, error: Exception) -> None:
        """Do what is right after an error: nothing, unless it says that the GPU was lost.

        Called by every thread that runs models; only one of them opens them, and the others go on.
        """
        if not isinstance(error, GpuLostError) or not self._lock.acquire(blocking=False):
            return
        try:
            if self._now_s() >= self._next_s:
                self._try()
        finally:
            self._lock.release()

    def _try(self) -> None:
        start_s = self._now_s()
        # Lost again right after it came back is lost: then, too, the pauses grow.
        recovered_long_ago = start_s - self._next_s > LONGEST_PAUSE_S
        self._pause_s = FIRST_PAUSE_S if recovered_long_ago else self._pause_s
        _LOG.error('the GPU was lost; opening the models anew')
        try:
            self._reopen()
            _LOG.warning('the models are open again')
        except Exception as error:  # whatever it is, the next try may find it mended
            # What a user can mend is told in a sentence, a fault of ours with its trace.
            _LOG.error(
                'the models do not open: %s; next try in %.0f s',
                error,
                self._pause_s,
                exc_info=not isinstance(error, FacemeshError),
            )
        self._next_s = self._now_s() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self.changed()
