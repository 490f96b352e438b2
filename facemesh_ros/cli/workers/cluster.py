"""The workers of a Dask cluster."""

from __future__ import annotations

import pickle
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from facemesh_ros.cli.run_setup import RunSetup
from facemesh_ros.cli.workers.cluster_address import ClusterError, connected_client
from facemesh_ros.cli.workers.cluster_tasks import (
    Call,
    Identity,
    RunOnWorker,
    begin,
    close,
    identity,
    work,
)
from facemesh_ros.cli.workers.messages import Lost, Message, Progress, Ready, Refused
from facemesh_ros.cli.workers.source_work import SourceTask, UsedModels
from facemesh_ros.errors import in_one_line

if TYPE_CHECKING:
    from distributed import Client, Future

_LOOK_PERIOD_S = 1.0
_ANSWER_S = 30.0
# A cluster may begin without workers, and lose its scheduler for a moment.
_PATIENCE_S = 600.0
_TELL_AFTER_S = 3.0
_MAX_FAILED_STARTS = 3


@dataclass
class _Member:
    """A worker of the cluster.

    Attributes:
        address, host: Where it is.
        threads: How many cores it has.
        future: What it was asked; None while it waits.
        tasks: What it works on.
        is_ready: Whether its models are loaded.
        is_left_out: Whether it is of no use.
        failed_starts: How often in a row its process ended before it was ready.
    """

    address: str
    host: str
    threads: int
    future: Future[Any] | None = None
    tasks: tuple[SourceTask, ...] = ()
    is_ready: bool = False
    is_left_out: bool = False
    failed_starts: int = 0


class ClusterWorkers:
    """Workers of a Dask cluster, each with one portion of sources at a time; `Workers`.

    Each source is bound to a worker by us: Dask counts a lost worker against all tasks that it
    had, also those that it had not begun, and would give up files for others' faults.
    """

    name = 'workers'

    def __init__(
        self, address: str, setup: RunSetup, witnesses: Sequence[tuple[Path, int]]
    ) -> None:
        """Take where the scheduler is, and what workers have to see; see `RunOnWorker`."""
        self._address, self._setup, self._witnesses = address, setup, witnesses
        self._run = f'facemesh-{uuid.uuid4().hex}'
        self._members: dict[str, _Member] = {}
        self._arrived: SimpleQueue[Progress | tuple[_Member, Future[Any]]] = SimpleQueue()
        self._models: UsedModels | None = None
        self._next_look_s, self._alone_since_s, self._is_told = 0.0, time.monotonic(), False

    def __enter__(self) -> ClusterWorkers:
        self._client: Client = connected_client(self._address)
        self._here = identity()
        self._client.subscribe_topic(
            self._run, lambda event: self._arrived.put(Progress(*event[1]))
        )
        self._look_around()
        return self

    @property
    def size(self) -> int:
        """How many there are now."""
        return max(1, len(self._members))

    def idle(self) -> Sequence[str]:
        """See `Workers.idle`."""
        return [
            name
            for name, member in self._members.items()
            if member.is_ready and member.future is None and not member.is_left_out
        ]

    def start(self, worker: str, tasks: Sequence[SourceTask]) -> None:
        """See `Workers.start`."""
        member = self._members[worker]
        member.tasks = tuple(tasks)
        self._ask(member, work, self._run, member.tasks, self._run)

    def messages(self, timeout_s: float) -> Sequence[Message]:
        """See `Workers.messages`."""
        found = self._look_around()
        with suppress(Empty):
            arrived = self._arrived.get(timeout=timeout_s) if timeout_s else None
            while True:
                if isinstance(arrived, Progress):
                    found.append(arrived)
                elif arrived is not None and arrived[0].future is arrived[1]:
                    found += self._answer(arrived[0])
                arrived = self._arrived.get_nowait()
        return found

    def _look_around(self) -> list[Message]:
        """Take who has come and who is gone."""
        now_s = time.monotonic()
        if now_s < self._next_look_s:
            return []
        self._next_look_s = now_s + _LOOK_PERIOD_S
        there: dict[str, Any] = self._client.scheduler_info(n_workers=-1)['workers']
        gone = [self._members.pop(name) for name in self._members.keys() - there.keys()]
        found: list[Message] = [self._loss_of(member) for member in gone]
        for name in there.keys() - self._members.keys():
            member = _Member(name, there[name]['host'], there[name]['nthreads'])
            self._members[name] = member
            self._ask(member, identity)
        return found + self._complaint(now_s)

    def _complaint(self, now_s: float) -> list[Message]:
        """Say once that nobody is there; raises ClusterError if that lasts."""
        if self._client.status == 'running' and self._members:
            self._alone_since_s, self._is_told = now_s, False
            return []
        away_s = now_s - self._alone_since_s
        is_lost = self._client.status != 'running'
        what = (
            f'the scheduler at {self._address} has gone away'
            if is_lost
            else f'no worker is at {self._address}: `dask worker {self._address}` starts some'
        )
        if self._client.status == 'closed' or away_s > _PATIENCE_S:
            raise ClusterError(f'{what}; --resume goes on with what is done')
        if self._is_told or away_s < _TELL_AFTER_S:
            return []
        self._is_told = True
        return [Lost((), None, f'{what}; waiting')]

    def _loss_of(self, member: _Member) -> Lost:
        if member.future is not None:
            member.future.cancel()
        culprit = member.tasks[0].index if len(member.tasks) == 1 else None
        return Lost(member.tasks, culprit, f'worker {member.address} is gone')

    def _ask(self, member: _Member, what: Callable[..., Any], *arguments: Any) -> None:
        call = Call(what, *arguments).pickled
        future = self._client.submit(
            pickle.loads, call, workers=[member.address], allow_other_workers=False, pure=False
        )
        member.future = future
        future.add_done_callback(lambda done: self._arrived.put((member, done)))

    def _answer(self, member: _Member) -> list[Message]:
        future, tasks = member.future, member.tasks
        assert future is not None
        member.future, member.tasks = None, ()
        try:
            answer = future.result(timeout=_ANSWER_S)
        except ImportError as error:
            lacks = 'the Python package ' * (error.name != 'facemesh_ros') + str(error.name)
            return self._left_out(member, f'it lacks {lacks}: install facemesh there too')
        except Exception as error:  # of a scheduler or worker that is about to go
            member.is_ready = False
            return [Lost(tasks, None, self._failed_start(member, in_one_line(error)))]
        if isinstance(answer, Identity):
            return self._met(member, answer)
        if tasks:
            return self._worked(member, answer)
        return self._begun(member, answer[-1])

    def _met(self, member: _Member, theirs: Identity) -> list[Message]:
        if difference := theirs.difference_from(self._here):
            return self._left_out(member, difference)
        self._begin(member)
        return []

    def _begin(self, member: _Member) -> None:
        same = sorted(name for name, other in self._members.items() if other.host == member.host)
        number = same.index(member.address)
        told = RunOnWorker(
            self._run, self._setup, self._witnesses, number, len(same), member.threads
        )
        self._ask(member, begin, told)

    def _begun(self, member: _Member, answer: Message) -> list[Message]:
        if isinstance(answer, Refused):
            return self._left_out(member, answer.reason)
        if isinstance(answer, Lost):
            return [answer._replace(reason=self._failed_start(member, answer.reason))]
        assert isinstance(answer, Ready)
        self._models = self._models or answer.models
        if answer.models[:2] != self._models[:2]:
            return self._left_out(
                member,
                f'its models are {answer.models.names}, those of others {self._models.names}: '
                '`facemesh models fetch` there, or name one by --model',
            )
        member.is_ready, member.failed_starts = True, 0
        return []

    def _worked(self, member: _Member, answers: list[Message]) -> list[Message]:
        if isinstance(answers[-1], Lost):
            member.is_ready = False
            self._begin(member)
        return answers

    def _failed_start(self, member: _Member, reason: str) -> str:
        member.failed_starts += 1
        if member.failed_starts < _MAX_FAILED_STARTS:
            self._ask(member, identity)
            return f'worker {member.address}: {reason}'
        return self._leave_out(member, reason)

    def _left_out(self, member: _Member, reason: str) -> list[Message]:
        return [Lost((), None, self._leave_out(member, reason))]

    def _leave_out(self, member: _Member, reason: str) -> str:
        """Go on without a worker, and say so; raises ClusterError if it was the last one."""
        member.is_left_out, member.is_ready = True, False
        said = f'worker {member.address} ({member.host}) is of no use: {reason}'
        if all(other.is_left_out for other in self._members.values()):
            raise ClusterError(said)
        return said

    def __exit__(self, *_: object) -> None:
        for member in self._members.values():
            if member.future is not None:
                member.future.cancel()
        with suppress(Exception):  # of workers that are gone
            if begun := [name for name, it in self._members.items() if not it.is_left_out]:
                call = Call(close, self._run).pickled
                self._client.run(pickle.loads, call, workers=begun, on_error='ignore')
        self._client.close()
