"""The examples as processes of their own, in Python and in C++, and what they say."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from consumer_messages import face_info
from geometry_msgs.msg import PoseStamped

from facemesh_ros.msg import FaceMesh, FaceMeshArray, FaceMeshInfo
from test.ros.conftest import LATCHED, Client

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
MEND = ROOT / 'tools' / 'wheels' / 'mend.cmake'
PATIENCE_S = 60.0
NO_RESULTS = 'no results: is the node active, and does the camera send images?'


class Example:
    """A running example and the lines that it has said."""

    def __init__(self, command: list[str], namespace: str, parameters: tuple[str, ...]) -> None:
        given = [part for parameter in parameters for part in ('-p', parameter)]
        self.process = subprocess.Popen(
            [*command, '--ros-args', '-r', f'__ns:={namespace}', *given],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(line.rstrip('\n'))

    def says(self, text: str) -> bool:
        """Return whether a line that it has said contains a text."""
        return any(text in line for line in self.lines)

    def end(self) -> int:
        """Press Ctrl-C and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        status = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return status


@pytest.fixture(scope='session')
def cpp_command(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """Build the examples in C++, and return what starts one."""
    if not (shutil.which('cmake') and shutil.which(os.environ.get('CXX', 'c++'))):
        pytest.skip('needs cmake and a C++ compiler')
    folder = tmp_path_factory.mktemp('examples')
    comes_as_wheels = importlib.util.find_spec('ros_wheels_bootstrapper') is not None
    with_wheels = ['-GNinja', f'-DCMAKE_PROJECT_INCLUDE={MEND}', '-DAS_LIBRARIES=ON']
    chosen = with_wheels if comes_as_wheels else []
    # And the program of docs/consumers.md.
    page = (ROOT / 'docs' / 'consumers.md').read_text(encoding='utf-8')
    (program,) = re.findall(r'```cpp\n(.*?)```', page, re.S)
    (folder / 'mouths.cpp').write_text(program)
    subprocess.run(
        ['cmake', '-S', HERE / 'cpp', '-B', folder, f'-DMORE={folder}/mouths.cpp', *chosen],
        check=True,
    )
    subprocess.run(['cmake', '--build', folder], check=True)

    def command(name: str) -> list[str]:
        if comes_as_wheels:
            return [sys.executable, str(HERE / 'call_main.py'), str(folder / f'lib{name}.so')]
        return [str(folder / name)]

    return command


@pytest.fixture(params=['python', 'cpp'])
def start_example(request: pytest.FixtureRequest, ros: None) -> Iterator[Callable[..., Example]]:
    """Start examples of one language that are gone at the end of the test."""
    started: list[Example] = []
    command = request.getfixturevalue('cpp_command') if request.param == 'cpp' else None

    def start(name: str, *parameters: str, namespace: str = '/') -> Example:
        program = command(name) if command else [sys.executable, f'{ROOT}/examples/{name}.py']
        started.append(Example(program, namespace, parameters))
        return started[-1]

    yield start
    statuses = [example.end() for example in started]
    for example in started:
        print(*example.lines, sep='\n')
        assert 'Traceback' not in '\n'.join(example.lines)
    assert set(statuses) <= {0}


class Room:
    """Publishes faces as the node would, now or as of another time."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._faces = client.create_publisher(FaceMeshArray, 'facemesh/landmarks', 5)
        self._info = client.create_publisher(FaceMeshInfo, 'facemesh/info', LATCHED)
        self._info.publish(face_info())
        self.mouths: list[PoseStamped] = []
        client.create_subscription(PoseStamped, 'mouth', self.mouths.append, 5)

    def show(self, faces: list[FaceMesh], *, age_s: float = 0.0) -> None:
        stamp_ns = self.client.get_clock().now().nanoseconds - int(age_s * 1e9)
        msg = FaceMeshArray(faces=faces)
        msg.header.frame_id = 'camera'
        msg.header.stamp.sec, msg.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
        self._faces.publish(msg)
        self.client.spin_for(0.05)

    def show_until(
        self, example: Example, text: str, faces: list[FaceMesh], *, age_s: float = 0.0
    ) -> None:
        """Show faces until the example's last line is a text."""

        def step() -> bool:
            self.show(faces, age_s=age_s)
            return bool(example.lines) and example.lines[-1] == text

        self.client.wait_until(step, f'{text!r}; it said {example.lines}')


@pytest.fixture
def room(client: Client) -> Room:
    return Room(client)
