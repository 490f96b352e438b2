"""Which viewer a demo opens beside the terminal."""

from __future__ import annotations

import argparse
import os
import shutil
from importlib.util import find_spec

from facemesh_ros.errors import FacemeshError
from facemesh_ros.ros.demo.processes import Processes
from facemesh_ros.ros.process.dds_profile import share_folder

RERUN, RVIZ, NONE = 'rerun', 'rviz', 'none'


def add_view_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the viewer; None stands for RViz where it can be shown."""
    parser.add_argument(
        '--view',
        nargs='?',
        const=RERUN,
        choices=(RERUN, RVIZ),
        help='open a viewer: rerun (if none is named), in a window or, without a display, as a '
        'page whose address is printed; or rviz. Default: rviz if it is installed and there is '
        'a display',
    )
    parser.add_argument(
        '--no-view', dest='view', action='store_const', const=NONE, help='open no viewer'
    )


def chosen_viewer(wanted: str | None) -> str:
    """Return RERUN, RVIZ or NONE.

    Args:
        wanted: As `add_view_arguments` has it.

    Raises:
        FacemeshError: If the viewer that is wanted cannot be started.
    """
    why_no_rviz = _why_no_rviz()
    if wanted is None:
        return NONE if why_no_rviz else RVIZ
    if wanted == RVIZ and why_no_rviz:
        raise FacemeshError(f'--view rviz needs {why_no_rviz}; --view shows the same in Rerun')
    if wanted == RERUN and find_spec('rerun') is None:
        raise FacemeshError(
            '--view needs the Python package rerun-sdk, which `./run demo --view` installs where '
            'ROS works with numpy 2: as wheels, in a shell in which no ROS is sourced'
        )
    return wanted


def start_viewer(viewer: str, nodes: Processes, namespace: str) -> None:
    """Start a viewer of the nodes in a namespace; it may be closed while they go on."""
    if viewer == RERUN:
        shown = ['--topic', f'{namespace}/facemesh/landmarks']
        of_ros = ['--ros-args', '-r', f'__ns:={namespace}']
        nodes.start_module('facemesh_ros.cli', 'view', *shown, *of_ros, may_end=True)
    elif viewer == RVIZ:
        config = str(share_folder() / 'config' / 'facemesh.rviz')
        remaps = ['-r', f'__ns:={namespace}', '-r', '/tf:=tf']
        nodes.start(['rviz2', '-d', config, '--ros-args', *remaps])


def _why_no_rviz() -> str:
    """Return what RViz lacks, empty if nothing."""
    if not shutil.which('rviz2'):
        return 'rviz2 on the PATH, which comes with a ROS installation'
    if not (os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
        return 'a display, and neither DISPLAY nor WAYLAND_DISPLAY is set'
    return ''
