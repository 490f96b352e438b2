"""What a measurement through DDS runs in: a domain of its own, and which versions."""

from __future__ import annotations

import os
import sys
from importlib import metadata

from facemesh_ros.ros.process.dds_profile import use_large_image_profile

# Where no test listens: their domains end at 99.
FIRST_DOMAIN, DOMAINS = 215, 17
PACKAGES = ('onnxruntime', 'numpy', 'opencv-python-headless', 'ros-rclpy')


def prepare_dds(discovery_range: str) -> None:
    """Let all processes to come speak to one another, and to nobody else.

    Args:
        discovery_range: LOCALHOST or SUBNET, see ROS_AUTOMATIC_DISCOVERY_RANGE.
    """
    os.environ['ROS_DOMAIN_ID'] = str(FIRST_DOMAIN + os.getpid() % DOMAINS)
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = discovery_range
    use_large_image_profile()


def versions() -> dict[str, str]:
    """Return the versions of what the node is made of."""
    known = {'ROS': os.environ.get('ROS_DISTRO', 'unknown')}
    known['RMW'] = os.environ.get('RMW_IMPLEMENTATION', 'default')
    known['Python'] = '.'.join(map(str, sys.version_info[:3]))
    for package in PACKAGES:
        try:
            known[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # from a ROS installation
            continue
    return known
