"""The virtual environment of a distribution and the Python packages in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from workspace.environment import environment, site_packages, write_python_entry
from workspace.layout import REQUIREMENTS, Distro, base_python
from workspace.place import require_room
from workspace.steps import Step, fingerprint_of, run_logged, tell
from workspace.system import require_machine, require_system_packages

# Both install the module onnxruntime, so one of them has to leave before the other one comes.
_RUNTIMES = {'cpu': 'onnxruntime', 'gpu': 'onnxruntime_gpu'}


def python_packages(distro: Distro) -> Step:
    """Return the step that makes the environment and installs into it."""
    kind = _runtime_kind()
    requirements = _requirement_files(distro)
    size = '2.7 GB with the libraries for the NVIDIA GPU' if kind == 'gpu' else '320 MB'

    def install(was_done: bool) -> None:
        if not was_done:
            _make_venv(distro)
        _remove_runtime(distro, 'cpu' if kind == 'gpu' else 'gpu')
        _install(distro, requirements)
        write_python_entry(distro)

    return Step(
        f'{distro.name}: Python packages ({size} to download the first time)',
        distro.stamps / 'python',
        fingerprint_of(requirements),
        install,
        lambda: _is_usable(distro),
    )


def test_packages(distro: Distro) -> Step:
    """Return the step that adds what only tests and checks need."""
    # With the others, so that no version of theirs is changed.
    requirements = [*_requirement_files(distro), *_requirement_files(distro, for_tests=True)]
    return Step(
        f'{distro.name}: Python packages for tests (55 MB to download the first time)',
        distro.stamps / 'python_tests',
        fingerprint_of(requirements),
        lambda _: _install(distro, requirements),
    )


def has_nvidia_gpu() -> bool:
    """Tell whether an NVIDIA GPU and its driver are there."""
    if Path('/proc/driver/nvidia/version').exists():
        return any(Path('/dev').glob('nvidia[0-9]*'))  # a container may see the driver alone
    if not shutil.which('nvidia-smi'):
        return False
    listed = subprocess.run(['nvidia-smi', '-L'], capture_output=True, check=False)
    return listed.returncode == 0 and b'GPU' in listed.stdout


def _runtime_kind() -> str:
    return 'gpu' if has_nvidia_gpu() else 'cpu'


def _requirement_files(distro: Distro, *, for_tests: bool = False) -> list[Path]:
    ros = 'with_ros' if distro.installed else 'without_ros'
    if for_tests:
        names = [f'{ros}_tests', 'tests']
    else:
        wheels = [] if distro.installed else [distro.name]
        names = [*wheels, ros, 'common', _runtime_kind()]
    return [REQUIREMENTS / f'{name}.txt' for name in names]


def _install(distro: Distro, requirements: Sequence[Path]) -> None:
    files = [part for file in requirements for part in ('-r', file)]
    log = distro.stamps / 'pip.log'
    run_logged([*_pip(distro), 'install', *files], log, environment(distro), why_not_installed)


def why_not_installed(said: str) -> str:
    """Return what a user can do, by what pip has said; empty if it is none of the usual causes."""
    if 'CERTIFICATE_VERIFY_FAILED' in said:
        return (
            'this machine does not trust the Python package index, or a proxy before it: name the '
            "authority's file with PIP_CERT, then run the same again"
        )
    if re.search('connection broken|Connection broken|ReadTimeoutError|ProxyError', said):
        return (
            'the Python package index could not be reached, or broke off: with a network, run the '
            'same again, it goes on from here; a proxy is named with HTTPS_PROXY, a mirror with '
            'PIP_INDEX_URL; without a network see "Without a network" in docs/install.md'
        )
    if 'No matching distribution found' in said:
        wanted = re.findall('No matching distribution found for (.*)', said)[-1]
        return (
            f'pip finds no {wanted}: a mirror, or a folder of wheels, lacks it for this Python '
            f'(3.{sys.version_info.minor})'
        )
    return ''


def _is_usable(distro: Distro) -> bool:
    """Tell whether the checkout has not moved, nor its Python gone or changed its version."""
    try:
        activate = (distro.venv / 'bin' / 'activate').read_text()
    except FileNotFoundError:
        return False
    path = re.escape(str(distro.venv))
    has_not_moved = re.search(rf'VIRTUAL_ENV=["\']?{path}["\']?$', activate, re.M)
    version = re.search(r'python3\.\d+$', os.path.realpath(distro.python))
    is_same_python = version is None or (distro.venv / 'lib' / version[0]).exists()
    return bool(has_not_moved) and distro.python.exists() and is_same_python


def _make_venv(distro: Distro) -> None:
    require_machine(distro)
    require_room()
    require_system_packages(distro)
    if distro.venv.exists():
        tell('    an earlier set-up was interrupted or moved: making the environment again')
        shutil.rmtree(distro.venv)
    options = ['--system-site-packages'] if distro.installed else []
    log = distro.venv.with_suffix('.log')
    run_logged([base_python(), '-m', 'venv', *options, distro.venv], log, dict(os.environ))
    log.unlink()


def _pip(distro: Distro) -> list[str | Path]:
    return [distro.python, '-m', 'pip', '--disable-pip-version-check', '--no-input']


def _remove_runtime(distro: Distro, kind: str) -> None:
    if any(site_packages(distro).glob(f'{_RUNTIMES[kind]}-*.dist-info')):
        # Both of them: what the one that stays shares with the other one goes as well.
        names = list(_RUNTIMES.values())
        command = [*_pip(distro), 'uninstall', '-y', *names]
        run_logged(command, distro.stamps / 'pip.log', environment(distro))
