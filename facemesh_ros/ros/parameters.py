"""Parameters of the node: the pipeline's tunables and its own, declared from their fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

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
        'What the topics of each camera begin with, for a node with several; none for one camera.',
        read_only=True,
    )
    image_transport: str = parameter(
        'raw',
        'How images come: sensor_msgs/Image, or CompressedImage on <topic>/compressed.',
        choices=('raw', 'compressed'),
        read_only=True,
    )
    max_image_age: float = parameter(
        0.0,
        'Leave images out that are older than this, in s, when their turn comes; 0 takes all.',
        low=0.0,
        high=3600.0,
    )
    max_image_megapixels: float = parameter(
        40.0,
        'Refuse compressed images of more megapixels, by their header, before they are decoded.',
        low=0.1,
        high=1100.0,
    )
    marker_style: str = parameter(
        'mesh',
        'What the markers show of a face.',
        choices=('mesh', 'wireframe', 'contours', 'points'),
    )
    autostart: bool = parameter(
        True,
        'Configure and activate at start; false leaves both to a lifecycle manager.',
        read_only=True,
    )

    def __post_init__(self) -> None:
        super(NodeSettings, self).__post_init__()  # without arguments it fails with slots
        _check_cameras(self.cameras)


def _check_cameras(cameras: Any) -> None:
    fine = isinstance(cameras, tuple) and all(
        isinstance(camera, str) and CAMERA_NAME.fullmatch(camera) for camera in cameras
    )
    if not fine or len(set(cameras)) < len(cameras):
        raise SettingsError(
            'cameras must be a list of different names that topics may begin with, such as '
            f'[front, rear]; got {list(cameras) if isinstance(cameras, tuple) else cameras!r}'
        )


class Parameters:
    """The node's settings, as its ROS parameters have them.

    What is asked for may still be refused after it was found good here, by rclpy or by others who
    are asked, so nothing is taken over then. Humble does not tell when parameters have been set;
    so on every distribution those that may have changed are read from the node.
    """

    def __init__(self, node: Node) -> None:
        """Declare all parameters; raises rclpy's ParameterException on a bad start value."""
        self._node = node
        self._settings = NodeSettings()
        self._known = parameter_specs(NodeSettings)
        self._changing: frozenset[str] = frozenset(self._known)
        node.add_on_set_parameters_callback(self._check)
        for name, (default, known) in self._known.items():
            node.declare_parameter(name, _to_ros(default), _descriptor(default, known))
        self._settings = self.settings
        self._changing = frozenset()

    @property
    def settings(self) -> NodeSettings:
        """All settings as they are now; any thread may ask."""
        node = self._node
        found = {
            name: _from_ros(node.get_parameter(name).value)
            for name in self._changing
            if node.has_parameter(name)
        }
        held = self._settings
        if all(parameter_value(held, name) == value for name, value in found.items()):
            return held
        held = self._settings = replace_parameters(held, found)
        return held

    def _check(self, changes: list[Parameter]) -> SetParametersResult:
        changed = {
            item.name: _from_ros(item.value) for item in changes if item.name in self._known
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
    """Return a parameter's value as settings have it; an empty list comes from YAML as None."""
    return tuple(value) if isinstance(value, list) else () if value is None else value


def _descriptor(default: Any, known: ParameterSpec) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=known.text, read_only=known.read_only)
    # The type of an empty list is nobody's guess.
    descriptor.dynamic_typing = isinstance(default, tuple)
    if known.choices:
        descriptor.additional_constraints = f'One of: {", ".join(known.choices)}'
    if known.low is None or known.high is None:
        return descriptor
    if isinstance(default, float):
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=known.low, to_value=known.high)
        ]
    else:
        descriptor.integer_range = [
            IntegerRange(from_value=int(known.low), to_value=int(known.high), step=1)
        ]
    return descriptor
