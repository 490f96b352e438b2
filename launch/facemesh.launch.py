"""Starts the face sensor; `ros2 launch facemesh_ros facemesh.launch.py --show-args` lists all."""

import posixpath

import yaml
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

SHARE = FindPackageShare('facemesh_ros')
ARGUMENTS = {
    'namespace': ('', 'Namespace of the node and of its relative topics.'),
    'node_name': ('facemesh', 'Name of the node; each server needs another one.'),
    'cameras': ('', 'Cameras of one node, such as [front, rear]; empty: as in params_file.'),
    'share': ('1/1', 'Which part of `cameras` is for this node: 2/3 is the second of three.'),
    'image_topic': ('image_raw', 'Images to look at.'),
    'camera_info_topic': ('', 'Calibration of the images; empty: camera_info beside them.'),
    'image_transport': ('', 'raw or compressed; empty: as in params_file.'),
    'params_file': (
        PathJoinSubstitution([SHARE, 'config', 'facemesh.yaml']),
        'Parameters of the node.',
    ),
    'rviz': ('false', 'Whether to open RViz.'),
    'use_sim_time': ('false', 'Whether time comes from /clock.'),
    'autostart': ('', 'Whether to configure and activate at start; empty: as in params_file.'),
    'log_level': ('info', 'debug, info, warn, error or fatal.'),
}
TRUE = ('1', 'true', 'yes', 'on')


def generate_launch_description():
    """Declare the arguments; the nodes follow from their values."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(name, default_value=default, description=text)
            for name, (default, text) in ARGUMENTS.items()
        ]
        + [OpaqueFunction(function=_nodes)]
    )


def _nodes(context):
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    remappings = _remappings(given)
    nodes = [_face_node(given, remappings)]
    if given['rviz'].lower() in TRUE:
        nodes.append(_rviz_node(given, remappings))
    return nodes


def _remappings(given):
    image_topic = given['image_topic']
    beside = posixpath.join(posixpath.dirname(image_topic), 'camera_info')
    return [
        ('image_raw', image_topic),
        # An image transport's topic does not follow the remap of its base topic by itself.
        ('image_raw/compressed', f'{image_topic}/compressed'),
        ('camera_info', given['camera_info_topic'] or beside),
    ]


def _face_node(given, remappings):
    overrides = {'use_sim_time': given['use_sim_time'].lower() in TRUE}
    if given['image_transport']:
        overrides['image_transport'] = given['image_transport']
    if given['cameras']:
        overrides['cameras'] = _shared_out(given['cameras'], given['share'])
    if given['autostart']:
        overrides['autostart'] = given['autostart'].lower() in TRUE
    return Node(
        package='facemesh_ros',
        executable='facemesh',
        name=given['node_name'],
        namespace=given['namespace'],
        parameters=[given['params_file'], overrides],
        remappings=remappings,
        arguments=['--ros-args', '--log-level', given['log_level']],
        output='screen',
        emulate_tty=True,
    )


def _shared_out(cameras, share):
    """Return this node's part of the cameras: every third, if they are shared out to three."""
    number, _, nodes = share.partition('/')
    if not (number.isdecimal() and nodes.isdecimal() and 1 <= int(number) <= int(nodes)):
        raise ValueError(f'share:={share}: it must be such as 2/3, the second of three')
    part = yaml.safe_load(cameras)[int(number) - 1 :: int(nodes)]
    if not part:
        raise ValueError(f'share:={share}: there is no camera left in cameras:={cameras}')
    return part


def _rviz_node(given, remappings):
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=given['namespace'],
        parameters=[{'use_sim_time': given['use_sim_time'].lower() in TRUE}],
        remappings=remappings,
        arguments=[
            '-d',
            PathJoinSubstitution([SHARE, 'config', 'facemesh.rviz']),
        ],
    )
