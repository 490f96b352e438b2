"""Real launches of the launch file, and of others that include it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
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

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


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
