"""Starts the node `facemesh` for one camera or several, and RViz if requested.

ros2 launch facemesh_ros facemesh.launch.py image_topic:=/camera/color/image_raw rviz:=true
ros2 launch facemesh_ros facemesh.launch.py cameras:="[front, rear]" image_topic:=color/image_raw

With several servers: the same on each, share:=1/2 on the first and share:=2/2 on the second.
"""

import fnmatch
import os
import posixpath
from pathlib import Path

import yaml
from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.logging import launch_config
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

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
    'image_transport': ('', 'raw or compressed; empty: as in params_file.'),
    'params_file': (
        PathJoinSubstitution([SHARE, 'config', 'facemesh.yaml']),
        'Parameters of the node.',
    ),
    'rviz': ('false', 'Whether to start RViz.'),
    'use_sim_time': ('', 'Whether to use the time of /clock; empty: as in params_file.'),
    'autostart': ('', 'Whether to configure and activate at start; empty: as in params_file.'),
    'respawn': ('false', 'Whether to restart the node when it has ended by itself.'),
    'respawn_delay': ('2.0', 'Delay before a restart, s.'),
    'log_level': ('info', 'debug, info, warn, error or fatal.'),
}
TRUE, FALSE = ('1', 'true', 'yes', 'on'), ('0', 'false', 'no', 'off')


def generate_launch_description():
    """Declare the arguments; the nodes depend on their values."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(name, default_value=default, description=text)
            for name, (default, text) in ARGUMENTS.items()
        ]
        + [OpaqueFunction(function=_nodes)]
    )


def _nodes(context):
    """Return the nodes; invalid arguments raise before any of them is started."""
    values = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    cameras = _cameras(values)
    remappings = _remappings(values, cameras)
    nodes = [_facemesh_node(values, cameras, remappings)]
    if _boolean(values, 'rviz'):
        nodes.append(_rviz_node(context, values, cameras, remappings))
    return nodes


def _boolean(values, name):
    value = values[name].lower()
    if value not in TRUE + FALSE:
        raise ValueError(f'{name}:={values[name]}: it must be true or false')
    return value in TRUE


def _parsed(text, where):
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f'{where}: it cannot be read as YAML: {error}') from error


def _cameras(values):
    """Return this node's part of the cameras: with share:=2/3 every third, from the second on."""
    argument = f'cameras:={values["cameras"]}'
    in_file = _of_params_file(values, 'cameras') or []
    cameras = _parsed(values['cameras'], argument) or in_file
    if not isinstance(cameras, list) or not all(isinstance(name, str) for name in cameras):
        raise ValueError(f'{argument}: it must be a list of names, such as [front, rear]')
    number, _, nodes = values['share'].partition('/')
    if not (number.isdecimal() and nodes.isdecimal() and 1 <= int(number) <= int(nodes)):
        raise ValueError(f'share:={values["share"]}: it must be such as 2/3, the second of three')
    part = cameras[int(number) - 1 :: int(nodes)]
    if not part and int(nodes) > 1:
        raise ValueError(f'share:={values["share"]}: there is no camera left of {cameras}')
    return part


def _of_params_file(values, name):
    """Return the value of a parameter of this node in params_file, None if it is not there."""
    path = values['params_file']
    try:
        content = Path(path).read_text()
    except OSError as error:
        raise ValueError(f'params_file:={path}: {error.strerror}') from error
    node = posixpath.join('/', values['namespace'], values['node_name'])
    value = None
    for pattern, parameters in _sections(_parsed(content, f'params_file:={path}'), '/'):
        if fnmatch.fnmatchcase(node, pattern):
            value = parameters.get(name, value)
    return value


def _sections(content, path):
    for key, value in content.items() if isinstance(content, dict) else ():
        if key == 'ros__parameters':
            yield path, value or {}
        else:
            yield from _sections(value, posixpath.join(path, key.lstrip('/')))


def _remappings(values, cameras):
    image_topic = values['image_topic']
    beside = posixpath.join(posixpath.dirname(image_topic), 'camera_info')
    info_topic = values['camera_info_topic'] or beside
    depth_topic = values['depth_topic']
    for name, topic in (
        ('image_topic', image_topic),
        ('camera_info_topic', info_topic),
        ('depth_topic', depth_topic),
    ):
        if cameras and posixpath.isabs(topic):
            raise ValueError(
                f'{name}:={topic}: with cameras it is the topic in each of {cameras}, such as '
                f'color/image_raw for {cameras[0]}/color/image_raw'
            )
    return [
        (posixpath.join(camera, ours), posixpath.join(camera, theirs))
        for camera in cameras or ['']
        for ours, theirs in (
            ('image_raw', image_topic),
            # The remap of the base topic does not apply to the topics of image transports.
            ('image_raw/compressed', f'{image_topic}/compressed'),
            ('camera_info', info_topic),
            ('depth/image_raw', depth_topic),
        )
    ]


def _facemesh_node(values, cameras, remappings):
    overrides = _sim_time(values)
    if values['image_transport']:
        overrides['image_transport'] = values['image_transport']
    if cameras:
        overrides['cameras'] = cameras
    if values['autostart']:
        overrides['autostart'] = _boolean(values, 'autostart')
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
        respawn=_boolean(values, 'respawn'),
        respawn_delay=_delay(values),
    )


def _delay(values):
    try:
        return max(float(values['respawn_delay']), 0.0)
    except ValueError as error:
        delay = values['respawn_delay']
        raise ValueError(f'respawn_delay:={delay}: it must be a number of seconds') from error


def _sim_time(values):
    return {'use_sim_time': _boolean(values, 'use_sim_time')} if values['use_sim_time'] else {}


def _rviz_node(context, values, cameras, remappings):
    try:
        get_package_prefix('rviz2')
    except PackageNotFoundError as error:
        raise ValueError(
            'rviz:=true: the package rviz2 is not installed; leave rviz out, or install '
            f'ros-{os.environ.get("ROS_DISTRO", "<distro>")}-rviz2'
        ) from error
    config = Path(SHARE.perform(context), 'config', 'facemesh.rviz')
    shown = Path(launch_config.log_dir, f'{values["node_name"]}.rviz')
    shown.write_text(_rviz_config(config.read_text(), values['node_name'], cameras))
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=values['namespace'],
        parameters=[_sim_time(values)] if values['use_sim_time'] else [],
        remappings=remappings,
        arguments=['-d', str(shown)],
    )


def _rviz_config(text, node_name, cameras):
    """Return RViz's configuration for the topics of this node, with displays for each camera."""
    config = yaml.safe_load(text)
    manager = config['Visualization Manager']
    manager['Displays'] = [
        _display(display, node_name, camera)
        for display in manager['Displays']
        for camera in (cameras if 'Topic' in display else []) or ['']
    ]
    return yaml.safe_dump(config, sort_keys=False)


def _display(display, node_name, camera):
    if 'Topic' not in display:
        return display
    folder, name = posixpath.split(display['Topic']['Value'])
    topic = posixpath.join(node_name if folder else '', camera, name)
    title = f'{camera}: {display["Name"]}' if camera else display['Name']
    return {**display, 'Name': title, 'Topic': {**display['Topic'], 'Value': topic}}
