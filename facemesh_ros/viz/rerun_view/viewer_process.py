"""Rerun's viewer as a process of its own: a window, or the server of a page for the browser."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from facemesh_ros.viz.rerun_view.sdk import ViewerError, viewer_program

HOST = '127.0.0.1'
# A viewer of 300 MB, from a cold disk.
_PATIENCE_S, _POLL_S, _END_S = 60.0, 0.05, 3.0
_PR_SET_PDEATHSIG = 1  # from sys/prctl.h
_LIBC = ctypes.CDLL(None)  # loaded before the fork, after which little may be done
_FORCES_TELEMETRY = 'FORCE_RERUN_ANALYTICS'


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def quiet_environment(folder: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a viewer that reports nothing of its use to its makers.

    Rerun reads from its configuration whether it may, and takes yes where there is none. So it is
    given one that says no, in a folder of its own: the user's is neither read nor written.

    Source: rerun's `re_analytics`, `native/config.rs` and `pipeline.rs`.
    """
    config, kept = folder / 'config' / 'rerun', folder / 'data'
    for path in (config, kept):
        path.mkdir(parents=True)
    file = config / 'analytics.json'
    said = {
        'analytics_enabled': False,
        'analytics_id': '',
        'metadata': {},
        'config_file_path': str(file),
        'data_dir_path': str(kept),
    }
    file.write_text(json.dumps(said), encoding='utf-8')
    environment = {name: it for name, it in inherited.items() if name != _FORCES_TELEMETRY}
    places = {'XDG_CONFIG_HOME': folder / 'config', 'XDG_DATA_HOME': kept}
    return {**environment, **{name: str(place) for name, place in places.items()}}


class ViewerProcess:
    """A viewer, and the address at which it takes what it shows; a context manager.

    Attributes:
        port: On which it listens.
        url: That address.
    """

    def __init__(self, *options: str, settles_s: float = 0.0) -> None:
        """Start it and wait until it listens.

        Args:
            options: Of its command line.
            settles_s: If it ends within this time after that, it has not started.

        Raises:
            ViewerError: If it does not.
        """
        self._folder = tempfile.TemporaryDirectory(prefix='facemesh_view_')
        self._log = Path(self._folder.name) / 'log'
        self.port = free_port()
        self.url = f'rerun+http://{HOST}:{self.port}/proxy'
        command = [viewer_program(), '--bind', HOST, '--port', str(self.port), *options]
        environment = quiet_environment(Path(self._folder.name), os.environ)
        try:
            with self._log.open('wb') as log:
                # In a session of its own: Ctrl-C is for this process, which ends the other one
                # after what it has to show.
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    start_new_session=True,
                    preexec_fn=partial(_end_with_parent, os.getpid()),
                )
            self._wait(settles_s)
        except BaseException:
            self.close()
            raise

    def _wait(self, settles_s: float) -> None:
        ends_s = time.monotonic() + _PATIENCE_S
        while not _listens(self.port) and not self.has_ended:
            if time.monotonic() > ends_s:
                raise ViewerError(f'the viewer did not start within {_PATIENCE_S:.0f} s')
            time.sleep(_POLL_S)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(settles_s)
            raise ViewerError(f'the viewer did not start: {self.last_words}')

    @property
    def has_ended(self) -> bool:
        """Whether it has been closed, or has failed."""
        return self._process.poll() is not None

    @property
    def last_words(self) -> str:
        """The last line of what it said, of errors if it named any."""
        said = self._log.read_text(encoding='utf-8', errors='replace').split('\n')
        lines = [line.strip() for line in said if line.strip()] or ['it said nothing']
        return ([line for line in lines if 'error' in line.lower()] or lines)[-1]

    def close(self) -> None:
        """End it."""
        if hasattr(self, '_process') and not self.has_ended:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()


def _end_with_parent(parent: int) -> None:
    """Let the system end this process when the one that has started it is killed."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
