"""Where things lie, and which ROS 2 distribution is meant."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / 'tools' / 'wheels'
VENVS = ROOT / '.venv'
WHEEL_DISTROS = ('kilted', 'jazzy')


class SetupError(Exception):
    """The set-up cannot go on; the message names the way out."""


@dataclass(frozen=True)
class Distro:
    """A ROS 2 distribution and the virtual environment that goes with it.

    Attributes:
        name: Such as 'kilted'.
        installed: Whether it is a sourced ROS installation; otherwise it comes as wheels.
    """

    name: str
    installed: bool = False

    @property
    def folder(self) -> str:
        """Name of its folders under .venv/ and build/."""
        return f'ros-{self.name}' if self.installed else self.name

    @property
    def venv(self) -> Path:
        """The virtual environment, which is also the prefix that the package is installed to."""
        return VENVS / self.folder

    @property
    def python(self) -> Path:
        """The environment's Python."""
        return self.venv / 'bin' / 'python'

    @property
    def build(self) -> Path:
        """CMake's build folder."""
        return ROOT / 'build' / self.folder

    @property
    def stamps(self) -> Path:
        """Folder of one file per finished step; inside the venv, so that it goes with it."""
        return self.venv / 'stamps'

    @property
    def is_ready(self) -> bool:
        """Whether the package has been built in it."""
        return (self.stamps / 'package').exists()


def base_python() -> str:
    """Return the Python that environments are made of, also when started inside one."""
    return str(getattr(sys, '_base_executable', sys.executable))


def is_ours(path: str) -> bool:
    """Tell whether a path lies in this checkout, so that it is no ROS installation."""
    return Path(path).resolve().is_relative_to(ROOT)


def sourced_distro() -> str | None:
    """Return the name of the ROS 2 installation that is sourced and usable, if any."""
    name = os.environ.get('ROS_DISTRO')
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    if not name or all(is_ours(prefix) for prefix in prefixes if prefix):
        return None
    rclpy = importlib.util.find_spec('rclpy')
    return name if rclpy and rclpy.origin and not is_ours(rclpy.origin) else None


def chosen_distro(wanted: str | None) -> Distro:
    """Return the distribution to use.

    Args:
        wanted: What the user asked for; by default a sourced ROS, else the first of the wheels.

    Raises:
        SetupError: If it is neither sourced nor there as wheels.
    """
    sourced = sourced_distro()
    if sourced and wanted in (None, sourced):
        return Distro(sourced, installed=True)
    name = wanted or WHEEL_DISTROS[0]
    if name not in WHEEL_DISTROS:
        raise SetupError(
            f'--distro {name}: there are wheels of {", ".join(WHEEL_DISTROS)}; '
            f'for any other one, source its installation and leave --distro out'
        )
    return Distro(name)


def other_distro(distro: Distro) -> Distro | None:
    """Return another distribution whose environment is ready, for tests between the two."""
    others = (Distro(name) for name in WHEEL_DISTROS if name != distro.name)
    return next((other for other in others if other.is_ready), None)
