"""A trial of both runtimes in a process of its own.

What OpenVINO does there, a crash too, and its libraries (60 to 80 MB) end with that process. The
one that runs the models imports it only where it is taken.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict

from facemesh_ros.errors import FacemeshError, in_one_line
from facemesh_ros.inference.child_process import end_with_parent, signal_name
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.runtime_trial import OTHER, USUAL, Trial, trial_from, try_runtimes
from facemesh_ros.inference.session import variant_for
from facemesh_ros.models.store import ModelStore

# A trial takes a second; on a small computer that starts much else meanwhile, some ten. Whatever
# takes longer hangs; that is known before the node tells of its loading that it hangs (60 s).
TIME_LIMIT_S = 30.0
# What a program gets for what it has done itself; all others were sent by somebody else.
_OWN_SIGNALS = frozenset(
    {signal.SIGSEGV, signal.SIGABRT, signal.SIGILL, signal.SIGBUS, signal.SIGFPE}
    | {signal.SIGSYS, signal.SIGTRAP}
)
_LAST_LINES = 2
# With the paths as they are here, however they came to be; `-m` would add the working folder.
_CODE = """
import sys
sys.path[:] = {path!r}
from facemesh_ros.inference.trial_process import main
main()
"""


class NoTrialError(FacemeshError):
    """There was no trial, for a reason that says nothing about OpenVINO."""


def try_in_process(store: ModelStore, name: str, worth_it: float) -> Trial:
    """Return the outcome of `try_runtimes` in another process, which ends with this one.

    One that crashes, fails or hangs is a refusal.

    Raises:
        FacemeshError: If the model is missing or damaged.
        NoTrialError: If the process cannot be started, or somebody has ended it.
    """
    ended = _run(store, name, worth_it)
    output, errors = (
        text.decode(errors='replace').strip() for text in (ended.stdout, ended.stderr)
    )
    if ended.returncode == 0:
        return _trial_in(output) or Trial(refusal='its trial ended without a result')
    if ended.returncode > 0:
        for runtime in (USUAL, OTHER):  # a model that is missing says nothing about OpenVINO
            store.load(name, variant_for(name, ProviderChoice(runtime)))
        return Trial(refusal=_told('its trial failed', errors))
    how = signal_name(-ended.returncode)
    if -ended.returncode in _OWN_SIGNALS:
        return Trial(refusal=_told(f'its trial crashed with {how}', errors))
    raise NoTrialError(f'its process was ended by {how}')


def main() -> None:
    """Make a trial in this process and write it to the standard output."""
    folder, name, worth_it, parent = sys.argv[1:]
    end_with_parent(int(parent))
    try:
        trial = try_runtimes(ModelStore(folder), name, float(worth_it))
    except Exception as error:  # the runtimes' have no common base
        sys.exit(f'{type(error).__name__}: {in_one_line(error)}')
    print(json.dumps(asdict(trial)), flush=True)


def _run(store: ModelStore, name: str, worth_it: float) -> subprocess.CompletedProcess[bytes]:
    """Run the process to its end; one that hangs is killed, and told as one that failed."""
    if not sys.executable:
        raise NoTrialError('this program does not know its Python')
    arguments = [str(store.folder), name, str(worth_it), str(os.getpid())]
    command = [sys.executable, '-c', _CODE.format(path=sys.path), *arguments]
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIME_LIMIT_S,
            check=False,
            start_new_session=True,  # Ctrl-C is for this process, with which the other one ends
        )
    except subprocess.TimeoutExpired as late:
        hung = f'it did not end within {TIME_LIMIT_S:g} s and was killed'.encode()
        return subprocess.CompletedProcess(command, 1, b'', (late.stderr or b'') + b'\n' + hung)
    except OSError as error:
        raise NoTrialError(f'its process does not start ({error.strerror})') from error


def _trial_in(output: str) -> Trial | None:
    """Return the trial that the last line tells; libraries may have written lines before it."""
    try:
        return trial_from(json.loads(output.rpartition('\n')[2]))
    except ValueError:
        return None


def _told(what: str, errors: str) -> str:
    """Return what happened, with the last lines of what the process has said."""
    last = ' '.join(errors.splitlines()[-_LAST_LINES:])
    return f'{what} ({in_one_line(RuntimeError(last))})' if last else what
