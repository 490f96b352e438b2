"""Rerun, which only those get who look at faces in it, and the tests."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise

from workspace.environment import environment
from workspace.layout import REQUIREMENTS, Distro
from workspace.python_packages import why_not_installed
from workspace.steps import Step, fingerprint_of, run_logged

_OPTION = '--view'


def wants_rerun(arguments: Sequence[str]) -> bool:
    """Tell whether the demo is asked to open Rerun, which it opens if nothing else is named."""
    return any(
        argument == f'{_OPTION}=rerun' or (argument == _OPTION and after != 'rviz')
        for argument, after in pairwise([*arguments, ''])
    )


def viewer_packages(distro: Distro) -> list[Step]:
    """Return the step that installs Rerun, none where it cannot be.

    It needs numpy 2, and the messages of a ROS installation are built against numpy 1 up to
    Python 3.12.
    """
    if distro.installed and sys.version_info < (3, 13):
        return []
    requirements = REQUIREMENTS / 'view.txt'
    pip = [str(distro.python), '-m', 'pip', '--disable-pip-version-check', '--no-input']

    def install(_: bool) -> None:
        command = [*pip, 'install', '-r', str(requirements)]
        run_logged(command, distro.stamps / 'pip.log', environment(distro), why_not_installed)

    return [
        Step(
            f'{distro.name}: the viewer Rerun (230 MB to download, once)',
            distro.stamps / 'view',
            fingerprint_of([requirements]),
            install,
        )
    ]
