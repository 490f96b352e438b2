"""How the processes of one machine talk: with room for images, undisturbed by other machines."""

from __future__ import annotations

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory

# Fast DDS 2 reads the older name; given both, Fast DDS 3 reads the file twice and complains.
OLDER_DISTROS = ('humble', 'iron', 'jazzy')


def share_folder() -> Path:
    """Return where the package's launch and configuration files lie."""
    return Path(get_package_share_directory('facemesh_ros'))


def use_large_image_profile() -> None:
    """Let this process and its children exchange images of any size through shared memory.

    By its defaults Fast DDS loses a best-effort VGA image whole. What the user has set stays.
    """
    os.environ.setdefault(*large_image_profile())


def large_image_profile() -> tuple[str, str]:
    """Return the environment variable that makes room for images, and its value."""
    older = os.environ.get('ROS_DISTRO') in OLDER_DISTROS
    variable = 'FASTRTPS_DEFAULT_PROFILES_FILE' if older else 'FASTDDS_DEFAULT_PROFILES_FILE'
    return variable, str(share_folder() / 'config' / 'fastdds_large_images.xml')


def use_localhost_discovery() -> None:
    """Let this process and its children find nobody on other machines, and not be found by them.

    Whatever the user has set for that is for robots, and gives way.
    """
    for name in ('ROS_STATIC_PEERS', 'ROS_DISCOVERY_SERVER', 'ROS_LOCALHOST_ONLY'):
        os.environ.pop(name, None)
    if os.environ.get('ROS_DISTRO') == 'humble':
        os.environ['ROS_LOCALHOST_ONLY'] = '1'
    else:
        os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
