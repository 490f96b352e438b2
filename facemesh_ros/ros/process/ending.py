"""Ends a process that cannot end by itself, because a thread hangs in native code."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from typing import NoReturn

from facemesh_ros.ros.process.signals import TerminationSignals

# From a signal until the process is ended by force: before docker and `ros2 launch` send SIGKILL,
# after 10 s, so that the stacks are told.
ENDING_S = 8
# While models are loaded, which may take long on a GPU and is not broken off.
STARTING_S = 30
# Times are counted in sleeps: a process that was stopped or suspended does not hang.
_TICK_S = 0.1


def stacks_of_all_threads() -> str:
    """Return where each thread of Python is, the calling one last."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    own = threading.get_ident()
    frames = sorted(sys._current_frames().items(), key=lambda item: item[0] == own)
    return '\n'.join(
        f'Thread {names.get(ident, "of native code")!r}:\n'
        + ''.join(traceback.format_stack(frame)).rstrip()
        for ident, frame in frames
    )


def end_by_force(reason: str) -> NoReturn:
    """Write a reason and the stacks of all threads to standard error, and end with status 1.

    Nothing is cleaned up: a thread that hangs uses the models, and cannot be waited for. Shared
    memory is freed by the next node that starts.
    """
    try:
        text = f'facemesh: {reason}\n{stacks_of_all_threads()}\n'
        os.write(sys.stderr.fileno(), text.encode(errors='replace'))
    finally:
        os._exit(1)


def end_soon_after(signals: TerminationSignals, *, starting: bool = False) -> None:
    """End this process by force if it has not ended by itself some time after a signal.

    `ENDING_S`, or `STARTING_S` where it is `starting`; called for both, the shorter one counts.
    """
    limit_s = STARTING_S if starting else ENDING_S

    def watch() -> None:
        signals.wait()
        for _ in range(round(limit_s / _TICK_S)):
            time.sleep(_TICK_S)
        end_by_force(f'a signal was to end it {limit_s} s ago; it hangs, and is ended by force:')

    threading.Thread(target=watch, name='ending', daemon=True).start()
