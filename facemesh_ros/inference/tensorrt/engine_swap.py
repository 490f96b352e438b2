"""Networks that take minutes to open take over from those that serve meanwhile."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

from facemesh_ros.inference.gpu_recovery import ignore_change
from facemesh_ros.inference.session import ModelSession

PERIOD_S = 10.0
# A builder ends at once; a session that opens, or a lock that another process holds, does not.
END_S = 5.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Successor:
    """One network that is to come.

    Attributes:
        serving: The network that runs until then, and goes on if nothing comes.
        open: Returns the one that takes over, proven by a run; takes minutes, or raises. The event
            is set when nobody waits for it any more.
    """

    serving: ModelSession
    open: Callable[[Event], ModelSession]


class Handover:
    """Opens successors in a thread, one after another, and says how it goes.

    Attributes:
        opening: Name of the model that is being opened; empty if none is.
    """

    def __init__(
        self,
        successors: Sequence[Successor],
        what: str,
        changed: Callable[[], None] | None = None,
        period_s: float = PERIOD_S,
    ) -> None:
        """Prepare; nothing happens before `start`.

        Args:
            successors: In the order in which they are opened.
            what: What is being made, for people, e.g. TensorRT engine.
            changed: Called in the thread when one has taken over, or did not come.
            period_s: Time between two messages of progress, s.
        """
        self.opening = ''
        self._successors, self._what = list(successors), what
        self._changed = changed or ignore_change
        self._period_s = period_s
        self._stopping = Event()
        self._thread: Thread | None = None

    def start(self, changed: Callable[[], None] | None = None) -> None:
        """Begin, if there is anything to open; `changed` replaces the constructor's."""
        self._changed = changed or self._changed
        if self._successors:
            self._thread = Thread(target=self._run, name='handover', daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Hand nothing over any more, and end what is being built."""
        self._stopping.set()
        self.wait(END_S)
        self._changed = ignore_change

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until all is done and return whether it is."""
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        for number, successor in enumerate(self._successors, 1):
            if self._stopping.is_set():
                break
            try:
                self._open(successor, f'{number} of {len(self._successors)}')
            except Exception:  # who is told of it may fail; the next one comes all the same
                _LOG.exception('the %s of %s', self._what, successor.serving.name)
        self._successors.clear()  # they hold sessions
        self.opening = ''

    def _open(self, successor: Successor, count: str) -> None:
        serving = successor.serving
        self.opening = serving.name
        subject = f'{self._what} of {serving.name} ({count})'
        _LOG.info(
            'building the %s, which takes minutes the first time; %s serves meanwhile',
            subject,
            serving.provider,
        )
        start_s = time.monotonic()
        try:
            with self._progress(subject, start_s):
                opened = successor.open(self._stopping)
        except Exception as error:  # ONNX Runtime's have no common base
            if self._stopping.is_set():
                return
            _LOG.error(
                'the %s could not be built: %s; %s goes on', subject, error, serving.provider
            )
        else:
            if self._stopping.is_set():
                return
            serving.replace_session(opened)
            _LOG.info(
                'the %s is built after %.1f s; %s runs it from now on',
                subject,
                time.monotonic() - start_s,
                serving.provider,
            )
        if not self._stopping.is_set():
            self._changed()

    @contextmanager
    def _progress(self, subject: str, start_s: float) -> Iterator[None]:
        """Say how long it has taken, now and then while it lasts."""
        done = Event()
        teller = Thread(target=self._tell, args=(subject, start_s, done), daemon=True)
        teller.start()
        try:
            yield
        finally:
            done.set()
            teller.join()

    def _tell(self, subject: str, start_s: float, done: Event) -> None:
        while not done.wait(self._period_s) and not self._stopping.is_set():
            _LOG.info('still building the %s: %.0f s so far', subject, time.monotonic() - start_s)
