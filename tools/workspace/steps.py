"""Steps of the set-up: done once, named while they run, safe to interrupt anywhere.

A step is done when its stamp holds its fingerprint. The stamp is removed before the step starts
and written whole after it has ended, so a step that was interrupted is known to be half done.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workspace.layout import VENVS, SetupError
from workspace.place import full_disk, require_usable_checkout, tells_full_disk
from workspace.waiting_line import erasure, waiting_line

_LOG_LINES_SHOWN = 30
# Commands keep them too: should this process be killed, nobody starts another one beside them.
held_locks: list[int] = []


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: What it brings, as the user sees it.
        stamp: File that says that it is done.
        fingerprint: Changes whenever the step must be done again.
        action: Does it; is told whether an earlier run of it ended well.
        is_intact: Whether what an earlier run has brought is still there.
    """

    name: str
    stamp: Path
    fingerprint: str
    action: Callable[[bool], None]
    is_intact: Callable[[], bool] = lambda: True

    @property
    def is_done(self) -> bool:
        """Whether it has been done as it would be done now."""
        try:
            return self.stamp.read_text() == self.fingerprint and self.is_intact()
        except FileNotFoundError:
            return False

    def run(self) -> None:
        """Do it and stamp it."""
        was_done = self.stamp.exists() and self.is_intact()
        self.stamp.unlink(missing_ok=True)
        self.action(was_done)
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        partial = self.stamp.with_suffix('.partial')
        partial.write_text(self.fingerprint)
        partial.replace(self.stamp)


# A step, or several that are done side by side.
Stage = Step | tuple[Step, ...]


def tell(line: str) -> None:
    """Show a line to the user; standard output belongs to the command that is started."""
    print(f'{erasure()}{line}', file=sys.stderr, flush=True)


def bring_up(steps: Sequence[Stage]) -> None:
    """Do the steps that are not done, in order, one `./run` at a time.

    Args:
        steps: The steps; those of a tuple are done side by side.

    Raises:
        SetupError: If one fails; a second try goes on from there.
    """
    stages = [step if isinstance(step, tuple) else (step,) for step in steps]
    if all(step.is_done for stage in stages for step in stage):
        return
    require_usable_checkout()
    with _lock():
        for stage in stages:
            if left := [step for step in stage if not step.is_done]:
                _run_side_by_side(left)


def _run_side_by_side(steps: Sequence[Step]) -> None:
    for step in steps:
        tell(f'==> {step.name}')
    started = time.monotonic()
    *others, last = steps
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(step.run) for step in others]
        last.run()  # here, as only the main thread may handle signals
    for one in running:
        one.result()
    tell(f'    {time.monotonic() - started:.1f} s')


def fingerprint_of(files: Iterable[Path], *more: str) -> str:
    """Return a hash of files' contents and of further strings."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes() + b'\0')
    digest.update('\0'.join(more).encode())
    return digest.hexdigest()


def run_logged(
    command: Sequence[str | Path],
    log: Path,
    env: dict[str, str],
    explain: Callable[[str], str] = lambda said: '',
) -> None:
    """Run a command with its output in a file, of which the end is shown if it fails.

    Args:
        command: The command.
        log: File that gets what it says.
        env: Its environment.
        explain: Given what it said, returns what a user can do; empty if that is not known.

    Raises:
        SetupError: If it fails.
    """
    status, said = call_logged(command, log, env)
    if not status:
        return
    if tells_full_disk(said):
        raise SetupError(full_disk())
    if sentence := explain(said):
        raise SetupError(f'{sentence}; all that was said is in {log}')
    tell_end_of(said)
    raise SetupError(
        f'`{" ".join(str(part) for part in command)}` failed; all it said is in {log}; '
        f'when the cause is gone, run the same again: it goes on from here'
    )


def call_logged(
    command: Sequence[str | Path], log: Path, env: dict[str, str], *, new_session: bool = False
) -> tuple[int, str]:
    """Run a command, and return its exit status and what it said.

    Args:
        command: The command.
        log: File that gets what it says, behind what is there.
        env: Its environment.
        new_session: Whether to keep Ctrl-C and a closed terminal from it.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open('ab') as output, waiting_line(log):
        said_before = output.tell()
        ended = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            pass_fds=held_locks,
            start_new_session=new_session,
            check=False,
        )
    return ended.returncode, log.read_bytes()[said_before:].decode(errors='replace')


def tell_end_of(said: str) -> None:
    """Show the last lines of what a command said."""
    tell('\n'.join(f'    | {line}' for line in said.splitlines()[-_LOG_LINES_SHOWN:]))


@contextmanager
def _lock() -> Iterator[None]:
    VENVS.mkdir(exist_ok=True)
    descriptor = os.open(VENVS / 'lock', os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        tell('another ./run is setting up in this checkout; waiting for it')
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    held_locks.append(descriptor)
    try:
        yield
    finally:
        held_locks.remove(descriptor)
        os.close(descriptor)
