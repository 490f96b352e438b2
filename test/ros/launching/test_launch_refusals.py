"""Invalid launch arguments are refused in one line, before anything is started."""

from __future__ import annotations

import shutil

import pytest

PATIENCE_S = 60.0


@pytest.mark.parametrize(
    ('arguments', 'text'),
    [
        (['share:=0/2'], 'share:=0/2: it must be such as 2/3'),
        (['share:=3/2'], 'share:=3/2: it must be such as 2/3'),
        (['share:=2'], 'share:=2: it must be such as 2/3'),
        (['share:=a/b'], 'share:=a/b: it must be such as 2/3'),
        (['share:=3/3'], 'share:=3/3: there is no camera left'),
        (['cameras:=front'], 'cameras:=front: it must be a list of names, such as [front, rear]'),
        (['cameras:=[front'], 'cameras:=[front: it cannot be read as YAML'),
        (['image_topic:=/cam/image_raw'], 'image_topic:=/cam/image_raw: with cameras it is'),
        (['camera_info_topic:=/info'], 'camera_info_topic:=/info: with cameras it is'),
        (['depth_topic:=/depth'], 'depth_topic:=/depth: with cameras it is'),
        (['params_file:=/nowhere.yaml'], 'params_file:=/nowhere.yaml: No such file'),
        (['use_sim_time:=perhaps'], 'use_sim_time:=perhaps: it must be true or false'),
        (['max_faces:=100'], 'max_faces:=100: max_faces must be at most 64; got 100'),
        (['max_faces:=two'], 'max_faces:=two: it must be a whole number'),
        (['autostart:=perhaps'], 'autostart:=perhaps: it must be true or false'),
        (['respawn_delay:=soon'], 'respawn_delay:=soon: it must be a number of seconds'),
    ],
)
def test_an_invalid_argument_is_refused(start_launch, arguments, text):
    launch = start_launch('cameras:=[front, rear]', *arguments)
    assert launch.process.wait(PATIENCE_S) != 0
    (error,) = [line for line in launch.log.splitlines() if 'ERROR' in line]
    assert text in error
    assert 'process started' not in launch.log


@pytest.mark.parametrize(
    ('argument', 'choice'),
    [('landmark_model:=v3', "'v2'"), ('execution_provider:=gpu', "'cuda'")],
)
def test_a_value_that_is_no_choice_is_refused_with_the_choices(start_launch, argument, choice):
    launch = start_launch(argument)
    assert launch.process.wait(PATIENCE_S) != 0
    assert choice in launch.log
    assert 'process started' not in launch.log


def test_without_rviz_nothing_is_started(start_launch):
    if shutil.which('rviz2'):
        pytest.skip('rviz2 is installed')
    launch = start_launch('rviz:=true')
    assert launch.process.wait(PATIENCE_S) != 0
    assert 'rviz:=true: the package rviz2 is not installed' in launch.log
    assert 'process started' not in launch.log
