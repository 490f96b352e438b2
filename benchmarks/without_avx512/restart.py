"""Restarts a benchmark as on a processor without AVX-512.

The libraries that calculate are replaced by patched copies, and /proc/cpuinfo by one without the
flags, in a mount namespace of this process and its children alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from common.machine import HIDDEN_AVX512
from without_avx512.patched_libraries import libraries_in, patched_copy, replace_file
from workspace.layout import VENVS, SetupError
from workspace.peers import ENVIRONMENTS, peer_python

CPU_FACTS = Path('/proc/cpuinfo')
# Beside the environments whose libraries they are copies of, and gone with them.
FOLDER = VENVS / 'without-avx512'
_SOURCE = Path(__file__).with_name('answer_cpuid.c')
_FLAGS = re.compile(r' (avx512|avx10|avx_vnni|avx_ifma|amx_)\w*')
_GLIBC = 'glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512CD,-AVX512DQ'
_TOOLS = {'cc': 'gcc', 'objdump': 'binutils', 'unshare': 'util-linux', 'mount': 'mount'}


class CannotHideError(Exception):
    """AVX-512 cannot be hidden here; the text names the way out."""


def restart_without_avx512(peers: Sequence[str] = ()) -> None:
    """Become the same program with AVX-512 hidden, unless it is already.

    Args:
        peers: Environments of `tools/wheels` that it starts programs in.

    Raises:
        CannotHideError: If something is missing.
    """
    if os.environ.get(HIDDEN_AVX512):
        return
    require_means()
    folders = [*map(Path, sys.path)]
    for name in peers:
        with suppress(SetupError):  # the benchmark leaves it out and says why
            peer_python(name)  # libraries that are installed later would see AVX-512
        folders += ENVIRONMENTS.glob(f'{name}/lib/python3*/site-packages')
    command = command_without_avx512([sys.executable, *sys.orig_argv[1:]], folders)
    os.execvpe(command[0], command, environment_without_avx512())


def require_means() -> None:
    """Raise CannotHideError if there is nothing to hide, or something is missing for it."""
    if ' avx512f' not in CPU_FACTS.read_text():
        raise CannotHideError(
            'this processor has no AVX-512: what runs without it is what runs anyway'
        )
    if ' ' in str(FOLDER):
        raise CannotHideError(
            'hiding AVX-512 needs a checkout whose path has no spaces (LD_PRELOAD)'
        )
    missing = [package for tool, package in _TOOLS.items() if not shutil.which(tool)]
    if missing:
        packages = ' '.join(missing)
        raise CannotHideError(f'hiding AVX-512 needs {packages}: `apt-get install {packages}`')
    try:
        subprocess.run([*_enter(), 'true'], check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        raise CannotHideError(
            'hiding AVX-512 needs root, or a kernel that lets any user make namespaces: '
            f'{error.stderr.decode().strip()}'
        ) from error


def command_without_avx512(command: Sequence[str], folders: Iterable[Path]) -> list[str]:
    """Return a command that runs another one, which sees patched libraries of some folders.

    It goes with `environment_without_avx512`.
    """
    facts = FOLDER / 'cpuinfo'
    replace_file(facts, _FLAGS.sub('', CPU_FACTS.read_text()).encode())
    seen_for = {CPU_FACTS: facts}
    seen_for |= {path: patched_copy(path, FOLDER) for path in libraries_in(folders)}
    mounts = [
        shlex.join(['mount', '--bind', str(seen), str(path)]) for path, seen in seen_for.items()
    ]
    script = ' && '.join([*mounts, 'exec "$@"'])
    return [*_enter(), 'sh', '-c', script, 'sh', *command]


def environment_without_avx512() -> dict[str, str]:
    """Return this process's environment for a process that sees no AVX-512, and its children."""
    first = {'LD_PRELOAD': str(_answering_library()), 'GLIBC_TUNABLES': _GLIBC}
    joined = {
        name: ':'.join(filter(None, [value, os.environ.get(name)]))
        for name, value in first.items()
    }
    return {**os.environ, **joined, HIDDEN_AVX512: '1'}


def _answering_library() -> Path:
    library = FOLDER / f'answer_cpuid-{hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:16]}.so'
    if not library.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        built = library.with_suffix('.new')
        flags = ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror']
        subprocess.run(['cc', *flags, '-o', built, _SOURCE], check=True)
        built.replace(library)
    return library


def _enter() -> list[str]:
    """Return a command that runs another one with mounts of its own."""
    as_root = [] if os.geteuid() == 0 else ['--user', '--map-root-user']
    return ['unshare', *as_root, '--mount']
