"""Start of the bridge, which says what is missing on machines without ROS or hri_msgs."""

from __future__ import annotations

import os
import sys

from facemesh_ros.ros.process.signals import exit_on_signals

_ADVICE = {
    'rclpy': 'ROS 2 is not there: source its setup.bash, and start in an environment that has it',
    'facemesh_ros.msg': 'the messages of facemesh_ros are not there: source its workspace '
    '(install/setup.bash)',
    'hri_msgs': 'the package hri_msgs is not installed: `sudo apt install '
    'ros-{distro}-hri-msgs`, or build github.com/ros4hri/hri_msgs in your workspace and source it',
}


def main(args: list[str] | None = None) -> int:
    """Run the bridge until a signal; 1 if it cannot start."""
    exit_on_signals()  # before the other imports, which take a second
    try:
        from facemesh_ros.ros.hri_bridge.node import main as run
    except ModuleNotFoundError as error:
        advice = _ADVICE.get(error.name or '')
        if advice is None:
            raise
        distro = os.environ.get('ROS_DISTRO', '<distro>')
        print(f'hri_bridge: {advice.format(distro=distro)}', file=sys.stderr)
        return 1
    return run(args)
