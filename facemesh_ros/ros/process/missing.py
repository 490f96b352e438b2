"""What is missing on a machine where a program of ours cannot be imported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from facemesh_ros.errors import FacemeshError

_ADVICE = {
    'rclpy': 'ROS 2 is not there: source its setup.bash, and start in an environment that has it',
    'facemesh_ros.msg': 'the messages of facemesh_ros are not there: source its workspace '
    '(install/setup.bash)',
    'hri_msgs': 'the package hri_msgs is not installed: `sudo apt install '
    'ros-{distro}-hri-msgs`, or build github.com/ros4hri/hri_msgs in your workspace and source it',
}


class MissingPackageError(FacemeshError):
    """A package of ROS is missing; the text says which, and how to get it."""


@contextmanager
def explaining_missing_packages() -> Iterator[None]:
    """Import what needs ROS within this.

    Raises:
        MissingPackageError: Instead of Python's error, for packages that are not ours to bring.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        advice = _ADVICE.get(error.name or '')
        if advice is None:
            raise
        distro = os.environ.get('ROS_DISTRO', '<distro>')
        raise MissingPackageError(advice.format(distro=distro)) from error
