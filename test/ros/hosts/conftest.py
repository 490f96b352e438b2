"""Two hosts with a wire between them: a camera on one, the node and a consumer on the other."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest
from network_hosts import NetworkHost, NotAllowedError
from poor_wire import GOOD, PoorWire

HERE = Path(__file__).parent
# A lease of Fast DDS, after which it forgets a participant, lasts 20 s.
PATIENCE_S = 180.0
RATE_HZ = 10.0
SEVERAL = 3
ROBOT, SERVER, OTHER_ROBOT, OTHER_SERVER = (f'10.77.0.{number}' for number in (1, 2, 3, 4))
# Only these: a test must not depend on what the machine has on its network.
DISCOVERY = {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET', 'OMP_NUM_THREADS': '1'}


class Program:
    """A program on a host, ended by the end of its input; each line that it prints is JSON.

    Attributes:
        told: All lines so far.
    """

    def __init__(
        self, host: NetworkHost, log: Path, *command: str, environment: dict[str, str]
    ) -> None:
        self.told: list[Any] = []
        self._log = log.open('ab')
        self.process = subprocess.Popen(
            [*host.enter, sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, **DISCOVERY, **environment},
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with contextlib.suppress(json.JSONDecodeError):
                self.told.append(json.loads(line))

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text()

    def kill(self) -> None:
        """End it without a word to anybody, as when its host loses power."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for file in (self.process.stdin, self.process.stdout, self._log):
            with contextlib.suppress(BrokenPipeError):
                file.close()


class TwoHosts:
    """A node that a camera on another host feeds.

    Attributes:
        robot: The host of the camera.
        server: That of the node.
        wire: From the robot to the server.
        near: A consumer beside the node.
        far: One beside the camera.
        node: The node.
        camera: The camera, which tells the stamp of each image, ns.
    """

    def __init__(self, folder: Path, undo: ExitStack) -> None:
        self._folder, self._undo, self._logs = folder, undo, itertools.count()
        self.robot, self.server = (undo.enter_context(NetworkHost()) for _ in range(2))
        self.wire = undo.enter_context(PoorWire(self.robot, self.server))
        for host, address in ((self.robot, ROBOT), (self.server, SERVER)):
            host.set_address(address)
            host.turn_on()
        self.near, self.far = self.start_consumer(self.server), self.start_consumer(self.robot)
        self.start_node()
        self.start_camera()

    def start(self, host: NetworkHost, *command: str, **environment: str) -> Program:
        log = self._folder / f'log{next(self._logs)}'
        program = Program(host, log, *command, environment=environment)
        self._undo.callback(program.kill)
        return program

    def start_consumer(self, host: NetworkHost, **environment: str) -> Program:
        return self.start(host, str(HERE / 'consumer.py'), **environment)

    def start_node(self) -> None:
        settings = ('image_transport:=compressed', 'landmark_model:=mesh', 'max_faces:=1')
        arguments = [part for setting in settings for part in ('-p', setting)]
        module = ('-m', 'facemesh_ros.ros.node', '--ros-args')
        self.node = self.start(self.server, *module, *arguments)

    def start_camera(self, **environment: str) -> None:
        command = (str(HERE / 'camera.py'), str(self._folder), '/image_raw/compressed')
        self.camera = self.start(self.robot, *command, str(RATE_HZ), **environment)

    def frames(self, consumer: Program, since_ns: int) -> list[dict[str, Any]]:
        """The frames of /tf that a consumer has received since then."""
        return [
            one for one in consumer.told if 'frame_ns' in one and one['arrived_ns'] >= since_ns
        ]

    def answers(self, consumer: Program, since_ns: int = 0) -> list[dict[str, Any]]:
        """The landmarks that a consumer has received since then."""
        return [
            one for one in consumer.told if 'stamp_ns' in one and one['arrived_ns'] >= since_ns
        ]

    def messages(self, since_ns: int) -> list[str]:
        """What the node's diagnostics have said since then, as the consumer beside it heard it."""
        return [
            one['message']
            for one in self.near.told
            if 'message' in one and one['arrived_ns'] >= since_ns
        ]

    def wait_until(self, reached: Callable[[], Any], what: str) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not reached():
            assert self.node.process.poll() is None, self.node.log
            assert time.monotonic() < end_s, f'timeout: {what}; {self.node.log[-3000:]}'
            time.sleep(0.05)

    def wait_for_faces(self, *consumers: Program) -> None:
        """Wait until each consumer, or both, have several results of images taken from now on."""
        taken_ns = time.time_ns()

        def new_at(consumer: Program) -> int:
            answers = self.answers(consumer, taken_ns)
            return sum(one['stamp_ns'] >= taken_ns and bool(one['ids']) for one in answers)

        for consumer in consumers or (self.near, self.far):
            new = partial(new_at, consumer)
            self.wait_until(lambda new=new: new() >= SEVERAL, 'results of new images')


@pytest.fixture(scope='module')
def faces_folder(tmp_path_factory, astronaut_bgr) -> Path:
    """JPEG files of a face that moves, of several packets of Ethernet each."""
    folder = tmp_path_factory.mktemp('hosts')
    head = np.ascontiguousarray(astronaut_bgr[10:250, 60:380])
    for number in range(10):
        shifted = np.roll(head, 4 * min(number, 10 - number), axis=1)
        cv2.imwrite(str(folder / f'{number}.jpg'), shifted, [cv2.IMWRITE_JPEG_QUALITY, 50])
    return folder


@pytest.fixture(scope='module')
def two_hosts(ros, require, model_store, faces_folder) -> Iterator[TwoHosts]:
    with ExitStack() as undo:
        try:
            made = TwoHosts(faces_folder, undo)
        except NotAllowedError as error:
            if os.geteuid() != 0:
                pytest.skip(f'root may make network namespaces, this user not: {error}')
            require(False, f'the right to make network namespaces: {error}')
        yield made


@pytest.fixture
def hosts(two_hosts) -> TwoHosts:
    """Both, with a good wire, and results of new images everywhere."""
    two_hosts.wire.set(GOOD)
    two_hosts.wait_for_faces()
    return two_hosts


@pytest.fixture
def other_camera(hosts) -> Iterator[Callable[..., None]]:
    """Start the camera again with other variables; the usual one comes back in the end."""

    def restart(**environment: str) -> None:
        hosts.camera.kill()
        hosts.start_camera(**environment)

    yield restart
    restart()
