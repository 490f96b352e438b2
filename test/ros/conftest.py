"""Real node processes over real DDS, and a client that talks to them."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.msg import Parameter, ParameterValue, SetParametersResult
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSProfile,
    qos_profile_sensor_data,
)
from ros_domain import own_domain
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from facemesh_ros.catalog.model_entry import Kind
from facemesh_ros.catalog.models import names_of
from facemesh_ros.errors import FacemeshError
from facemesh_ros.inference.cache_folder import FOLDER_VARIABLE
from facemesh_ros.inference.runtime_choice import forget_choices, quickest_runtime
from facemesh_ros.models.store import ModelStore
from facemesh_ros.msg import FaceMeshArray, FaceMeshInfo
from facemesh_ros.ros.input.image_conversion import msg_from_bgr
from facemesh_ros.ros.process.dds_profile import use_large_image_profile, use_localhost_discovery

PATIENCE_S = 30.0
FRAME_ID = 'test_optical_frame'
LATCHED = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
# Each client's: a node that several ask within a second keeps the camera_info of each stamp.
_stamps_ns = itertools.count(123456789)


@pytest.fixture(scope='session', autouse=True)
def ros() -> Iterator[None]:
    """A DDS domain of this test run's own on this machine alone, with room for large images."""
    os.environ['ROS_DOMAIN_ID'] = str(own_domain())
    use_localhost_discovery()
    use_large_image_profile()
    rclpy.init()
    yield
    rclpy.shutdown()


@pytest.fixture(scope='session', autouse=True)
def chosen_runtimes() -> None:
    """Remember OpenVINO as slow, so that ONNX Runtime runs the models on every machine.

    Nor is the first start of a node to take longer than others, for which no test waits.
    """
    store = ModelStore()
    for name in names_of(Kind.LANDMARKS):
        with contextlib.suppress(FacemeshError):
            quickest_runtime(store, name)
    path = Path(os.environ[FOLDER_VARIABLE], 'runtimes.json')
    if path.exists():
        path.write_text(re.sub(r'("openvino": )[\d.]+', r'\g<1>1000.0', path.read_text()))
    forget_choices()


CLOCK_SOURCE = Path(__file__).parents[1] / 'support' / 'preloaded_clock.c'


@pytest.fixture(scope='module')
def preloaded(require, tmp_path_factory) -> dict[str, str]:
    """The environment of a process whose system clock is off by what a file says."""
    require(shutil.which('cc'), 'a C compiler')
    folder = tmp_path_factory.mktemp('clock')
    library = folder / 'clock.so'
    subprocess.run(['cc', '-shared', '-fPIC', '-O1', '-o', library, CLOCK_SOURCE], check=True)
    return {'LD_PRELOAD': str(library), 'CLOCK_OFFSET': str(folder / 'offset')}


# Longer than any answer takes: a transition may load models.
ASKED_AGAIN_S = PATIENCE_S / 2
FACEMESH = (sys.executable, '-m', 'facemesh_ros.ros.node')


class NodeProcess:
    """A real node, `facemesh` or another one of ours; what it logs goes to a file."""

    def __init__(
        self,
        log: Path,
        *parameters: str,
        command: Sequence[str] = FACEMESH,
        environment: dict[str, str] | None = None,
        inherit: bool = True,
        ros_arguments: Sequence[str] = (),
    ):
        self._log = log
        arguments = [part for parameter in parameters for part in ('-p', parameter)]
        with log.open('wb') as file:
            self.process = subprocess.Popen(
                [*command, '--ros-args', *arguments, *ros_arguments],
                stdout=file,
                stderr=file,
                env={**(os.environ if inherit else {}), **(environment or {})},
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@contextlib.contextmanager
def ending_processes(new_folder: Callable[[], Path]) -> Iterator[Callable[..., NodeProcess]]:
    """Start nodes that are gone in the end, each with its log in a folder of its own."""
    started: list[NodeProcess] = []

    def start(*parameters: str, **options: Any) -> NodeProcess:
        started.append(NodeProcess(new_folder() / 'log', *parameters, **options))
        return started[-1]

    yield start
    for node in started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            node.stop()
        node.process.kill()


class Client(Node):
    """Sends images of one camera and records what the node publishes."""

    def __init__(self, camera: str = '') -> None:
        super().__init__('client_' + camera.replace('/', '_'))
        inputs = f'{camera}/' if camera else ''
        self.answers: list[FaceMeshArray] = []
        self.infos: list[FaceMeshInfo] = []
        self.figures: dict[str, str] = {}
        self.status: DiagnosticStatus | None = None
        self.statuses: dict[str, DiagnosticStatus] = {}
        self._stamp_s, self._stamp_ns = int(time.time()), next(_stamps_ns)
        self._images = self.create_publisher(Image, f'{inputs}image_raw', 1)
        self._compressed = self.create_publisher(
            CompressedImage, f'{inputs}image_raw/compressed', 1
        )
        self.camera_infos = self.create_publisher(CameraInfo, f'{inputs}camera_info', 1)
        self.create_subscription(
            FaceMeshArray,
            f'facemesh/{inputs}landmarks',
            self.answers.append,
            qos_profile_sensor_data,
        )
        self.create_subscription(
            FaceMeshInfo, f'facemesh/{inputs}info', self.infos.append, LATCHED
        )
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        self.statuses = {status.hardware_id: status for status in msg.status}
        self.status = msg.status[0]
        self.figures = {item.key: item.value for item in self.status.values}

    def header(self) -> Header:
        """A stamp that no image had before."""
        self._stamp_s += 1
        header = Header(frame_id=FRAME_ID)
        header.stamp.sec, header.stamp.nanosec = self._stamp_s, self._stamp_ns
        return header

    def send(self, msg: Image | CompressedImage) -> None:
        (self._images if isinstance(msg, Image) else self._compressed).publish(msg)

    def wait_until(self, reached: Callable[[], Any], what: str) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < end_s, f'timeout: {what}'
            rclpy.spin_once(self, timeout_sec=0.02)

    def spin_for(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            rclpy.spin_once(self, timeout_sec=0.02)

    def answer_to(self, msg: Image | CompressedImage) -> FaceMeshArray:
        """Send an image until it is answered: best effort may lose the first ones."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            self.send(msg)
            self.spin_for(0.1)
            for answer in self.answers:
                if answer.header == msg.header:
                    return answer
        raise AssertionError('the image was never answered')

    def status_after(
        self, msg: Image | CompressedImage, text: str, level: bytes = DiagnosticStatus.ERROR
    ) -> DiagnosticStatus:
        """Send an image until the node's diagnostics contain `text` at this level."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            self.send(msg)
            self.spin_for(0.2)
            if self.status and text in self.status.message and self.status.level == level:
                return self.status
        raise AssertionError(f'the diagnostics never contained {text!r}, but {self.status}')

    def set_parameter(self, name: str, **value: Any) -> SetParametersResult:
        """Set a parameter of the node, by its typed value: double_value=0.5."""
        types = {'string_value': 4, 'double_value': 3, 'integer_value': 2, 'bool_value': 1}
        (kind,) = value
        parameter = Parameter(name=name, value=ParameterValue(type=types[kind], **value))
        request = SetParameters.Request(parameters=[parameter])
        return self.call(SetParameters, 'facemesh/set_parameters', request).results[0]

    def call(self, kind: type, name: str, request: Any) -> Any:
        """Call a service; DDS may lose a first request while the answer's way is being found."""
        client = self.create_client(kind, name)
        assert client.wait_for_service(PATIENCE_S), f'no service {name}'
        futures = [client.call_async(request)]
        asked_s = time.monotonic()

        def answered() -> bool:
            nonlocal asked_s
            if time.monotonic() - asked_s > ASKED_AGAIN_S:
                futures.append(client.call_async(request))
                asked_s = time.monotonic()
            return any(future.done() for future in futures)

        self.wait_until(answered, f'the answer of {name}')
        self.destroy_client(client)
        return next(future.result() for future in futures if future.done())


@pytest.fixture
def client(ros: None) -> Iterator[Client]:
    node = Client()
    yield node
    node.destroy_node()


@pytest.fixture(scope='module')
def start_node(
    ros: None, model_store: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., NodeProcess]]:
    """Start nodes that are gone at the end of the module."""
    with ending_processes(lambda: tmp_path_factory.mktemp('node')) as start:
        yield start


@pytest.fixture(scope='session')
def astronaut_bgr(require_package: Callable[[str], Any]) -> np.ndarray:
    rgb = require_package('skimage.data').astronaut()
    return np.ascontiguousarray(rgb[..., ::-1])


@pytest.fixture
def face_msg(client: Client, astronaut_bgr: np.ndarray) -> Callable[[], Image]:
    """Make image messages of the astronaut, each with a stamp of its own."""
    return lambda: msg_from_bgr(astronaut_bgr, client.header())
