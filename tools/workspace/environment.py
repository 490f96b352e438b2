"""The environment variables of a distribution, said once."""

from __future__ import annotations

import os
from pathlib import Path

from workspace.home import variables_of_home
from workspace.layout import ROOT, Distro, base_python, is_ours, other_distro

# The wheels' own start-up hook sets it and LD_LIBRARY_PATH, then starts Python again; inherited by
# the Python of another environment, it would keep that one from finding its libraries.
_BOOTSTRAPPED = '_ROS_WHEELS_BOOTSTRAP_COMPLETE'
# Tests and benchmarks import ONNX Runtime by themselves; the package turns it off in its own way.
NO_TELEMETRY = {'ORT_DISABLE_TELEMETRY': '1'}


def colcon_defaults(distro: Distro) -> Path:
    """Return where colcon's default arguments for the wheels are kept."""
    return distro.venv / 'colcon.yaml'


def python_entry(distro: Distro) -> Path:
    """Return the command that starts the distribution's Python from inside any other one."""
    return distro.venv / 'bin' / 'distro-python'


def site_packages(distro: Distro) -> Path:
    """Return the environment's folder of Python modules."""
    return next(distro.venv.glob('lib/python3*/site-packages'))


def environment(distro: Distro) -> dict[str, str]:
    """Return this process's environment, changed into that of a distribution."""
    variables = {name: value for name, value in os.environ.items() if name != 'PYTHONHOME'}
    _leave(variables, keep_ros=distro.installed)
    variables['VIRTUAL_ENV'] = str(distro.venv)
    for name, entry in _prefixes(distro).items():
        variables[name] = os.pathsep.join(filter(None, (str(entry), variables.get(name))))
    variables.update(ROS_DISTRO=distro.name, ROS_VERSION='2', ROS_PYTHON_VERSION='3')
    _make_room_for_images(variables, distro.name)
    variables.update(NO_TELEMETRY)
    variables.update(variables_of_home(variables))
    if not distro.installed:
        variables['COLCON_DEFAULTS_FILE'] = str(colcon_defaults(distro))
    other = other_distro(distro)
    if other:
        variables['FACEMESH_OTHER_DISTRO_PYTHON'] = str(python_entry(other))
    return variables


def environment_without_ros() -> dict[str, str]:
    """Return this process's environment without any distribution, for a Python of its own."""
    variables = {**os.environ, **NO_TELEMETRY}
    _leave(variables, keep_ros=False)
    return variables


def _make_room_for_images(variables: dict[str, str], distro_name: str) -> None:
    """Let Fast DDS carry images of any size; by its defaults it loses them without a word."""
    older = distro_name in ('humble', 'iron', 'jazzy')
    variable = 'FASTRTPS_DEFAULT_PROFILES_FILE' if older else 'FASTDDS_DEFAULT_PROFILES_FILE'
    variables.setdefault(variable, str(ROOT / 'config' / 'fastdds_large_images.xml'))


def _prefixes(distro: Distro) -> dict[str, Path]:
    found = {
        'PATH': distro.venv / 'bin',
        'AMENT_PREFIX_PATH': distro.venv,
        'CMAKE_PREFIX_PATH': distro.venv,
    }
    if distro.installed:  # whose PYTHONPATH comes before any site-packages
        found['PYTHONPATH'] = site_packages(distro)
        found['LD_LIBRARY_PATH'] = distro.venv / 'lib'
    return found


def _leave(variables: dict[str, str], *, keep_ros: bool) -> None:
    """Take the entries of other environments out, also those of a sourced ROS unless kept."""
    variables.pop(_BOOTSTRAPPED, None)
    variables.pop('FACEMESH_OTHER_DISTRO_PYTHON', None)
    variables.pop('COLCON_DEFAULTS_FILE', None)
    foreign = [] if keep_ros else variables.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    prefixes = [Path(prefix).resolve() for prefix in foreign if prefix]
    for name in (
        'PATH',
        'PYTHONPATH',
        'LD_LIBRARY_PATH',
        'AMENT_PREFIX_PATH',
        'CMAKE_PREFIX_PATH',
    ):
        kept = [
            entry
            for entry in variables.pop(name, '').split(os.pathsep)
            if entry
            and not is_ours(entry)
            and not any(Path(entry).resolve().is_relative_to(prefix) for prefix in prefixes)
        ]
        if kept:
            variables[name] = os.pathsep.join(kept)


def write_python_entry(distro: Distro) -> None:
    """Write the command that `python_entry` names."""
    entry = python_entry(distro)
    enter = ROOT / 'tools' / 'enter_distro.py'
    entry.write_text(f'#!/bin/sh\nexec "{base_python()}" -B "{enter}" {distro.name} python "$@"\n')
    entry.chmod(0o755)
