"""One cycle of a soak: everything that happens to a node in weeks, in about 80 s."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

from common.command import MeasurementError
from ros_graph.hosts import Host
from ros_graph.processes import Processes, RosProcess
from soak_measurements.client import PATIENCE_S, Client
from soak_measurements.node_process import NodeProcess
from soak_measurements.scenes import ENCODERS

STEADY_S, FACES_S, VIEWED_S, AWAY_S = 15.0, 10.0, 8.0, 2.0
# After a camera's return the node takes sequence numbers for those of two cameras.
RETURNED_S = 11.0
# What is in use after the models were released is less for a while, and between two releases all
# cycles have to be alike for a slow growth to be seen.
RELEASED_EVERY, RELEASED_FIRST = 10, 1
SIZES = ((320, 240), (1920, 1080), (64, 48), (1280, 720), (640, 480), (3840, 2160), (480, 640))
SIZE_S = 1.5
REFUSED = ('32FC1', 'nonsense')
MARK_S = 5.0
STEADY: dict[str, Any] = {'rate': 15}


class Cycle:
    """Does one phase after the other; after each, every image sent must be accounted for."""

    def __init__(
        self, client: Client, node: NodeProcess, processes: Processes, host: Host, pace: float
    ) -> None:
        """Start the camera; `pace` below 1 shortens everything."""
        self._pace, self._node = pace, node
        self._client, self._processes, self._host = client, processes, host
        self._camera = self._started('camera')
        self._encodings = tuple(ENCODERS)

    def run(self) -> None:
        """Do all phases once; raises MeasurementError if the node does not do as it should."""
        for phase in (
            self._steady, self._faces, self._sizes, self._refused, self._viewed,
            self._parameters, self._services, self._lifecycle, self._camera_returns,
        ):  # fmt: skip
            self._client.phase = phase.__name__.strip('_')
            phase()

    def _steady(self) -> None:
        """One face at VGA: what is compared from cycle to cycle."""
        with self._accounted():
            self._show(STEADY_S, **STEADY)
        self._node.count()  # nothing is under way
        if not self._client.wait(PATIENCE_S, lambda: isfinite(self._node.in_use()[0])):
            raise MeasurementError(f'the node counted nothing in {PATIENCE_S:g} s')
        self._client.record('counts', *self._node.in_use())

    def _faces(self) -> None:
        """Faces that come and go: tracks, ids and filters begin and end."""
        with self._accounted():
            self._show(
                FACES_S, size=(1280, 720), faces=4, coming_and_going=True, rate=15,
                depth=self._client.cycle % 2 == 0, encoding=self._encoding(0),
            )  # fmt: skip

    def _sizes(self) -> None:
        """Another size and encoding every moment."""
        with self._accounted():
            for number, size in enumerate(SIZES):
                self._show(SIZE_S, size=size, encoding=self._encoding(number), rate=10)

    def _refused(self) -> None:
        """Images that no one can read, between good ones."""
        with self._accounted():
            for encoding in REFUSED:
                self._show(1.0, encoding=encoding, rate=10)
                self._show(1.0, **STEADY)

    def _viewed(self) -> None:
        """A viewer joins, sees every topic, and leaves as programs do, or is killed."""
        with self._accounted():
            self._ask(show=STEADY)
            viewer = self._started('viewer')
            expected = int(viewer.line())
            for _ in range(expected):
                self._line(viewer)
            self._wait(VIEWED_S)
            self._end(viewer)

    def _parameters(self) -> None:
        """Live changes, and one that is refused."""
        client = self._client
        with self._accounted():
            self._ask(show={**STEADY, 'faces': 2, 'depth': True})
            for filter_type in ('none', 'one_euro', 'rigid'):
                client.set_parameters(filter__type=filter_type)
                self._wait(0.5)
            for mode in ('none', 'canonical', 'depth', 'auto'):
                client.set_parameters(metric_mode=mode)
                self._wait(0.5)
            client.set_parameters(detector_rotations='all', max_coast_frames=0)
            self._wait(1.0)
            client.set_parameters(detector_rotations='upright', max_coast_frames=5)
            client.set_parameters(taken=False, min_presence_confidence=2.0)

    def _services(self) -> None:
        client = self._client
        self._ask(show=STEADY)
        for enabled in (False, True):
            client.enable(enabled)
            self._wait(0.5)
        client.reset()
        self._wait(0.5)
        self._ask(pause=True)

    def _lifecycle(self) -> None:
        """Every tenth time the models are released and loaded again."""
        client = self._client
        self._ask(show=STEADY)
        client.change('deactivate')
        if client.cycle % RELEASED_EVERY == RELEASED_FIRST:
            client.change('cleanup')
            self._wait(0.5)
            client.change('configure')
        client.change('activate')
        self._wait(1.0)
        self._ask(pause=True)

    def _camera_returns(self) -> None:
        """The camera ends, or is killed while it publishes, and comes back."""
        self._ask(show=STEADY)
        self._wait(0.5)
        self._end(self._camera)
        self._wait(AWAY_S)
        self._camera = self._started('camera')
        self._mark()
        self._show(RETURNED_S, **STEADY)

    @contextmanager
    def _accounted(self) -> Iterator[None]:
        """Record what became of the images between two that nothing else is under way with."""
        sent, answered, counts = self._mark()
        yield
        now_sent, now_answered, now = self._mark()
        passed = (after - before for after, before in zip(now, counts, strict=True))
        self._client.record('balances', now_sent - sent, now_answered - answered, *passed)

    def _mark(self) -> tuple[int, int, tuple[int, ...]]:
        """Send single images until one is answered; return images sent, answered and counts."""
        client = self._client
        self._ask(show=STEADY)  # what the single image shows
        self._ask(pause=True)
        for _ in range(int(PATIENCE_S / MARK_S)):
            one = self._ask(one=True)
            if client.wait(MARK_S, lambda sent_ns=one['stamp_ns']: client.stamp_ns == sent_ns):
                return one['sent'], client.answered, client.counts
        raise MeasurementError(f'no image was answered in {PATIENCE_S:g} s')

    def _show(self, seconds: float, **shown: Any) -> None:
        self._ask(show=shown)
        self._wait(seconds)
        self._ask(pause=True)

    def _wait(self, seconds: float) -> None:
        self._client.wait(self._pace * seconds)

    def _ask(self, **command: Any) -> dict[str, int]:
        self._camera.ask(json.dumps(command))
        return dict(json.loads(self._line(self._camera)))

    def _line(self, process: RosProcess) -> str:
        """Wait for a line of a process, and go on listening meanwhile."""
        lines: list[str] = []

        def came() -> bool:
            try:
                lines.append(process.line(timeout_s=0.0))
            except TimeoutError:
                return False
            return True

        if not self._client.wait(PATIENCE_S, came):
            raise MeasurementError(f'{process.name} said nothing in {PATIENCE_S:g} s')
        return lines[0]

    def _encoding(self, ahead: int) -> str:
        return self._encodings[(self._client.cycle + ahead) % len(self._encodings)]

    def _started(self, program: str) -> RosProcess:
        return self._processes.start('-m', f'soak_measurements.{program}', host=self._host)

    def _end(self, process: RosProcess) -> None:
        """End a process as a user does, in every second cycle as the kernel does."""
        if self._client.cycle % 2:
            process.close()  # by SIGKILL
        self._processes.stop(process)
