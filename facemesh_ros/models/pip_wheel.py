"""Downloads the pinned wheel with pip, so that configured mirrors and proxies are used.

The wheel is read and deleted, never installed.
"""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from facemesh_ros.catalog.models import WHEEL, WHEEL_REQUIREMENT
from facemesh_ros.errors import SourceError
from facemesh_ros.models.progress import Advance, transfer

# These options fetch the one pinned wheel whatever python and machine runs pip. A dead network
# costs two short connection attempts.
_OPTIONS = (
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    '--platform=manylinux_2_28_x86_64',
    '--implementation=cp',
    '--python-version=3.11',
    '--abi=cp311',
    '--timeout=4',
    '--retries=1',
    '--progress-bar=off',
    '--disable-pip-version-check',
    '--no-input',
    '--quiet',
)
_REQUIREMENTS = 'requirements.txt'
_POLL_S = 0.2
_STALL_S = 30.0


def download_wheel(folder: Path) -> Path:
    """Download the pinned wheel into an empty folder and return its path.

    Raises:
        SourceError: If there is no pip, or it cannot get the wheel.
    """
    requirements = folder / _REQUIREMENTS
    requirements.write_text(f'{WHEEL_REQUIREMENT} --hash=sha256:{WHEEL.sha256}\n')
    command = [*_pip(), 'download', *_OPTIONS, '-r', str(requirements), '-d', str(folder)]
    # pip streams into its own temporary folder; put here, its growth is the progress.
    environment = {**os.environ, 'TMPDIR': str(folder)}
    with transfer(WHEEL.title, WHEEL.size) as advance, ThreadPoolExecutor(1) as reader:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        # Not into a file: where the disk is full, that would be lost too.
        output = reader.submit(process.communicate)
        try:
            _watch(process, folder, advance)
        finally:
            process.kill()
            process.wait()
    wheels = list(folder.glob('*.whl'))
    if process.returncode or not wheels:
        log = output.result()[0].decode(errors='replace')
        raise SourceError(f'{WHEEL.title}: {_reason(log)}')
    return wheels[0]


def _pip() -> Sequence[str]:
    if importlib.util.find_spec('pip'):
        return (sys.executable, '-m', 'pip')
    found = shutil.which('pip3') or shutil.which('pip')
    if found is None:
        raise SourceError(
            f'{WHEEL.title}: needs pip; get it with `sudo apt install python3-pip` or '
            f'`{sys.executable} -m ensurepip`'
        )
    return (found,)


def _watch(process: subprocess.Popen[bytes], folder: Path, advance: Advance) -> None:
    """Report bytes until pip ends; end it if none arrive for long."""
    seen, changed_s = 0, time.monotonic()
    while process.poll() is None:
        time.sleep(_POLL_S)
        count = min(_downloaded(folder), WHEEL.size)
        if count > seen:
            advance(count - seen)
            seen, changed_s = count, time.monotonic()
        elif time.monotonic() - changed_s > _STALL_S:
            raise SourceError(f'{WHEEL.title}: the transfer stalled')
    if process.returncode == 0:
        advance(WHEEL.size - seen)


def _downloaded(folder: Path) -> int:
    sizes = [0]
    for parent, _, names in os.walk(folder):  # folders that pip has removed meanwhile are no error
        for name in set(names) - {_REQUIREMENTS}:
            with contextlib.suppress(OSError):  # nor are files
                sizes.append(Path(parent, name).stat().st_size)
    return max(sizes)


def _reason(log: str) -> str:
    if 'connection broken' in log:
        return 'the Python package index cannot be reached'
    if os.strerror(errno.ENOSPC) in log:
        return 'the folder for temporary files is full; name another one with $TMPDIR'
    if 'DO NOT MATCH THE HASHES' in log:
        return (
            'the package index, or a mirror or proxy before it, sent another file than the pinned '
            f'{WHEEL.size} bytes with SHA-256 {WHEEL.sha256}'
        )
    if 'incomplete-download' in log:  # pip 25; older ones find a wrong hash
        return 'the package index, or a mirror or proxy before it, broke off; try again'
    if 'No matching distribution found' in log:
        return 'the package index, mirror or folder of wheels that pip uses does not have it'
    # What newer releases of pip say in several lines has its first sentence behind a cross.
    errors = [line for line in log.splitlines() if line.startswith(('ERROR', '×'))]
    return errors[0] if errors else 'pip could not download it'
