"""The launch file as a part of others: in groups, twice, beside files with the same arguments."""

from __future__ import annotations

from pathlib import Path

LAUNCH = Path(__file__).parents[3] / 'launch' / 'facemesh.launch.py'
HEAD = """
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription, LogInfo
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import PushRosNamespace

def included(path, **arguments):
    source = PythonLaunchDescriptionSource(path)
    return IncludeLaunchDescription(source, launch_arguments=arguments.items())
"""
TWICE = """
def generate_launch_description():
    left = included('LAUNCH', max_faces='3', params_file='PARAMS', autostart='false',
                    image_topic='color/image_raw')
    right = included('LAUNCH', autostart='false')
    return LaunchDescription([
        GroupAction([PushRosNamespace('robot'), PushRosNamespace('left'), left]),
        GroupAction([PushRosNamespace('robot'), PushRosNamespace('right'), right]),
    ])
"""
BESIDE = """
def generate_launch_description():
    return LaunchDescription([
        included('LAUNCH', autostart='false'),
        included('OTHER'),
        LogInfo(msg=['of the parent: ', LaunchConfiguration('rviz', default='nothing')]),
    ])
"""
OTHER = """
def generate_launch_description():
    return LaunchDescription([
        DeclareLaunchArgument('params_file', default_value='others.yaml'),
        DeclareLaunchArgument('node_name', default_value='other'),
        LogInfo(msg=['beside it: ', LaunchConfiguration('params_file'), ' ',
                     LaunchConfiguration('node_name')]),
    ])
"""


def written(folder: Path, name: str, text: str, **paths: object) -> Path:
    for word, path in {'LAUNCH': LAUNCH, **paths}.items():
        text = text.replace(word, str(path))
    path = folder / name
    path.write_text(HEAD + text)
    return path


def test_twice_in_groups_with_namespaces(start_launch, values_of, tmp_path):
    params = tmp_path / 'params.yaml'
    params.write_text(
        '{/robot/left/facemesh: {ros__parameters: {max_coast_frames: 9, cameras: [wrist]}}, '
        '/robot/right/facemesh: {ros__parameters: {max_coast_frames: 8}}}'
    )
    parent = written(tmp_path, 'parent.launch.py', TWICE, PARAMS=params)
    launch = start_launch(file=parent)
    names = ('max_faces', 'max_coast_frames', 'cameras')
    assert values_of('/robot/left/facemesh', *names) == [3, 9, ['wrist']]
    assert values_of('/robot/right/facemesh', *names) == [16, 5, []]
    # The cameras are those of the file for this node, so the topics of each are remapped.
    (left,) = [command for command in launch.commands if '__ns:=/robot/left' in command]
    (right,) = [command for command in launch.commands if '__ns:=/robot/right' in command]
    assert '-r wrist/image_raw:=wrist/color/image_raw' in left
    assert 'color/image_raw' not in right
    assert launch.end() == 0


def test_its_defaults_are_not_those_of_what_is_launched_after_it(
    start_launch, values_of, tmp_path
):
    other = written(tmp_path, 'other.launch.py', OTHER)
    parent = written(tmp_path, 'parent.launch.py', BESIDE, OTHER=other)
    launch = start_launch(file=parent)
    assert values_of('facemesh', 'autostart') == [False]
    assert launch.end() == 0
    assert 'beside it: others.yaml other' in launch.log
    assert 'of the parent: nothing' in launch.log
