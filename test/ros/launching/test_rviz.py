"""RViz shows the topics of the node, whatever the names of the node and its cameras."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from facemesh_ros.ros.demo.camera_node import FRAME_ID

LAUNCH = Path(__file__).parents[3] / 'launch' / 'facemesh.launch.py'
RVIZ = Path(__file__).parents[3] / 'config' / 'facemesh.rviz'


def prefix_with_rviz2(folder: Path) -> Path:
    """An installed package rviz2 whose program records its arguments, by its namespace."""
    program = folder / 'lib' / 'rviz2' / 'rviz2'
    program.parent.mkdir(parents=True)
    program.write_text(f'''#!/bin/sh
namespace=$(echo "$*" | sed 's/.*__ns:=\\([^ ]*\\).*/\\1/' | tr / _)
echo "$@" > "{folder}/arguments$namespace"
cp "$2" "{folder}/shown$namespace"
''')
    program.chmod(0o755)
    index = folder / 'share' / 'ament_index' / 'resource_index' / 'packages' / 'rviz2'
    index.parent.mkdir(parents=True)
    index.touch()
    return folder


def test_rviz_is_started_for_the_topics_of_the_node(start_launch, client, tmp_path):
    prefix = prefix_with_rviz2(tmp_path / 'prefix')
    path = f'{prefix}{os.pathsep}{os.environ["AMENT_PREFIX_PATH"]}'
    launch = start_launch(
        'rviz:=true',
        'namespace:=robot',
        'node_name:=eyes',
        'cameras:=[front, left/rear]',
        'image_topic:=color/image_raw',
        'use_sim_time:=true',
        AMENT_PREFIX_PATH=path,
    )
    client.wait_until(lambda: 'rviz2-2]: process has finished' in launch.log, 'rviz2')
    assert launch.end() == 0
    assert shown_by((prefix / 'shown_robot').read_text()) == {
        'front: Camera image': 'front/image_raw',
        'left/rear: Camera image': 'left/rear/image_raw',
        'front: Face meshes': 'eyes/front/markers',
        'left/rear: Face meshes': 'eyes/left/rear/markers',
        'front: Landmarks': 'eyes/front/points',
        'left/rear: Landmarks': 'eyes/left/rear/points',
    }
    arguments = (prefix / 'arguments_robot').read_text()
    assert '-r __ns:=/robot' in arguments
    assert '-r front/image_raw:=front/color/image_raw' in arguments


PARENT = """
from launch import LaunchDescription
from launch.actions import GroupAction, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import PushRosNamespace

def side(name):
    ours = IncludeLaunchDescription(
        PythonLaunchDescriptionSource('LAUNCH'),
        launch_arguments={'rviz': 'true', 'namespace': 'head', 'autostart': 'false'}.items(),
    )
    return GroupAction([PushRosNamespace(name), ours])

def generate_launch_description():
    return LaunchDescription([side('left'), side('right')])
"""


def test_rviz_follows_the_namespaces_of_groups(start_launch, client, tmp_path):
    prefix = prefix_with_rviz2(tmp_path / 'prefix')
    parent = tmp_path / 'parent.launch.py'
    parent.write_text(PARENT.replace('LAUNCH', str(LAUNCH)))
    path = f'{prefix}{os.pathsep}{os.environ["AMENT_PREFIX_PATH"]}'
    launch = start_launch(file=parent, AMENT_PREFIX_PATH=path)
    shown = [prefix / f'shown_{side}_head' for side in ('left', 'right')]
    client.wait_until(lambda: all(file.exists() for file in shown), 'both rviz2')
    assert launch.end() == 0
    assert [shown_by(file.read_text()) for file in shown] == [shown_by(RVIZ.read_text())] * 2
    used = [
        (prefix / f'arguments_{side}_head').read_text().split()[1] for side in ('left', 'right')
    ]
    assert len(set(used)) == 2


def shown_by(config: str) -> dict[str, str]:
    """Return the topics of the enabled displays."""
    manager = yaml.safe_load(config)['Visualization Manager']
    return {
        display['Name']: display['Topic']['Value']
        for display in manager['Displays']
        if 'Topic' in display and display['Enabled']
    }


def test_rviz_shows_what_the_node_publishes():
    assert shown_by(RVIZ.read_text()) == {
        'Camera image': 'image_raw',
        'Face meshes': 'facemesh/markers',
        'Landmarks': 'facemesh/points',
    }
    manager = yaml.safe_load(RVIZ.read_text())['Visualization Manager']
    assert any(display['Class'].endswith('/TF') for display in manager['Displays'])
    assert manager['Global Options']['Fixed Frame'] == FRAME_ID
