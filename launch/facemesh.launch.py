"""Starts the node `facemesh` for one camera or several; RViz and the ROS4HRI bridge if requested.

ros2 launch facemesh_ros facemesh.launch.py image_topic:=/camera/color/image_raw rviz:=true
ros2 launch facemesh_ros facemesh.launch.py cameras:="[front, rear]" image_topic:=color/image_raw

With several servers: the same on each, share:=1/2 on the first and share:=2/2 on the second.
Included twice by another launch file, each in a group of its own: docs/launch.md.
"""

import os
import posixpath
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, OpaqueFunction
from launch.logging import launch_config
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from facemesh_ros.ros.launch_arguments import (
    PARAMETERS,
    LaunchArgumentError,
    boolean,
    bridge_parameters,
    cameras_of,
    described,
    parameter_values,
    remappings_of,
    seconds,
)
from facemesh_ros.ros.rviz_config import rviz_config

SHARE = FindPackageShare('facemesh_ros')
ARGUMENTS = {
    'namespace': ('', 'Namespace of the node and of its relative topics.'),
    'node_name': ('facemesh', 'Name of the node; different on each server.'),
    'cameras': ('', 'Cameras of the node, such as [front, rear]; empty: as in params_file.'),
    'share': ('1/1', 'Part of the cameras that this node takes: 2/3 is the second of three.'),
    'image_topic': ('image_raw', 'Topic of the images; with cameras, relative to each of them.'),
    'camera_info_topic': (
        '',
        'Topic of the camera_info; with cameras, relative to each of them; empty: camera_info '
        'beside the images.',
    ),
    'depth_topic': (
        'depth/image_raw',
        'Topic of the depth images, registered to the images; with cameras, relative to each of '
        'them.',
    ),
    'params_file': (
        PathJoinSubstitution([SHARE, 'config', 'facemesh.yaml']),
        'YAML file of all parameters of the node.',
    ),
    'rviz': ('false', 'Whether to start RViz: true or false.'),
    'hri': ('false', 'Whether to start the bridge to ROS4HRI too: true or false.'),
    'use_sim_time': ('', 'Whether to use the time of /clock; empty: as in params_file.'),
    'respawn': ('false', 'Whether to restart the node when it has ended by itself.'),
    'respawn_delay': ('2.0', 'Delay before a restart, s.'),
    'log_level': ('info', 'debug, info, warn, error or fatal.'),
}


def generate_launch_description():
    """Declare the arguments; the nodes depend on their values.

    Scoped: defaults of ours must not be those of a launch file that is included after this one.
    """
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, (default, text) in ARGUMENTS.items()
    ]
    for name in PARAMETERS:
        text, choices = described(name)
        declared.append(
            DeclareLaunchArgument(
                name, default_value='', description=text, choices=list(choices) or None
            )
        )
    return LaunchDescription([GroupAction([*declared, OpaqueFunction(function=_nodes)])])


def _nodes(context):
    """Return the nodes; invalid arguments raise before any of them is started."""
    values = {
        name: LaunchConfiguration(name).perform(context) for name in (*ARGUMENTS, *PARAMETERS)
    }
    values['params_file'] = os.path.expanduser(values['params_file'])
    # As pushed by the groups that this is included in.
    pushed = context.launch_configurations.get('ros_namespace') or ''
    full_name = posixpath.join('/', pushed, values['namespace'], values['node_name'])
    cameras = cameras_of(values, full_name)
    remappings = remappings_of(values, cameras)
    nodes = [_facemesh_node(values, cameras, remappings)]
    if boolean(values, 'hri'):
        parameters = bridge_parameters(values, full_name, cameras)
        nodes.append(_hri_bridge(values, parameters, remappings))
    if boolean(values, 'rviz'):
        nodes.append(_rviz_node(context, values, full_name, cameras, remappings))
    return nodes


def _facemesh_node(values, cameras, remappings):
    overrides = {
        # Else launch_ros reads text as YAML: a frame named 1 would be a number.
        name: ParameterValue(value, value_type=type(value))
        for name, value in parameter_values(values).items()
    }
    overrides |= _sim_time(values)
    if cameras:
        overrides['cameras'] = cameras
    return Node(
        package='facemesh_ros',
        executable='facemesh',
        name=values['node_name'],
        namespace=values['namespace'],
        parameters=[values['params_file'], *([overrides] if overrides else [])],
        remappings=remappings,
        arguments=['--ros-args', '--log-level', values['log_level']],
        output='screen',
        emulate_tty=True,
        respawn=boolean(values, 'respawn'),
        respawn_delay=seconds(values, 'respawn_delay'),
    )


def _hri_bridge(values, parameters, remappings):
    return Node(
        package='facemesh_ros',
        executable='hri_bridge',
        namespace=values['namespace'],
        parameters=[parameters | _sim_time(values)],
        remappings=remappings,
        output='screen',
        respawn=boolean(values, 'respawn'),
        respawn_delay=seconds(values, 'respawn_delay'),
    )


def _sim_time(values):
    return {'use_sim_time': boolean(values, 'use_sim_time')} if values['use_sim_time'] else {}


def _rviz_node(context, values, full_name, cameras, remappings):
    try:
        get_package_prefix('rviz2')
    except PackageNotFoundError as error:
        raise LaunchArgumentError(
            'rviz:=true: the package rviz2 is not installed; leave rviz out, or install '
            f'ros-{os.environ.get("ROS_DISTRO", "<distro>")}-rviz2'
        ) from error
    config = Path(SHARE.perform(context), 'config', 'facemesh.rviz')
    shown = Path(launch_config.log_dir, f'{full_name.strip("/").replace("/", "_")}.rviz')
    shown.write_text(rviz_config(config.read_text(), values['node_name'], cameras))
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=values['namespace'],
        parameters=[_sim_time(values)] if values['use_sim_time'] else [],
        remappings=remappings,
        arguments=['-d', str(shown)],
    )
