"""How the bridge starts, what it says if it cannot, and how it ends."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys

import pytest

from test.ros.conftest import PATIENCE_S

CLI = [sys.executable, '-m', 'facemesh_ros.cli', 'hri_bridge']
WITHOUT = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name == {!r}:
            raise ModuleNotFoundError('No module named ' + name, name=name)

sys.meta_path.insert(0, Without())
"""
START = 'from facemesh_ros.ros.hri_bridge.start import main; sys.exit(main())'


def ended(command, **options):
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, **options
    )


@pytest.mark.parametrize(
    ('package', 'way_out'),
    [('hri_msgs', 'ros-{}-hri-msgs'), ('rclpy', 'setup.bash')],
)
def test_without_a_package_one_line_says_how_to_get_it(package, way_out):
    done = ended([sys.executable, '-c', WITHOUT.format(package) + START])
    assert done.returncode == 1
    assert done.stderr.count('\n') == 1
    assert done.stderr.startswith('hri_bridge: ')
    assert way_out.format(os.environ.get('ROS_DISTRO', '<distro>')) in done.stderr


def test_where_pip_has_installed_it_without_ros_the_command_says_so():
    run = 'from facemesh_ros.cli.main import main; sys.exit(main())'
    script = WITHOUT.format('facemesh_ros.ros') + run
    done = ended([sys.executable, '-c', script, 'hri_bridge', '--ros-args'])
    assert done.returncode == 1
    assert done.stderr.startswith('facemesh: ')
    assert done.stderr.count('\n') == 1
    assert 'colcon build' in done.stderr


def test_the_command_explains_itself_and_other_commands_need_no_ros():
    assert 'ROS4HRI' in ended([*CLI, '--help']).stdout
    without_ros = WITHOUT.format('rclpy') + 'from facemesh_ros.cli.main import main; main()'
    done = ended([sys.executable, '-c', without_ros, '--help'])
    assert 'hri_bridge' in done.stdout


needs_hri_msgs = pytest.mark.skipif(
    importlib.util.find_spec('hri_msgs') is None, reason='needs hri_msgs'
)


@needs_hri_msgs
@pytest.mark.parametrize(
    ('parameter', 'why'),
    [
        ('image_transport:=theora', 'image_transport must be one of raw, compressed'),
        ('stale_after:=-1.0', 'stale_after'),
        ('facemesh_node:="a b"', 'is not a valid topic name'),
        ('cameras:=[front, front]', 'cameras must be a list of different names'),
    ],
)
def test_an_invalid_parameter_is_one_line_and_status_1(ros, parameter, why):
    done = ended([*CLI, '--ros-args', '-p', parameter])
    assert done.returncode == 1
    assert 'Traceback' not in done.stderr
    assert why in done.stderr


@needs_hri_msgs
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_command_is_the_bridge_and_a_signal_ends_it(client, start_bridge, number):
    bridge = start_bridge(command=CLI)
    client.wait_until(
        lambda: client.count_publishers('/humans/faces/tracked'), 'the list of faces'
    )
    assert bridge.stop(number) == 0
    assert 'Traceback' not in bridge.log
