"""Parameters of the node: those of the pipeline and its own, declared from dataclass fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Generic

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from facemesh_ros.settings.parameter_specs import (
    ParameterSpec,
    Settings,
    SettingsError,
    parameter,
    parameter_specs,
    parameter_value,
    replace_parameters,
)
from facemesh_ros.settings.pipeline import SensorSettings

CAMERA_NAME = re.compile(r'[A-Za-z]\w*(/[A-Za-z]\w*)*', re.ASCII)


@dataclass(frozen=True, slots=True)
class NodeSettings(SensorSettings):
    """Every parameter of the node."""

    cameras: tuple[str, ...] = parameter(
        (),
        'Names of the cameras, which prefix their topics; empty for a node with one camera.',
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
        raise SettingsError(
            'cameras must be a list of different names that are valid topic prefixes, such as '
            f'[front, rear]; got {list(cameras) if isinstance(cameras, tuple) else cameras!r}'
        )


class Parameters(Generic[Settings]):
    """A node's settings, mirrored from its ROS parameters.

    A change that is accepted here may still be refused by rclpy or by another callback, so it is
    not stored here. Humble does not report when parameters have been set; so on every distribution
    those that may have changed are read back from the node.
    """

    def __init__(self, node: Node, *, kind: type[Settings] = NodeSettings) -> None:
        """Declare all of `kind`; raises ParameterException on an invalid start value."""
        self._node = node
        self._settings = kind()
        self._specs = parameter_specs(kind)
        self._changing: frozenset[str] = frozenset(self._specs)
        node.add_on_set_parameters_callback(self._check)
        for name, (default, spec) in self._specs.items():
            node.declare_parameter(name, _to_ros(default), _descriptor(default, spec))
        self._settings = self.settings
        self._changing = frozenset()

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


def _to_ros(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _from_ros(value: Any) -> Any:
    """Return a parameter's value as in the settings; an empty list in YAML arrives as None."""
    return tuple(value) if isinstance(value, list) else () if value is None else value


def _descriptor(default: Any, spec: ParameterSpec) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=spec.text, read_only=spec.read_only)
    # An empty list has no type.
    descriptor.dynamic_typing = isinstance(default, tuple)
    if spec.choices:
        descriptor.additional_constraints = f'One of: {", ".join(spec.choices)}'
    if spec.low is not None and spec.high is not None:
        if isinstance(default, float):
            floats = FloatingPointRange(from_value=spec.low, to_value=spec.high)
            descriptor.floating_point_range = [floats]
        else:
            integers = IntegerRange(from_value=int(spec.low), to_value=int(spec.high), step=1)
            descriptor.integer_range = [integers]
    return descriptor
