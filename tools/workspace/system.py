"""What must come from the operating system: Python's venv module and headers, and a compiler."""

from __future__ import annotations

import os
import platform
import shutil
import ssl
import subprocess
import sys
import sysconfig
from pathlib import Path

from workspace import apt
from workspace.layout import Distro, SetupError, base_python


def require_machine(distro: Distro) -> None:
    """Raise SetupError where there are no wheels of ROS."""
    if not distro.installed and (platform.system(), platform.machine()) != ('Linux', 'x86_64'):
        raise SetupError(
            f'ROS 2 comes as wheels for x86-64 Linux only, this is {platform.system()} '
            f'{platform.machine()}; install ROS 2, source its setup.bash, and run this again'
        )


def require_system_packages(distro: Distro) -> None:
    """Install by apt-get what is missing, where that is allowed.

    Raises:
        SetupError: If it is not; the message is the command to run.
    """
    missing = _missing_packages(distro)
    if not missing:
        return
    if not _has_certificates():
        missing.append('ca-certificates')  # the models are downloaded by HTTPS
    as_root = _root_prefix()
    if as_root is None:
        raise SetupError(f'missing from the system: {", ".join(missing)}; {_way_out(missing)}')
    apt.install(missing, as_root)


def _missing_packages(distro: Distro) -> list[str]:
    version = f'python3.{sys.version_info.minor}'
    compiler = shutil.which(os.environ.get('CXX', 'c++')) or shutil.which('g++')
    found = {
        f'{version}-venv': _can_import('ensurepip', 'venv'),
        f'{version}-dev': Path(sysconfig.get_path('include'), 'Python.h').exists(),
        'g++': compiler is not None,
    }
    if distro.installed:
        # The one of the index needs a numpy that the installation's messages are not built for.
        found['python3-opencv'] = _can_import('cv2')
    return [package for package, is_there in found.items() if not is_there]


def _has_certificates() -> bool:
    places = ssl.get_default_verify_paths()
    return bool(places.cafile or (places.capath and os.listdir(places.capath)))


def _can_import(*modules: str) -> bool:
    command = [base_python(), '-c', f'import {", ".join(modules)}']
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _root_prefix() -> list[str] | None:
    """Return how to run apt-get as root without a question; None if that is not possible."""
    if not shutil.which('apt-get'):
        return None
    if os.geteuid() == 0:
        return []
    if not shutil.which('sudo'):
        return None
    asked = subprocess.run(['sudo', '-n', 'true'], capture_output=True, check=False)
    return ['sudo', '-n'] if asked.returncode == 0 else None


def _way_out(missing: list[str]) -> str:
    if shutil.which('apt-get'):
        return apt.way_out(missing)
    return "install them by your system's package manager, then run this again"
