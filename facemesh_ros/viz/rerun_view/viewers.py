"""A viewer of one kind or the other: a window, or a page in the browser."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from facemesh_ros.viz.rerun_view.local_page import LocalPage
from facemesh_ros.viz.rerun_view.sdk import ViewerError
from facemesh_ros.viz.rerun_view.view_target import Place, ViewTarget
from facemesh_ros.viz.rerun_view.viewer_process import ViewerProcess, free_port

# The oldest goes when they are full: of a live stream the viewer keeps minutes. The server keeps
# what a browser that comes later is shown.
_VIEWER_MEMORY, _SERVER_MEMORY, _LIVE_SERVER_MEMORY = '2GB', '1GB', '200MB'

# It listens before it has found the display and something to draw with.
_WINDOW_OPENS_S = 2.0

Tell = Callable[[str], None]


class Viewer(Protocol):
    """A viewer that runs; a context manager."""

    @property
    def url(self) -> str:
        """Where it takes what it shows."""

    @property
    def has_ended(self) -> bool:
        """Whether nobody can look on any more."""

    def close(self) -> None:
        """End it."""


def start_viewer(
    target: ViewTarget, tell: Tell, *, is_live: bool = False, files: Sequence[Path] = ()
) -> Viewer | None:
    """Start the viewer that is asked for; None for none.

    Args:
        target: Where to show.
        tell: Given a sentence for the user.
        is_live: Whether more and more comes, without an end.
        files: What it shows from the beginning on (.rrd).

    Raises:
        ViewerError: If it cannot be started.
    """
    memory = _LIVE_SERVER_MEMORY if is_live else _SERVER_MEMORY
    if target.place is Place.NONE:
        return None
    if target.place is Place.WINDOW or (target.place is Place.AUTO and has_display()):
        try:
            return _window(memory, files)
        except ViewerError as error:
            if target.place is Place.WINDOW:
                raise
            tell(f'{error}; the browser is used instead')
    return _Page(target.port, memory, files, tell)


def has_display() -> bool:
    """Return whether windows can be opened."""
    return any(os.environ.get(name) for name in ('DISPLAY', 'WAYLAND_DISPLAY'))


def _window(memory: str, files: Sequence[Path]) -> ViewerProcess:
    return ViewerProcess(
        '--memory-limit', _VIEWER_MEMORY,
        '--server-memory-limit', memory,
        '--hide-welcome-screen',
        '--expect-data-soon',
        *map(str, files),
        settles_s=_WINDOW_OPENS_S,
    )  # fmt: skip


class _Page:
    """A page in the browser, whether anybody looks at it or not."""

    def __init__(self, port: int, memory: str, files: Sequence[Path], tell: Tell) -> None:
        self._tell, self._watching = tell, 0
        page_port = free_port()
        with ExitStack() as opened:
            self._process = ViewerProcess(
                '--serve-web',
                '--web-viewer-port', str(page_port),
                '--server-memory-limit', memory,
                *map(str, files),
            )  # fmt: skip
            opened.callback(self._process.close)
            self._page = LocalPage(port, page_port, self._process.port, self._note)
            opened.callback(self._page.close)
            self._opened = opened.pop_all()
        tell(f'open {self._page.url} in a browser on this machine to look; Ctrl-C ends')

    @property
    def url(self) -> str:
        return self._process.url

    @property
    def has_ended(self) -> bool:
        return self._process.has_ended

    def close(self) -> None:
        self._opened.close()

    def _note(self, watching: int) -> None:
        before, self._watching = self._watching, watching
        if before and not watching:
            self._tell(f'the browser has left; {self._page.url} is still there, Ctrl-C ends')
