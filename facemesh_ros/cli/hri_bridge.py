"""`facemesh hri_bridge`: the bridge to ROS4HRI, a ROS node of its own."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from facemesh_ros.errors import FacemeshError

_ROS_PART = 'facemesh_ros.ros'
_BRIDGE = f'{_ROS_PART}.hri_bridge.start'
_HELP = {'-h', '--help'}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    text = 'publish the faces of the node facemesh as ROS4HRI (REP-155) does; needs ROS 2'
    parser = subparsers.add_parser(
        'hri_bridge',
        help=text,
        description=text[0].upper() + text[1:] + '.',
        usage='facemesh hri_bridge [--ros-args -p NAME:=VALUE -r FROM:=TO …]',
        # What begins with a dash is for ROS: this parser knows no options.
        prefix_chars='\0',
        add_help=False,
    )
    parser.add_argument(
        'ros_arguments', nargs='*', help='as for `ros2 run facemesh_ros hri_bridge`'
    )
    parser.set_defaults(func=lambda arguments: _hri_bridge(arguments, parser))


def _hri_bridge(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if _HELP.intersection(arguments.ros_arguments):
        parser.print_help()
        return 0
    try:
        # By name: no module of this command line imports ROS.
        bridge = import_module(_BRIDGE)
    except ModuleNotFoundError as error:
        if error.name != _ROS_PART:
            raise
        raise FacemeshError(
            'pip has installed facemesh without its ROS nodes; build the package in a ROS 2 '
            'workspace (colcon build --packages-select facemesh_ros), and source that'
        ) from error
    status: int = bridge.main([sys.argv[0], *arguments.ros_arguments])
    return status
