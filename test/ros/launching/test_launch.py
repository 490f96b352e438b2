"""Real launches of the launch file."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from rcl_interfaces.srv import GetParameters
from sensor_msgs.msg import CameraInfo, Image

LAUNCH = Path(__file__).parents[3] / 'launch' / 'facemesh.launch.py'
ARGUMENTS = {
    'namespace',
    'node_name',
    'cameras',
    'share',
    'image_topic',
    'camera_info_topic',
    'depth_topic',
    'image_transport',
    'params_file',
    'rviz',
    'use_sim_time',
    'autostart',
    'respawn',
    'respawn_delay',
    'log_level',
}


def test_launch_file_has_the_documented_arguments(ros2):
    shown = subprocess.run(
        [ros2, 'launch', str(LAUNCH), '--show-args'], capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r"^ +'(\w+)':$", shown, re.M)) == ARGUMENTS


def test_launch_remaps_and_ends_cleanly(start_launch, client, face_msg, answers_on):
    answers = answers_on('/robot/facemesh/landmarks')
    camera = client.create_publisher(Image, '/cam/color/image_raw', 1)
    launch = start_launch('namespace:=robot', 'image_topic:=/cam/color/image_raw')
    client.wait_until(lambda: camera.publish(face_msg()) or answers, 'landmarks')
    assert launch.end() == 0
    assert answers[0].faces
    assert 'process has finished cleanly' in launch.log


def test_cameras_are_distributed_to_servers(start_launch, client, face_msg, answers_on):
    others = [
        client.create_publisher(Image, f'/robot{number}/front/image_raw', 1) for number in (1, 3)
    ]
    camera = client.create_publisher(Image, '/robot2/front/image_raw', 1)
    answers = answers_on('/server2/robot2/front/landmarks')
    cameras = 'cameras:=[robot1/front, robot2/front, robot3/front]'
    launch = start_launch(cameras, 'share:=2/2', 'node_name:=server2')
    client.wait_until(lambda: camera.publish(face_msg()) or answers, 'landmarks')
    assert [publisher.get_subscription_count() for publisher in others] == [0, 0]
    assert launch.end() == 0
    assert answers[0].faces


@pytest.mark.parametrize('from_file', [False, True])
def test_with_cameras_topics_are_relative_to_each(
    start_launch, client, face_msg, answers_on, tmp_path, from_file
):
    params = tmp_path / 'params.yaml'
    params.write_text('/robot/facemesh: {ros__parameters: {cameras: [front, rear]}}')
    camera = client.create_publisher(Image, '/robot/rear/color/image_raw', 1)
    info = client.create_publisher(CameraInfo, '/robot/rear/color/info', 1)
    depth = client.create_publisher(Image, '/robot/rear/depth_to_color/image_raw', 1)
    answers = answers_on('/robot/facemesh/rear/landmarks')
    launch = start_launch(
        f'params_file:={params}' if from_file else 'cameras:=[front, rear]',
        'namespace:=robot',
        'image_topic:=color/image_raw',
        'camera_info_topic:=color/info',
        'depth_topic:=depth_to_color/image_raw',
    )
    client.wait_until(lambda: camera.publish(face_msg()) or answers, 'landmarks')
    assert answers[0].faces
    assert [topic.get_subscription_count() for topic in (info, depth)] == [1, 1]
    assert launch.end() == 0


PARENT = """
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import SetParameter

def generate_launch_description():
    ours = IncludeLaunchDescription(PythonLaunchDescriptionSource('LAUNCH'))
    return LaunchDescription([SetParameter('use_sim_time', True), ours])
"""


@pytest.mark.parametrize(
    ('source', 'expected'),
    [('file', True), ('parent', True), ('argument', False), ('default', False)],
)
def test_use_sim_time_comes_from_file_parent_or_argument(
    start_launch, client, tmp_path, source, expected
):
    params, parent = tmp_path / 'params.yaml', tmp_path / 'parent.launch.py'
    params.write_text('/**: {ros__parameters: {use_sim_time: true}}')
    parent.write_text(PARENT.replace('LAUNCH', str(LAUNCH)))
    launch = {
        'file': lambda: start_launch(f'params_file:={params}'),
        'parent': lambda: start_launch(file=parent),
        'argument': lambda: start_launch(f'params_file:={params}', 'use_sim_time:=false'),
        'default': lambda: start_launch(),
    }[source]()
    asked = GetParameters.Request(names=['use_sim_time'])
    answer = client.call(GetParameters, 'facemesh/get_parameters', asked)
    assert [value.bool_value for value in answer.values] == [expected]
    assert launch.end() == 0


def test_a_killed_node_is_restarted(start_launch, client):
    launch = start_launch('respawn:=true', 'respawn_delay:=0.1')
    started = r'facemesh-1\]: process started with pid \[(\d+)\]'
    client.wait_until(lambda: re.search(started, launch.log), 'the node')
    os.kill(int(re.findall(started, launch.log)[0]), signal.SIGKILL)
    client.wait_until(lambda: len(re.findall(started, launch.log)) == 2, 'another one')
    assert launch.end() == 0
