"""Real launches of the launch file, and of others that include it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from rcl_interfaces.srv import GetParameters
from rclpy.parameter import parameter_value_to_python
from rclpy.qos import qos_profile_sensor_data

from facemesh_ros.msg import FaceMeshArray

PATIENCE_S = 60.0
LAUNCH = Path(__file__).parents[3] / 'launch' / 'facemesh.launch.py'


@pytest.fixture
def ros2() -> str:
    return shutil.which('ros2') or pytest.skip('ros2 comes with a ROS installation')


class Launch:
    """A launch of the package's file, or of another one, that is ended as by Ctrl-C."""

    def __init__(
        self, ros2: str, folder: Path, *arguments: str, file: Path = LAUNCH, **variables: str
    ):
        self._log = folder / 'launch.log'
        with self._log.open('wb') as log:
            self.process = subprocess.Popen(
                [ros2, 'launch', str(file), *arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, 'ROS_LOG_DIR': str(folder), **variables},
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def commands(self) -> list[str]:
        """The command lines of what it has started and runs."""
        started = re.findall(r'process started with pid \[(\d+)\]', self.log)
        return [
            Path(f'/proc/{number}/cmdline').read_text().replace('\0', ' ') for number in started
        ]

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def arguments_of(ros2):
    """Return the text of each argument of a launch file."""

    def shown(file):
        command = [ros2, 'launch', str(file), '--show-args']
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return dict(re.findall(r"^ +'(\w+)':\n +(.*)$", text, re.M))

    return shown


@pytest.fixture
def values_of(client):
    """Return parameters of a node by its name and theirs."""

    def values(node, *names):
        asked = GetParameters.Request(names=names)
        answer = client.call(GetParameters, f'{node}/get_parameters', asked)
        return [parameter_value_to_python(value) for value in answer.values]

    return values


@pytest.fixture
def start_launch(ros2, tmp_path, model_store):
    started = []

    def start(*arguments, **how):
        started.append(Launch(ros2, tmp_path, *arguments, **how))
        return started[-1]

    yield start
    for launch in started:
        launch.end()


@pytest.fixture
def answers_on(client):
    """Collect the landmarks of a topic."""

    def collect(topic):
        answers = []
        client.create_subscription(FaceMeshArray, topic, answers.append, qos_profile_sensor_data)
        return answers

    return collect
