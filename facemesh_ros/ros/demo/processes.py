"""The demo's processes: each a real ROS node, all ended with the demo."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from threading import Thread

from facemesh_ros.ros.process.signals import block_signals

STOP_TIMEOUT_S = 5.0


class Processes:
    """Starts programs, and stops all of them when its context ends.

    Their output goes to standard error line by line, above whatever is drawn there.
    """

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[str]] = []
        self._relays: list[Thread] = []
        self._modules: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Processes:
        return self

    def start(self, command: list[str]) -> subprocess.Popen[str]:
        """Start a program in a session of its own, which Ctrl-C in the terminal does not reach."""
        process = subprocess.Popen(
            command,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            env={
                **os.environ,
                'PYTHONUNBUFFERED': '1',  # else a pipe gets blocks of output
                'RCUTILS_COLORIZED_OUTPUT': str(int(sys.stderr.isatty())),
            },
        )
        self._running.append(process)
        self._relays.append(Thread(target=_relay, args=[process], daemon=True))
        self._relays[-1].start()
        return process

    def start_module(self, module: str, *arguments: str, may_end: bool = False) -> None:
        """Start a module of this package with the same Python; see `ended` for `may_end`."""
        before = block_signals()  # until the module has its handlers
        try:
            process = self.start([sys.executable, '-m', module, *arguments])
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if not may_end:
            self._modules[module] = process

    def ended(self) -> list[str]:
        """Return the modules that ended by themselves and may not."""
        return [name for name, process in self._modules.items() if process.poll() is not None]

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            _send(process, signal.SIGINT)
        for process in self._running:
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                _send(process, signal.SIGKILL)
                process.wait()
        for relay in self._relays:
            relay.join(STOP_TIMEOUT_S)


def _relay(process: subprocess.Popen[str]) -> None:
    for line in process.stdout or ():
        print(line, end='', file=sys.stderr, flush=True)


def _send(process: subprocess.Popen[str], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)
