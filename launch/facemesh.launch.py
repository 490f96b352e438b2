"""The node `facemesh`, on a camera or several of your choice, and RViz if wanted.

ros2 launch facemesh_ros facemesh.launch.py image_topic:=/camera/color/image_raw rviz:=true
ros2 launch facemesh_ros facemesh.launch.py cameras:="[front, rear]" image_topic:=color/image_raw

Several servers: the same on each, with share:=1/2 on the first and share:=2/2 on the second.
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
    'node_name': ('facemesh', 'Name of the node; each server needs another one.'),
    'cameras': ('', 'Cameras of one node, such as [front, rear]; empty: as in params_file.'),
    'share': ('1/1', 'Which part of the cameras is for this node: 2/3 is the second of three.'),
    'image_topic': ('image_raw', 'Images to look at; with cameras, their topic in each of them.'),
    'camera_info_topic': (
        '',
        'Calibration of the images, with cameras in each of them; empty: camera_info beside them.',
    ),
    'image_transport': ('', 'raw or compressed; empty: as in params_file.'),
    'params_file': (
        PathJoinSubstitution([SHARE, 'config', 'facemesh.yaml']),
        'Parameters of the node.',
    ),
    'rviz': ('false', 'Whether to open RViz.'),
    'use_sim_time': ('', 'Whether time comes from /clock; empty: as in params_file.'),
    'autostart': ('', 'Whether to configure and activate at start; empty: as in params_file.'),
    'respawn': ('false', 'Whether to start the node again when it has ended by itself.'),
    'respawn_delay': ('2.0', 'After how many seconds.'),
    'log_level': ('info', 'debug, info, warn, error or fatal.'),
}
TRUE, FALSE = ('1', 'true', 'yes', 'on'), ('0', 'false', 'no', 'off')


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
    """Return the nodes; what is wrong is told before any of them is started."""
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    cameras = _cameras(given)
    remappings = _remappings(given, cameras)
    nodes = [_face_node(given, cameras, remappings)]
    if _truth(given, 'rviz'):
        nodes.append(_rviz_node(context, given, cameras, remappings))
    return nodes


def _truth(given, name):
    value = given[name].lower()
    if value not in TRUE + FALSE:
        raise ValueError(f'{name}:={given[name]}: it must be true or false')
    return value in TRUE


def _parsed(text, where):
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f'{where}: it cannot be read as YAML: {error}') from error


def _cameras(given):
    """Return this node's part of the cameras: every third, if they are shared out to three."""
    told = f'cameras:={given["cameras"]}'
    otherwise = _of_params_file(given, 'cameras') or []
    cameras = _parsed(given['cameras'], told) or otherwise
    if not isinstance(cameras, list) or not all(isinstance(name, str) for name in cameras):
        raise ValueError(f'{told}: it must be a list of names, such as [front, rear]')
    number, _, nodes = given['share'].partition('/')
    if not (number.isdecimal() and nodes.isdecimal() and 1 <= int(number) <= int(nodes)):
        raise ValueError(f'share:={given["share"]}: it must be such as 2/3, the second of three')
    part = cameras[int(number) - 1 :: int(nodes)]
    if not part and int(nodes) > 1:
        raise ValueError(f'share:={given["share"]}: there is no camera left of {cameras}')
    return part


def _of_params_file(given, name):
    """Return what params_file says of a parameter of this node, None if it does not."""
    path = given['params_file']
    try:
        content = Path(path).read_text()
    except OSError as error:
        raise ValueError(f'params_file:={path}: {error.strerror}') from error
    node = posixpath.join('/', given['namespace'], given['node_name'])
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


def _remappings(given, cameras):
    image_topic = given['image_topic']
    beside = posixpath.join(posixpath.dirname(image_topic), 'camera_info')
    info_topic = given['camera_info_topic'] or beside
    for name, topic in ('image_topic', image_topic), ('camera_info_topic', info_topic):
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
            # An image transport's topic does not follow the remap of its base topic by itself.
            ('image_raw/compressed', f'{image_topic}/compressed'),
            ('camera_info', info_topic),
        )
    ]


def _face_node(given, cameras, remappings):
    overrides = _sim_time(given)
    if given['image_transport']:
        overrides['image_transport'] = given['image_transport']
    if cameras:
        overrides['cameras'] = cameras
    if given['autostart']:
        overrides['autostart'] = _truth(given, 'autostart')
    return Node(
        package='facemesh_ros',
        executable='facemesh',
        name=given['node_name'],
        namespace=given['namespace'],
        parameters=[given['params_file'], *([overrides] if overrides else [])],
        remappings=remappings,
        arguments=['--ros-args', '--log-level', given['log_level']],
        output='screen',
        emulate_tty=True,
        respawn=_truth(given, 'respawn'),
        respawn_delay=_delay(given),
    )


def _delay(given):
    try:
        return max(float(given['respawn_delay']), 0.0)
    except ValueError as error:
        delay = given['respawn_delay']
        raise ValueError(f'respawn_delay:={delay}: it must be a number of seconds') from error


def _sim_time(given):
    return {'use_sim_time': _truth(given, 'use_sim_time')} if given['use_sim_time'] else {}


def _rviz_node(context, given, cameras, remappings):
    try:
        get_package_prefix('rviz2')
    except PackageNotFoundError as error:
        raise ValueError(
            'rviz:=true: the package rviz2 is not installed; leave rviz out, or install '
            f'ros-{os.environ.get("ROS_DISTRO", "<distro>")}-rviz2'
        ) from error
    config = Path(SHARE.perform(context), 'config', 'facemesh.rviz')
    shown = Path(launch_config.log_dir, f'{given["node_name"]}.rviz')
    shown.write_text(_rviz_config(config.read_text(), given['node_name'], cameras))
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=given['namespace'],
        parameters=[_sim_time(given)] if given['use_sim_time'] else [],
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
