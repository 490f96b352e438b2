"""Parameters of the bridge."""

from __future__ import annotations

from dataclasses import dataclass

from facemesh_ros.ros.input.topics import TRANSPORTS
from facemesh_ros.ros.parameters import CAMERA_NAMES, check_cameras
from facemesh_ros.settings.parameter_specs import check_settings, parameter


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """Every parameter of the bridge; all are read at start."""

    facemesh_node: str = parameter(
        'facemesh',
        'Name of the node facemesh, as seen from the namespace of the bridge.',
        read_only=True,
    )
    cameras: tuple[str, ...] = parameter(
        (),
        "Names of the node's cameras to bridge; empty for a node with one camera.",
        constraints=CAMERA_NAMES,
        read_only=True,
    )
    image_transport: str = parameter(
        'raw',
        'Type of the images that faces are cut out of.',
        choices=tuple(TRANSPORTS),
        read_only=True,
    )
    privacy_mode: bool = parameter(
        False,
        'Cut out no faces and subscribe to no images, whoever asks for them.',
        read_only=True,
    )
    face_width: int = parameter(
        128, 'Width of the pictures of faces, px.', low=16, high=1024, read_only=True
    )
    face_height: int = parameter(
        128, 'Height of the pictures of faces, px.', low=16, high=1024, read_only=True
    )
    stale_after: float = parameter(
        2.0,
        'Time without a message of the node after which the faces of a camera are gone, s.',
        low=0.2,
        high=60.0,
        read_only=True,
    )

    def __post_init__(self) -> None:
        check_settings(self)
        check_cameras(self.cameras)
