"""The launch file and RViz's configuration: what they promise, and a real launch."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import yaml
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.ros.demo.camera import FRAME_ID

ROOT = Path(__file__).parents[2]
LAUNCH = ROOT / 'launch' / 'facemesh.launch.py'
RVIZ = ROOT / 'config' / 'facemesh.rviz'
PROMISED = {
    'namespace',
    'node_name',
    'cameras',
    'share',
    'image_topic',
    'camera_info_topic',
    'image_transport',
    'params_file',
    'rviz',
    'use_sim_time',
    'autostart',
    'log_level',
}


@pytest.fixture
def ros2() -> str:
    return shutil.which('ros2') or pytest.skip('ros2 comes with a ROS install')


def test_launch_file_takes_what_is_promised(ros2):
    shown = subprocess.run(
        [ros2, 'launch', str(LAUNCH), '--show-args'], capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r"^ +'(\w+)':$", shown, re.M)) == PROMISED


def test_launch_remaps_and_ends_cleanly(ros2, client, face_msg, tmp_path):
    answers = []
    client.create_subscription(
        FaceMeshArray, '/robot/facemesh/landmarks', answers.append, qos_profile_sensor_data
    )
    camera = client.create_publisher(Image, '/cam/color/image_raw', 1)
    command = [ros2, 'launch', 'facemesh_ros', 'facemesh.launch.py', 'namespace:=robot']
    with (
        (tmp_path / 'log').open('wb') as log,
        subprocess.Popen(
            [*command, 'image_topic:=/cam/color/image_raw'],
            stdout=log,
            stderr=log,
            env={**os.environ, 'ROS_LOG_DIR': str(tmp_path)},
        ) as launch,
    ):
        client.wait_until(lambda: camera.publish(face_msg()) or answers, 'landmarks')
        launch.send_signal(signal.SIGINT)
        assert launch.wait(30) == 0
    assert answers[0].faces
    assert 'process has finished cleanly' in (tmp_path / 'log').read_text()


def test_cameras_are_shared_out(ros2, client, face_msg, tmp_path):
    nobody = [
        client.create_publisher(Image, f'/robot{number}/front/image_raw', 1) for number in (1, 3)
    ]
    camera = client.create_publisher(Image, '/robot2/front/image_raw', 1)
    answers = []
    client.create_subscription(
        FaceMeshArray, '/server2/robot2/front/landmarks', answers.append, qos_profile_sensor_data
    )
    command = [ros2, 'launch', 'facemesh_ros', 'facemesh.launch.py']
    cameras = 'cameras:=[robot1/front, robot2/front, robot3/front]'
    with (
        (tmp_path / 'log').open('wb') as log,
        subprocess.Popen(
            [*command, cameras, 'share:=2/2', 'node_name:=server2'],
            stdout=log,
            stderr=log,
            env={**os.environ, 'ROS_LOG_DIR': str(tmp_path)},
        ) as launch,
    ):
        client.wait_until(lambda: camera.publish(face_msg()) or answers, 'landmarks')
        taken = [publisher.get_subscription_count() for publisher in nobody]
        launch.send_signal(signal.SIGINT)
        assert launch.wait(30) == 0
    assert answers[0].faces
    assert taken == [0, 0]


@pytest.mark.parametrize('share', ['0/2', '3/2', '2', 'a/b', '3/3'])
def test_a_share_that_is_none_is_refused(ros2, share):
    command = [ros2, 'launch', 'facemesh_ros', 'facemesh.launch.py', 'cameras:=[front, rear]']
    launched = subprocess.run([*command, f'share:={share}'], capture_output=True, text=True)
    assert launched.returncode != 0
    assert f'share:={share}' in launched.stdout + launched.stderr


def test_rviz_shows_what_the_node_publishes():
    manager = yaml.safe_load(RVIZ.read_text())['Visualization Manager']
    shown = {
        display['Class'].rpartition('/')[2]: display['Topic']['Value']
        for display in manager['Displays']
        if 'Topic' in display and display['Enabled']
    }
    assert shown == {
        'Image': 'image_raw',
        'MarkerArray': 'facemesh/markers',
        'PointCloud2': 'facemesh/points',
    }
    assert any(display['Class'].endswith('/TF') for display in manager['Displays'])
    assert manager['Global Options']['Fixed Frame'] == FRAME_ID
