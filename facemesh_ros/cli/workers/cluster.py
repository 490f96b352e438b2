"""The workers of a Dask cluster."""

from __future__ import annotations

import pickle
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from facemesh_ros.cli.run_setup import RunSetup
from facemesh_ros.cli.workers.cluster_address import ClusterError, connected_client
from facemesh_ros.cli.workers.cluster_identity import Identity, identity
from facemesh_ros.cli.workers.cluster_member import ClusterMember, LackingPackageError
from facemesh_ros.cli.workers.cluster_tasks import (
    Call,
    RunOnWorker,
    begin,
    close,
    work,
)
from facemesh_ros.cli.workers.messages import Lost, Message, Progress, Ready, Refused
from facemesh_ros.cli.workers.source_work import SourceTask, UsedModels
from facemesh_ros.errors import in_one_line

if TYPE_CHECKING:
    from distributed import Client, Future

_LOOK_PERIOD_S = 1.0
# A cluster may begin without workers, and lose all for a while.
_PATIENCE_S = 600.0
_TELL_AFTER_S = 3.0
_MAX_FAILED_STARTS = 3


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
        self._members: dict[str, ClusterMember] = {}
        self._arrived: SimpleQueue[Progress | tuple[ClusterMember, Future[Any]]] = SimpleQueue()
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
        return [name for name, member in self._members.items() if member.is_idle]

    def start(self, worker: str, tasks: Sequence[SourceTask]) -> None:
        """See `Workers.start`."""
        call = Call(work, self._run, tuple(tasks), self._run)
        self._ask(self._members[worker], call, tasks)

    def messages(self, timeout_s: float) -> Sequence[Message]:
        """See `Workers.messages`."""
        found = self._look_around()
        with suppress(Empty):
            arrived = self._arrived.get(timeout=timeout_s) if timeout_s else None
            while True:
                if isinstance(arrived, Progress):
                    found.append(arrived)
                elif arrived is not None and arrived[0].waits_for(arrived[1]):
                    found += self._answer(arrived[0])
                arrived = self._arrived.get_nowait()
        return found

    def _look_around(self) -> list[Message]:
        """Take who has come and who is gone; raises ClusterError if the scheduler is."""
        now_s = time.monotonic()
        if now_s < self._next_look_s:
            return []
        self._next_look_s = now_s + _LOOK_PERIOD_S
        there: dict[str, Any] = self._client.scheduler_info(n_workers=-1).get('workers', {})
        self._require_scheduler()
        found: list[Message] = []
        for name in self._members.keys() - there.keys():
            member = self._members.pop(name)
            member.cancel()
            found.append(member.lost(f'worker {name} is gone'))
        for name in there.keys() - self._members.keys():
            member = ClusterMember(name, there[name]['host'], there[name]['nthreads'])
            self._members[name] = member
            self._ask(member, Call(identity))
        return found + self._complaint(now_s)

    def _require_scheduler(self) -> None:
        if self._client.status != 'running':
            raise ClusterError(
                f'the scheduler at {self._address} has gone away: with another one, --resume goes '
                'on with what is done'
            )

    def _complaint(self, now_s: float) -> list[Message]:
        """Say once that nobody is there; raises ClusterError if that lasts."""
        if self._members:
            self._alone_since_s, self._is_told = now_s, False
            return []
        alone_s = now_s - self._alone_since_s
        what = f'no worker is at {self._address}: `dask worker {self._address}` starts one'
        if alone_s > _PATIENCE_S:
            raise ClusterError(f'{what}; --resume goes on with what is done')
        if self._is_told or alone_s < _TELL_AFTER_S:
            return []
        self._is_told = True
        return [Lost((), None, f'{what}; waiting')]

    def _ask(self, member: ClusterMember, call: Call, tasks: Sequence[SourceTask] = ()) -> None:
        member.ask(self._client, lambda done: self._arrived.put((member, done)), call, tasks)

    def _answer(self, member: ClusterMember) -> list[Message]:
        try:
            answer = member.answer()
        except LackingPackageError as error:
            return self._left_out(member, str(error))
        except Exception as error:  # of a worker that is about to go
            self._require_scheduler()
            lost = member.lost('')
            return [lost._replace(reason=self._failed_start(member, in_one_line(error)))]
        if isinstance(answer, Identity):
            return self._met(member, answer)
        if member.tasks:
            return self._worked(member, answer)
        return self._begun(member, answer[-1])

    def _met(self, member: ClusterMember, theirs: Identity) -> list[Message]:
        if difference := theirs.difference_from(self._here):
            return self._left_out(member, difference)
        self._begin(member)
        return []

    def _begin(self, member: ClusterMember) -> None:
        same = sorted(name for name, other in self._members.items() if other.host == member.host)
        number = same.index(member.address)
        told = RunOnWorker(
            self._run, self._setup, self._witnesses, number, len(same), member.threads
        )
        self._ask(member, Call(begin, told))

    def _begun(self, member: ClusterMember, answer: Message) -> list[Message]:
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

    def _worked(self, member: ClusterMember, answers: list[Message]) -> list[Message]:
        if isinstance(answers[-1], Lost):
            member.is_ready = False
            self._begin(member)
        return answers

    def _failed_start(self, member: ClusterMember, reason: str) -> str:
        member.failed_starts += 1
        if member.failed_starts < _MAX_FAILED_STARTS:
            self._ask(member, Call(identity))
            return f'worker {member.address}: {reason}'
        return self._leave_out(member, reason)

    def _left_out(self, member: ClusterMember, reason: str) -> list[Message]:
        return [Lost((), None, self._leave_out(member, reason))]

    def _leave_out(self, member: ClusterMember, reason: str) -> str:
        """Go on without a worker, and say so; raises ClusterError if it was the last one."""
        member.is_left_out, member.is_ready = True, False
        said = f'worker {member.address} ({member.host}) is of no use: {reason}'
        if all(other.is_left_out for other in self._members.values()):
            raise ClusterError(said)
        return said

    def __exit__(self, *_: object) -> None:
        for member in self._members.values():
            member.cancel()
        with suppress(Exception):  # of workers that are gone
            if begun := [name for name, it in self._members.items() if not it.is_left_out]:
                call = Call(close, self._run).pickled
                self._client.run(pickle.loads, call, workers=begun, on_error='ignore')
        self._client.close()
