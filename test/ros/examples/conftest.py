"""The examples as processes of their own, in Python and in C++, and what they say."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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
    subprocess.run(['cmake', '-S', HERE / 'cpp', '-B', folder, *chosen], check=True)
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
