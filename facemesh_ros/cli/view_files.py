"""Runs `facemesh view PATH...`, and `facemesh run --view`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

from facemesh_ros.cli.run_command import process_files
from facemesh_ros.cli.view_output import ViewerClosedError
from facemesh_ros.viz.rerun_view import RerunView, ViewTarget

_POLL_S = 0.2
# What `facemesh run` has and `facemesh view` has not.
_NOT_ASKED = {'jsonl': None, 'video': None, 'bag': None, 'jobs': 1, 'resume': False}


def view_files(arguments: argparse.Namespace, settings: dict[str, Any], target: ViewTarget) -> int:
    """Show what is found in files, until the user has seen enough; return the exit status."""
    vars(arguments).update(_NOT_ASKED, ends_with_viewer=True)
    return with_view(target, arguments, lambda: process_files(arguments, settings))


def with_view(target: ViewTarget, arguments: argparse.Namespace, run: Callable[[], int]) -> int:
    """Run with a viewer open, and keep it open until the user closes it or presses Ctrl-C."""
    with RerunView(target) as view:
        arguments.viewer = view
        try:
            status = run()
        except ViewerClosedError:
            _note('the viewer was closed')
            return 0
        if status in (0, 1) and view.is_open:
            _note('all is shown; close the viewer or press Ctrl-C to end')
            _wait(view)
    return status


def _wait(view: RerunView) -> None:
    try:
        while view.is_open:
            time.sleep(_POLL_S)
    except KeyboardInterrupt:  # as it was told
        pass


def _note(sentence: str) -> None:
    print(f'facemesh: {sentence}', file=sys.stderr, flush=True)
