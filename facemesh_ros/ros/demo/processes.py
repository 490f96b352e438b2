"""The demo's processes: each a real ROS node, none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

STOP_S = 5.0


class Processes:
    """Starts programs and, at the end of its context, stops every one of them."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[bytes]] = []
        self._vital: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Processes:
        return self

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own, so that Ctrl-C reaches it through us only."""
        process = subprocess.Popen(command, start_new_session=True)
        self._running.append(process)
        return process

    def start_module(self, module: str, *arguments: str) -> None:
        """Start a module of this package with the same Python; it must not end by itself."""
        self._vital[module] = self.start([sys.executable, '-m', module, *arguments])

    def ended(self) -> list[str]:
        """Return which modules ended by themselves."""
        return [name for name, process in self._vital.items() if process.poll() is not None]

    def __exit__(self, *_: object) -> None:
        # A second Ctrl-C must not leave half of them running.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        for process in self._running:
            _send(process, signal.SIGINT)
        for process in self._running:
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                _send(process, signal.SIGKILL)
                process.wait()
        signal.signal(signal.SIGINT, before)


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)
