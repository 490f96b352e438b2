"""What is measured through ROS: cameras, their transport, and the nodes that take their images."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import metadata

from common.scenes import FaceScene, stream_scene
from ros_domain import BENCHMARKS, own_domain

from facemesh_ros.ros.process.dds_profile import use_large_image_profile

RATE_HZ = 30.0
NODE = 'facemesh'
PACKAGES = ('onnxruntime', 'numpy', 'opencv-python-headless', 'ros-rclpy')


@dataclass(frozen=True)
class Setting:
    """Cameras and nodes.

    Attributes:
        cameras: How many.
        size: Key of SIZES.
        transport: 'raw' or 'compressed'.
        markers: Whether markers are subscribed to.
        shared: Whether one node takes all cameras, or each has a node of its own.
        max_faces: With 1, there is no search while the face is tracked; None for the default.
        rate_hz: Of each camera.
    """

    cameras: int
    size: str
    transport: str = 'raw'
    markers: bool = False
    shared: bool = False
    max_faces: int | None = None
    rate_hz: float = RATE_HZ

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return 1 if self.shared else self.cameras

    @property
    def special(self) -> str:
        """What differs from the defaults."""
        faces = f'max_faces {self.max_faces}' if self.max_faces else ''
        return ', '.join(filter(None, ['markers' * self.markers, faces]))

    @property
    def name(self) -> str:
        """For people."""
        cameras = f'{self.cameras} camera{"s"[: self.cameras > 1]}'
        nodes = f'{self.nodes} node{"s"[: self.nodes > 1]}'
        special = f', {self.special}' if self.special else ''
        return f'{cameras} {self.size} {self.transport}, {nodes}{special}'

    @property
    def scene(self) -> FaceScene:
        """What the cameras show."""
        return stream_scene(self.size, 1)

    @property
    def camera_names(self) -> list[str]:
        """Names of the cameras, which are the first parts of their topics."""
        return [f'camera{number}' for number in range(self.cameras)]

    def image_topic(self, camera: str) -> str:
        """Return the topic of a camera's images."""
        return f'/{camera}/image_raw' + '/compressed' * (self.transport == 'compressed')

    def output_topic(self, camera: str, name: str) -> str:
        """Return the topic of a node's output for a camera."""
        return f'/{NODE}/{camera}/{name}' if self.shared else f'/{camera}/{NODE}/{name}'

    @property
    def node_arguments(self) -> list[list[str]]:
        """Arguments of each node."""
        common = ['--ros-args', '-p', f'image_transport:={self.transport}']
        common += ['-p', f'max_faces:={self.max_faces}'] if self.max_faces else []
        if self.shared:
            return [[*common, '-p', f'cameras:=[{", ".join(self.camera_names)}]']]
        return [[*common, '-r', f'__ns:=/{camera}'] for camera in self.camera_names]


def isolate_dds(discovery_range: str) -> None:
    """Put all processes to come into a domain of their own.

    Args:
        discovery_range: LOCALHOST or SUBNET, see ROS_AUTOMATIC_DISCOVERY_RANGE.
    """
    os.environ['ROS_DOMAIN_ID'] = str(own_domain(BENCHMARKS))
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = discovery_range
    use_large_image_profile()


def versions() -> dict[str, str]:
    """Return the versions of ROS and of the node's packages."""
    known = {'ROS': os.environ.get('ROS_DISTRO', 'unknown')}
    known['RMW'] = os.environ.get('RMW_IMPLEMENTATION', 'default')
    known['Python'] = '.'.join(map(str, sys.version_info[:3]))
    for package in PACKAGES:
        try:
            known[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # from a ROS installation
            continue
    return known
