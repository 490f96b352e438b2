"""What the arguments of the launch files mean: text to values, cameras, remappings and parameters.

It imports neither launch nor what the node computes with: `ros2 launch` may run on another Python.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from facemesh_ros.errors import FacemeshError
from facemesh_ros.ros.parameter_files import ParameterFileError, parameters_in_file
from facemesh_ros.ros.parameters import NodeSettings
from facemesh_ros.settings.parameter_specs import (
    ParameterSpec,
    SettingsError,
    Value,
    parameter_specs,
    replace_parameters,
)

Arguments = Mapping[str, str]
SPECS = parameter_specs(NodeSettings)
# Parameters that are arguments too; empty, they are as in params_file. With few names, none that
# another launch file is likely to have for something else.
PARAMETERS = (
    'max_faces',
    'landmark_model',
    'metric_mode',
    'target_frame',
    'execution_provider',
    'image_transport',
    'autostart',
)
TRUE, FALSE = ('1', 'true', 'yes', 'on'), ('0', 'false', 'no', 'off')


class LaunchArgumentError(FacemeshError):
    """An argument of a launch file cannot be used; the text names it and what it may be."""


def described(name: str) -> tuple[str, tuple[str, ...]]:
    """Return an argument's text and choices from its parameter; no choices if it is free."""
    spec = SPECS[name][1]
    choices = ('', *spec.choices) if spec.choices else ()
    # What empty means for the parameter is not what it means for the argument.
    text = spec.text.partition('; empty')[0].rstrip('.')
    return f'{text}{_range(spec)}; empty: as in params_file.', choices


def _range(spec: ParameterSpec) -> str:
    return f' ({spec.low:g} to {spec.high:g})' if spec.high is not None else ''


def boolean(arguments: Arguments, name: str) -> bool:
    """Return the value of a switch, as YAML and launch write them."""
    value = arguments[name].lower()
    if value not in TRUE + FALSE:
        raise LaunchArgumentError(f'{name}:={arguments[name]}: it must be true or false')
    return value in TRUE


def seconds(arguments: Arguments, name: str) -> float:
    """Return a duration in s, at least 0."""
    try:
        return max(float(arguments[name]), 0.0)
    except ValueError as error:
        raise LaunchArgumentError(
            f'{name}:={arguments[name]}: it must be a number of seconds'
        ) from error


def parameter_values(arguments: Arguments) -> dict[str, Value]:
    """Return the values of the parameters that are given as arguments."""
    given = {name: arguments[name] for name in PARAMETERS if arguments[name]}
    return {name: _parameter_value(name, text, arguments) for name, text in given.items()}


def _parameter_value(name: str, text: str, arguments: Arguments) -> Value:
    value: Value = text
    if isinstance(SPECS[name][0], bool):
        value = boolean(arguments, name)
    elif isinstance(SPECS[name][0], int):
        try:
            value = int(text)
        except ValueError as error:
            raise LaunchArgumentError(f'{name}:={text}: it must be a whole number') from error
    try:
        replace_parameters(NodeSettings(), {name: value})
    except SettingsError as error:
        raise LaunchArgumentError(f'{name}:={text}: {error}') from error
    return value


def bridge_parameters(
    arguments: Arguments, node: str, cameras: Sequence[str]
) -> dict[str, Value | list[str]]:
    """Return the parameters of a ROS4HRI bridge beside the node of this full name.

    Privacy and the images' transport are the node's, whose file does not name the bridge.
    """
    given = _parameters_of_file(arguments, node) | parameter_values(arguments)
    shared = {name: given[name] for name in ('image_transport', 'privacy_mode') if name in given}
    taken = {'cameras': list(cameras)} if cameras else {}
    return {'facemesh_node': arguments['node_name'], **shared, **taken}


def cameras_of(arguments: Arguments, node: str) -> list[str]:
    """Return the cameras that a node takes: with share:=2/3 every third, from the second on.

    Without the argument they are those of params_file for the node of this full name.
    """
    argument = f'cameras:={arguments["cameras"]}'
    in_file = _cameras_of_file(arguments, node)  # also if they are not used: it may be unreadable
    cameras = _list_of_names(arguments['cameras'], argument) or in_file
    number, _, nodes = arguments['share'].partition('/')
    share = f'share:={arguments["share"]}'
    if not (number.isdecimal() and nodes.isdecimal() and 1 <= int(number) <= int(nodes)):
        raise LaunchArgumentError(f'{share}: it must be such as 2/3, the second of three')
    part = cameras[int(number) - 1 :: int(nodes)]
    if not part and int(nodes) > 1:
        raise LaunchArgumentError(f'{share}: there is no camera left of {cameras}')
    return part


def _list_of_names(text: str, argument: str) -> list[str]:
    try:
        names = yaml.safe_load(text) or []
    except yaml.YAMLError as error:
        raise LaunchArgumentError(f'{argument}: it cannot be read as YAML: {error}') from error
    return _checked_names(names, argument)


def _cameras_of_file(arguments: Arguments, node: str) -> list[str]:
    names = _parameters_of_file(arguments, node).get('cameras') or []
    return _checked_names(names, f'params_file:={arguments["params_file"]}: cameras')


def _parameters_of_file(arguments: Arguments, node: str) -> dict[str, Any]:
    try:
        return parameters_in_file(arguments['params_file'], node)
    except ParameterFileError as error:
        raise LaunchArgumentError(f'params_file:={error}') from error


def _checked_names(names: Any, where: str) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise LaunchArgumentError(f'{where}: it must be a list of names, such as [front, rear]')
    return names


def remappings_of(arguments: Arguments, cameras: Sequence[str]) -> list[tuple[str, str]]:
    """Return the remappings of the node's inputs, of each camera."""
    image_topic, depth_topic = arguments['image_topic'], arguments['depth_topic']
    beside = posixpath.join(posixpath.dirname(image_topic), 'camera_info')
    info_topic = arguments['camera_info_topic'] or beside
    for name, topic in (
        ('image_topic', image_topic),
        ('camera_info_topic', info_topic),
        ('depth_topic', depth_topic),
    ):
        if cameras and posixpath.isabs(topic):
            raise LaunchArgumentError(
                f'{name}:={topic}: with cameras it is the topic in each of {list(cameras)}, such '
                f'as color/image_raw for {cameras[0]}/color/image_raw'
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
