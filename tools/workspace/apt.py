"""Installs packages of the system by apt-get, also after an earlier try was stopped half way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from workspace.layout import VENVS, SetupError
from workspace.steps import call_logged, tell, tell_end_of

# A machine that has just started is often busy with its own upgrades.
_APT_GET = ('apt-get', '-o', 'DPkg::Lock::Timeout=300')
_INSTALL = (*_APT_GET, 'install', '-y', '--no-install-recommends')
_CONFIGURE = ('dpkg', '--configure', '-a')
DPKG_JOURNAL = Path('/var/lib/dpkg/updates')


def install(packages: Sequence[str], as_root: Sequence[str]) -> None:
    """Install packages. Ctrl-C ends a download; what changes the system is done to its end first.

    Args:
        packages: Their names.
        as_root: What to put before a command to run it as root.

    Raises:
        SetupError: If that fails; the message holds the command to run by hand.
        KeyboardInterrupt: If Ctrl-C was pressed, when nothing is half done.
    """
    tell(f'==> system packages, by apt-get: {", ".join(packages)}')
    install = (*as_root, *_INSTALL)
    # It fails where one of several sources does not answer, and the others may have everything.
    _call([*as_root, *_APT_GET, 'update', '-q'], is_atomic=False)
    for command, is_atomic in (
        ([*install, '--download-only', *packages], False),
        ([*install, *packages], True),
    ):
        status, said = _call_mended(command, as_root, is_atomic=is_atomic)
        if status:
            tell_end_of(said)
            raise SetupError(f'`{" ".join(command)}` failed; {way_out(packages)}')


def _call_mended(
    command: Sequence[str], as_root: Sequence[str], *, is_atomic: bool
) -> tuple[int, str]:
    """Run apt-get, and once more if an interrupted dpkg has kept it from working."""
    ended = _call(command, is_atomic=is_atomic)
    # Only now: dpkg looks the same while somebody is at work, and apt-get has waited for him.
    if ended[0] and is_dpkg_interrupted():
        mended = _call([*as_root, *_CONFIGURE], is_atomic=True)
        return mended if mended[0] else _call(command, is_atomic=is_atomic)
    return ended


def is_dpkg_interrupted() -> bool:
    """Tell whether dpkg was stopped half way, so that apt-get refuses to do anything."""
    try:
        # apt's own rule: a file there that is named by digits.
        return any(file.name.isdigit() for file in DPKG_JOURNAL.iterdir())
    except OSError:
        return False


def way_out(packages: Sequence[str]) -> str:
    """Return the sentence that tells a user how to install packages by hand."""
    commands = ['sudo apt-get update', f'sudo apt-get install {" ".join(packages)}']
    if is_dpkg_interrupted():
        commands.insert(0, f'sudo {" ".join(_CONFIGURE)}')
    return f'run `{" && ".join(commands)}`, then this again'


def _call(command: Sequence[str], *, is_atomic: bool) -> tuple[int, str]:
    """Run a command, return its exit status and output; KeyboardInterrupt after Ctrl-C.

    An atomic command is in a session of its own, where Ctrl-C and a closed terminal do not reach
    it: dpkg stopped half way leaves a system on which nothing can be installed.
    """
    env = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    with _interrupts_kept('this is done to its end first' if is_atomic else ''):
        return call_logged(command, VENVS / 'apt.log', env, new_session=is_atomic)


@contextmanager
def _interrupts_kept(answer: str) -> Iterator[None]:
    """Raise KeyboardInterrupt for Ctrl-C when the block has ended, and answer it before."""
    interrupts: list[int] = []

    def keep(number: int, _: object) -> None:
        interrupts.append(number)
        if answer:
            tell(f'    {answer}')

    before = signal.signal(signal.SIGINT, keep)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupts:
        raise KeyboardInterrupt
