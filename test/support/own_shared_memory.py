"""Runs a program on a /dev/shm of its own, and tells what it leaves there.

Where no process may mount for itself, on that of all, and nothing is told of it. It prints the
program's process id at once, and at the end one line of JSON: status, output, files left.
"""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from facemesh_ros.ros.process.signals import block_signals

NAMESPACE = ('unshare', '--map-root-user', '--mount')
SHARED_MEMORY = Path('/dev/shm')
# Of a tracer that some distributions' rcl is linked with.
NOT_OURS = 'lttng-'
OWN, SHARED = 'own', 'shared'


def command_of(command: Sequence[str]) -> list[str]:
    """Return how this is called for a program."""
    started = (
        (*NAMESPACE, sys.executable, __file__, OWN)
        if may_mount()
        else (sys.executable, __file__, SHARED)
    )
    return [*started, *command]


@functools.cache
def may_mount() -> bool:
    """Whether this system lets a process mount for itself."""
    return bool(shutil.which('unshare')) and not subprocess.run([*NAMESPACE, 'true']).returncode


def main(memory: str, *command: str) -> None:
    if memory == OWN:
        subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', SHARED_MEMORY], check=True)
    block_signals()  # as the demo does while Python starts
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(program.pid, flush=True)
    output, _ = program.communicate()
    files = SHARED_MEMORY.iterdir() if memory == OWN else ()
    left = sorted(file.name for file in files if not file.name.startswith(NOT_OURS))
    print(json.dumps({'status': program.returncode, 'output': output, 'left': left}))


if __name__ == '__main__':
    main(*sys.argv[1:])
