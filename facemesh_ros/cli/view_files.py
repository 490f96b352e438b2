"""Runs `facemesh view PATH...`, and `facemesh run --view`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from facemesh_ros.cli.interrupt import InterruptHandler, Interruption
from facemesh_ros.cli.run_command import process_files
from facemesh_ros.cli.view_output import ViewerClosedError, ViewOutput
from facemesh_ros.cli.view_recorded import show_recorded, with_faces
from facemesh_ros.viz.rerun_view import RerunView, SavedView, ViewTarget

_POLL_S = 0.2
# What `facemesh run` has and `facemesh view` has not.
_NOT_ASKED = {
    'jsonl': None,
    'video': None,
    'bag': None,
    'jobs': 1,
    'cluster': None,
    'share': None,
    'resume': False,
}


View = TypeVar('View', RerunView, SavedView)


def view_files(arguments: argparse.Namespace, settings: dict[str, Any], target: ViewTarget) -> int:
    """Show what is found in files, until the user has seen enough; return the exit status."""
    vars(arguments).update(_NOT_ASKED)
    recorded, others = ([], arguments.paths) if arguments.again else with_faces(arguments.paths)

    def run(view: RerunView) -> int:
        status = show_recorded(view, recorded, arguments.topic or (), arguments.rate)
        if others:
            arguments.paths = others
            arguments.viewer = partial(
                ViewOutput, view, rate=arguments.rate, ends_with_viewer=True
            )
            status = process_files(arguments, settings) or status
        return status

    return with_viewer(partial(RerunView, target), run)


def view_while(arguments: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Run `facemesh run` and show what it finds; return its exit status."""

    def run(view: RerunView) -> int:
        arguments.viewer = partial(ViewOutput, view)
        return process_files(arguments, settings)

    return with_viewer(partial(RerunView, ViewTarget()), run)


def view_saved(paths: Sequence[Path], target: ViewTarget) -> int:
    """Show files that were saved before; return the exit status."""
    for path in paths:
        path.open('rb').close()
    return with_viewer(partial(SavedView, target, paths), lambda _: 0)


def with_viewer(open_view: Callable[[], View], run: Callable[[View], int]) -> int:
    """Run with a viewer open, and keep it open until the user closes it or presses Ctrl-C."""
    with InterruptHandler():
        try:
            with open_view() as view:
                status = run(view)
                if status in (0, 1) and view.is_open:
                    _wait(view)
        except ViewerClosedError:
            _note('the viewer was closed')
            return 0
        except Interruption as interruption:
            return interruption.status
    return status


def _wait(view: View) -> None:
    try:
        _note('all is shown; close the viewer or press Ctrl-C to end')
        while view.is_open:
            time.sleep(_POLL_S)
    except Interruption:  # as it was told
        pass


def _note(sentence: str) -> None:
    print(f'facemesh: {sentence}', file=sys.stderr, flush=True)
