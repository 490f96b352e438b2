"""RViz shows the topics of the node, whatever the names of the node and its cameras."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from facemesh_ros.ros.demo.camera_node import FRAME_ID

RVIZ = Path(__file__).parents[3] / 'config' / 'facemesh.rviz'


def prefix_with_rviz2(folder: Path) -> Path:
    """An installed package rviz2 whose program records its arguments."""
    program = folder / 'lib' / 'rviz2' / 'rviz2'
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\necho "$@" > "{folder}/arguments"\ncp "$2" "{folder}/shown"\n')
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
    assert shown_by((prefix / 'shown').read_text()) == {
        'front: Camera image': 'front/image_raw',
        'left/rear: Camera image': 'left/rear/image_raw',
        'front: Face meshes': 'eyes/front/markers',
        'left/rear: Face meshes': 'eyes/left/rear/markers',
        'front: Landmarks': 'eyes/front/points',
        'left/rear: Landmarks': 'eyes/left/rear/points',
    }
    arguments = (prefix / 'arguments').read_text()
    assert '-r __ns:=/robot' in arguments
    assert '-r front/image_raw:=front/color/image_raw' in arguments


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
