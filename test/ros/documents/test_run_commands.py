"""`ros2 run …` of the documents: what is ours is started with these arguments, and ended."""

from __future__ import annotations

import re
import sys

import pytest
from documents import ROOT, commands

from test.ros.documents.conftest import ros2_cases

# Executables of other packages that documents name. They come with a ROS installation only.
FOREIGN = {
    'camera_calibration cameracalibrator',
    'tf2_ros static_transform_publisher',
    'tf2_ros tf2_echo',
    'tf2_tools view_frames',
    'image_transport republish',
    'rmw_zenoh_cpp rmw_zenohd',
    'usb_cam usb_cam_node_exe',
    'v4l2_camera v4l2_camera_node',
    'rqt_image_view rqt_image_view',
    'rqt_reconfigure rqt_reconfigure',
}
# Ours that open something, and who tests them.
OPENS = {'view': 'a window or a page: test/ros/viewer'}
CASES = ros2_cases('run')
OURS = [case for case in CASES if case.values[0][0] == 'facemesh_ros']
OTHERS = [case for case in CASES if case not in OURS]
SCRIPTS = [
    pytest.param(part.words, id=command.where)
    for command in commands()
    for part in command.parts
    if part.program in ('python', 'python3') and part.words[1].startswith('examples/')
]


@pytest.mark.parametrize('words', OTHERS)
def test_an_executable_of_others_is_known(words):
    named = ' '.join(words[:2])
    assert named in FOREIGN, f'ros2 run {named}: nobody knows it; add it to FOREIGN here'
    assert_ros_arguments(words[2:])


def test_every_executable_of_others_is_named():
    assert {' '.join(case.values[0][:2]) for case in OTHERS} <= FOREIGN


def assert_ros_arguments(arguments) -> None:
    """Remappings, parameters and rules have the form that rcl reads."""
    if '--ros-args' not in arguments:
        return
    after = arguments[arguments.index('--ros-args') + 1 :]
    for option, value in zip(after, [*after[1:], ''], strict=True):
        if option in ('-p', '-r', '--param', '--remap'):
            assert re.fullmatch(r'[\w/~:]+:=.+', value), value
        if option == '--params-file':
            assert value


@pytest.mark.parametrize('words', OURS)
def test_an_executable_of_ours_starts_with_these_arguments(words, installed, run_until_up):
    name, arguments = words[1], words[2:]
    if not (installed / name).exists():
        cmake = (ROOT / 'CMakeLists.txt').read_text(encoding='utf-8')
        assert (ROOT / 'examples' / f'{name}.cpp').exists(), f'there is no executable {name}'
        assert 'add_executable(${example}' in cmake
        pytest.skip('needs a ROS installation with rclcpp')  # built by test/ros/examples
    if name in OPENS:
        return
    if name == 'hri_bridge':
        pytest.importorskip('hri_msgs')
    run_until_up([str(installed / name)], name.removesuffix('.py'), arguments)


@pytest.mark.parametrize('words', SCRIPTS)
def test_an_example_starts_with_these_arguments(words, run_until_up):
    script = ROOT / words[1]
    run_until_up([sys.executable, str(script)], script.stem, words[2:])
