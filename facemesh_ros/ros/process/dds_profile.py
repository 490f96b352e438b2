"""DDS settings of this process: shared memory for large images, discovery on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory

# Fast DDS 2 reads the older name; given both, Fast DDS 3 reads the file twice and complains.
OLDER_DISTROS = ('humble', 'iron', 'jazzy')


def share_folder() -> Path:
    """Return the folder of the package's launch and configuration files."""
    return Path(get_package_share_directory('facemesh_ros'))


def use_large_image_profile() -> None:
    """Let this process and its children exchange images of any size through shared memory.

    By default Fast DDS loses best-effort images as small as VGA. A profile that the user has set
    is kept.
    """
    os.environ.setdefault(*large_image_profile())


def large_image_profile() -> tuple[str, str]:
    """Return the environment variable that selects the DDS profile for images, and its value."""
    older = os.environ.get('ROS_DISTRO') in OLDER_DISTROS
    variable = 'FASTRTPS_DEFAULT_PROFILES_FILE' if older else 'FASTDDS_DEFAULT_PROFILES_FILE'
    return variable, str(share_folder() / 'config' / 'fastdds_large_images.xml')


def use_localhost_discovery() -> None:
    """Let this process and its children discover only nodes on this machine, and only by these.

    The user's own settings, which are for robots, are overridden.
    """
    for name in ('ROS_STATIC_PEERS', 'ROS_DISCOVERY_SERVER', 'ROS_LOCALHOST_ONLY'):
        os.environ.pop(name, None)
    if os.environ.get('ROS_DISTRO') == 'humble':
        os.environ['ROS_LOCALHOST_ONLY'] = '1'
    else:
        os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
