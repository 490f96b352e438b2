"""Real launches of the launch file."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest
from failing_models import HANGS, failing_environment
from sensor_msgs.msg import CameraInfo, Image

from facemesh_ros.ros.input.image_conversion import msg_from_bgr
from facemesh_ros.ros.launch_arguments import PARAMETERS, SPECS

LAUNCH = Path(__file__).parents[3] / 'launch' / 'facemesh.launch.py'
OWN = {
    'namespace',
    'node_name',
    'cameras',
    'share',
    'image_topic',
    'camera_info_topic',
    'depth_topic',
    'params_file',
    'rviz',
    'hri',
    'use_sim_time',
    'respawn',
    'respawn_delay',
    'log_level',
}


def test_launch_file_has_the_documented_arguments(arguments_of):
    arguments = arguments_of(LAUNCH)
    assert arguments.keys() == OWN | set(PARAMETERS)
    assert all(text and 'no description' not in text for text in arguments.values())
    for name in PARAMETERS:
        for choice in SPECS[name][1].choices:
            assert repr(choice) in arguments[name]


def test_parameters_are_arguments_and_else_as_in_the_file(start_launch, values_of, tmp_path):
    params = tmp_path / 'params.yaml'
    params.write_text(
        '/**: {ros__parameters: {max_faces: 5, metric_mode: iris, detector: short_range}}'
    )
    launch = start_launch(
        f'params_file:={params}',
        'max_faces:=3',
        'landmark_model:=mesh',
        'execution_provider:=cpu',
        'target_frame:=1',
        'autostart:=false',
    )
    names = ['max_faces', 'landmark_model', 'execution_provider', 'target_frame', 'metric_mode']
    assert values_of('facemesh', *names) == [3, 'mesh', 'cpu', '1', 'iris']
    assert values_of('facemesh', 'detector', 'autostart') == ['short_range', False]
    assert launch.end() == 0


def test_the_bridge_to_ros4hri_keeps_the_privacy_of_the_node(start_launch, values_of, tmp_path):
    pytest.importorskip('hri_msgs')
    params = tmp_path / 'params.yaml'
    params.write_text(
        'eyes: {ros__parameters: {privacy_mode: true, cameras: [left, right], autostart: false}}'
    )
    launch = start_launch(f'params_file:={params}', 'node_name:=eyes', 'hri:=true')
    names = ['facemesh_node', 'privacy_mode', 'cameras']
    assert values_of('hri_bridge', *names) == ['eyes', True, ['left', 'right']]
    assert launch.end() == 0
    assert 'unknown parameter' not in launch.log


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
    start_launch, values_of, tmp_path, source, expected
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
    assert values_of('facemesh', 'use_sim_time') == [expected]
    assert launch.end() == 0


def test_a_killed_node_is_restarted(start_launch, client):
    launch = start_launch('respawn:=true', 'respawn_delay:=0.1')
    started = r'facemesh-1\]: process started with pid \[(\d+)\]'
    client.wait_until(lambda: re.search(started, launch.log), 'the node')
    os.kill(int(re.findall(started, launch.log)[0]), signal.SIGKILL)
    client.wait_until(lambda: len(re.findall(started, launch.log)) == 2, 'another one')
    assert launch.end() == 0


def test_a_node_that_hangs_is_restarted(
    start_launch, client, face_msg, model_store, require_models, tmp_path
):
    require_models('short_range', 'mesh')
    parameters = ('respawn:=true', 'respawn_delay:=0.1', 'landmark_model:=mesh')
    launch = start_launch(*parameters, **failing_environment(model_store, tmp_path))
    assert client.answer_to(face_msg()).faces
    hangs = msg_from_bgr(np.full((256, 256, 3), HANGS, np.uint8), client.header())
    client.wait_until(lambda: client.send(hangs) or 'exit code 1' in launch.log, 'its end')
    assert "Thread 'inference'" in launch.log
    assert client.answer_to(face_msg()).faces
    assert launch.end() == 0
