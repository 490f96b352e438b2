"""Parameters of the node: those of the pipeline and its own, declared from dataclass fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    ParameterType,
    SetParametersResult,
)
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.parameter import Parameter

from facemesh_ros.ros.parameter_files import check_files_are_for, nearest, origin
from facemesh_ros.settings.parameter_specs import (
    ParameterSpec,
    Settings,
    SettingsError,
    Value,
    parameter,
    parameter_specs,
    parameter_value,
    replace_parameters,
)
from facemesh_ros.settings.pipeline import SensorSettings

_EXPECTED = {
    bool: 'true or false',
    int: 'a whole number',
    float: 'a number with a decimal point',
    str: 'text, in quotes if it looks like something else',
}
CAMERA_NAMES = 'list of different names that are valid topic prefixes, such as [front, rear]'
CAMERA_NAME = re.compile(r'[A-Za-z]\w*(/[A-Za-z]\w*)*', re.ASCII)


@dataclass(frozen=True, slots=True)
class NodeSettings(SensorSettings):
    """Every parameter of the node."""

    cameras: tuple[str, ...] = parameter(
        (),
        'Names of the cameras, which prefix their topics: [front, rear] takes front/image_raw and '
        'rear/image_raw, and publishes ~/front/landmarks and so on; empty for a node with one '
        'camera.',
        constraints=CAMERA_NAMES,
        read_only=True,
    )
    image_transport: str = parameter(
        'raw',
        'Type of the images: sensor_msgs/Image, or CompressedImage on <topic>/compressed.',
        choices=('raw', 'compressed'),
        read_only=True,
    )
    max_image_age: float = parameter(
        0.0,
        'Skip images that are older than this when they are to be processed, s; 0 for no limit.',
        low=0.0,
        high=3600.0,
    )
    max_image_megapixels: float = parameter(
        40.0,
        'Refuse compressed images of more megapixels, by their header, before they are decoded.',
        low=0.1,
        high=1100.0,
    )
    publish_tf: bool = parameter(
        True,
        'Publish frames face_<id>, mouth_<id> and gaze_<id> of faces in metres on /tf.',
        read_only=True,
    )
    target_frame: str = parameter(
        '',
        "Frame in which markers and points are given, through tf2; empty for the camera's own.",
        read_only=True,
    )
    marker_style: str = parameter(
        'mesh',
        'Style of the face markers.',
        choices=('mesh', 'wireframe', 'contours', 'points'),
    )
    privacy_mode: bool = parameter(
        False,
        'Let no pixel of the camera leave the node: offer no debug image, raw or compressed.',
        read_only=True,
    )
    autostart: bool = parameter(
        True,
        'Configure and activate at start; false leaves both to a lifecycle manager.',
        read_only=True,
    )

    def __post_init__(self) -> None:
        super(NodeSettings, self).__post_init__()  # super() without arguments fails with slots
        check_cameras(self.cameras)


def check_cameras(cameras: Any) -> None:
    """Raise SettingsError unless these are different names that are valid topic prefixes."""
    valid = isinstance(cameras, tuple) and all(
        isinstance(camera, str) and CAMERA_NAME.fullmatch(camera) for camera in cameras
    )
    if not valid or len(set(cameras)) < len(cameras):
        got = list(cameras) if isinstance(cameras, tuple) else cameras
        raise SettingsError(f'cameras must be a {CAMERA_NAMES}; got {got!r}')


class Parameters(Generic[Settings]):
    """A node's settings, mirrored from its ROS parameters.

    A change that is accepted here may still be refused by rclpy or by another callback, so it is
    not stored here. Humble does not report when parameters have been set; so on every distribution
    those that may have changed are read back from the node.
    """

    def __init__(
        self,
        node: Node,
        arguments: Sequence[str] = (),
        *,
        kind: type[Settings] = NodeSettings,
    ) -> None:
        """Declare all parameters of `kind`, and warn of those that the node does not have.

        `arguments` are the process's: errors say which file a value comes from.

        Raises:
            ParameterFileError: If a file of parameters is for a node of nearly this name.
            SettingsError: If a start value is invalid.
        """
        self._node = node
        self._settings = kind()
        self._specs = parameter_specs(kind)
        self._changing: frozenset[str] = frozenset(self._specs)
        # rclpy has no public name for what files and -p have given.
        self._given: dict[str, Parameter] = getattr(node, '_parameter_overrides', {})
        self._told: set[str] = set()
        full_name = node.get_fully_qualified_name()
        for line in check_files_are_for(full_name, arguments):
            node.get_logger().warning(line)
        node.add_on_set_parameters_callback(self._check)
        for name, (default, spec) in self._specs.items():
            try:
                self._declare(name, default, spec)
            except ParameterException as error:
                source = origin(arguments, full_name, name)
                reason = self._why_invalid(name) or str(error)
                raise SettingsError(f'{source}: {reason}' if source else reason) from error
        self._settings = self.settings
        self._changing = frozenset()
        self.warn_of_unknown(of_topics=False)

    def _declare(self, name: str, default: Value, spec: ParameterSpec) -> None:
        node, descriptor = self._node, _descriptor(default, spec)
        if not isinstance(default, tuple):
            node.declare_parameter(name, default, descriptor)
            return
        # rclpy infers an array's type from its elements: one without any would be of bytes, or,
        # from a file, not set, and `ros2 param dump` would write a null that cannot be read again.
        node.declare_parameter(name, [], ParameterDescriptor(dynamic_typing=True))
        value = list(_from_ros(node.get_parameter(name).value))
        node.set_parameters([Parameter(name, Parameter.Type.STRING_ARRAY, value)])
        node.set_descriptor(name, descriptor)

    def _why_invalid(self, name: str) -> str:
        """Return what is wrong with a start value, in our words; empty if we accept it."""
        if name not in self._given:
            return ''
        default, value = self._specs[name][0], _from_ros(self._given[name].value)
        expected = _EXPECTED.get(type(default))
        if expected and type(value) is not type(default):
            with_point = isinstance(default, float) and type(value) is int
            hint = f', write {value}.0' if with_point else ''
            return f'{name} must be {expected}; got {value!r}{hint}'
        try:
            replace_parameters(self._settings, {name: value})
        except SettingsError as error:
            return str(error)
        return ''

    def warn_of_unknown(self, *, of_topics: bool) -> None:
        """Log the parameters given at start that the node does not have, with the nearest ones.

        Each is told once. `of_topics`: tell the `qos_overrides`, which topics declare when they
        are made, instead of the others.
        """
        given = {name for name in self._given if _is_of_topic(name) == of_topics}
        if reason := self.why_unknown(given - self._told):
            self._node.get_logger().warning(f'{reason}; ignored')
        self._told |= given

    def why_unknown(self, names: Iterable[str]) -> str:
        """Return which of these parameters the node does not have, and the nearest that it has.

        Empty if it has all of them.
        """
        known = self._node.get_parameters_by_prefix('')
        unknown = sorted(set(names) - known.keys())
        parts = []
        for name in unknown:
            alike = (other for other in known if _is_of_topic(other) == _is_of_topic(name))
            near = nearest(name, alike)
            parts.append(f'{name} (the nearest is {near})' if near else name)
        noun = 'unknown parameters' if len(unknown) > 1 else 'unknown parameter'
        return f'{noun} {", ".join(parts)}' if unknown else ''

    @property
    def settings(self) -> Settings:
        """All settings as they are now; any thread may read them."""
        node, settings = self._node, self._settings
        values = {
            name: _from_ros(node.get_parameter(name).value)
            for name in self._changing
            if node.has_parameter(name)
        }
        if any(parameter_value(settings, name) != value for name, value in values.items()):
            settings = self._settings = replace_parameters(settings, values)
        return settings

    def _check(self, changes: list[Parameter]) -> SetParametersResult:
        changed = {
            item.name: _from_ros(item.value) for item in changes if item.name in self._specs
        }
        try:
            replace_parameters(self.settings, changed)
        except SettingsError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self._changing |= changed.keys()
        return SetParametersResult(successful=True)


def _is_of_topic(name: str) -> bool:
    return name.startswith('qos_overrides.')


def _from_ros(value: Any) -> Any:
    """Return a parameter's value as in the settings; an empty list in YAML arrives as None."""
    return tuple(value) if isinstance(value, list) else () if value is None else value


def _descriptor(default: Any, spec: ParameterSpec) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=spec.text, read_only=spec.read_only)
    if isinstance(default, tuple):
        descriptor.type = ParameterType.PARAMETER_STRING_ARRAY
    choices = f'One of: {", ".join(spec.choices)}' if spec.choices else ''
    descriptor.additional_constraints = choices or spec.constraints
    if spec.low is not None and spec.high is not None:
        if isinstance(default, float):
            floats = FloatingPointRange(from_value=spec.low, to_value=spec.high)
            descriptor.floating_point_range = [floats]
        else:
            integers = IntegerRange(from_value=int(spec.low), to_value=int(spec.high), step=1)
            descriptor.integer_range = [integers]
    return descriptor
