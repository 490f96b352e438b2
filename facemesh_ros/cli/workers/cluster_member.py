"""One worker of a Dask cluster, seen from the run."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facemesh_ros.cli.workers.cluster_tasks import Call
from facemesh_ros.cli.workers.messages import Lost
from facemesh_ros.cli.workers.source_work import SourceTask
from facemesh_ros.errors import FacemeshError

if TYPE_CHECKING:
    from distributed import Client, Future

# The answer is there already, on its way.
_ANSWER_S = 30.0


class LackingPackageError(FacemeshError):
    """A worker lacks a Python package, perhaps this one."""


@dataclass(eq=False)
class ClusterMember:
    """A worker of the cluster, which does one thing at a time.

    Attributes:
        address: Where it is.
        host: Its machine.
        threads: How many cores it has.
        tasks: What it works on.
        is_ready: Whether its models are loaded.
        is_left_out: Whether it is of no use.
        failed_starts: How often in a row its process ended before it was ready.
    """

    address: str
    host: str
    threads: int
    tasks: tuple[SourceTask, ...] = ()
    is_ready: bool = False
    is_left_out: bool = False
    failed_starts: int = 0
    _future: Future[Any] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it can take sources."""
        return self.is_ready and self._future is None and not self.is_left_out

    def ask(
        self, client: Client, tell: Callable[[Future[Any]], object], call: Call,
        tasks: Sequence[SourceTask] = (),
    ) -> None:  # fmt: skip
        """Let it call a function; `tell` is given the future when that is answered."""
        self.tasks = tuple(tasks)
        self._future = client.submit(
            pickle.loads,
            call.pickled,
            workers=[self.address],
            allow_other_workers=False,
            pure=False,
        )
        self._future.add_done_callback(tell)

    def waits_for(self, future: Future[Any]) -> bool:
        """Tell whether a future is that of what it was asked last."""
        return self._future is future

    def answer(self) -> Any:
        """Return what it has answered.

        Raises:
            LackingPackageError: If it lacks a package.
            Exception: Whatever else went wrong there, or on the way.
        """
        future, self._future = self._future, None
        assert future is not None
        try:
            return future.result(timeout=_ANSWER_S)
        except ImportError as error:
            what = 'the Python package ' * (error.name != 'facemesh_ros') + str(error.name)
            raise LackingPackageError(f'it lacks {what}: install facemesh there too') from error

    def lost(self, reason: str) -> Lost:
        """Return that what it worked on is not done.

        On which of several sources it was is not known.
        """
        tasks, self.tasks, self.is_ready = self.tasks, (), False
        return Lost(tasks, tasks[0].index if len(tasks) == 1 else None, reason)

    def cancel(self) -> None:
        """Want no answer any more."""
        future, self._future = self._future, None
        if future is not None:
            with suppress(Exception):  # of a cluster that is gone
                future.cancel()
