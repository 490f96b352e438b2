"""What the benchmarks' command lines share: options, and what becomes of a report."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from workspace.environment import environment_without_ros
from workspace.peers import peer_python

from .documents import BENCHMARKS, DOCS, write_section
from .processes import SIDES, SideError

Sides = TypeVar('Sides')


class Shown(Protocol):
    """What a benchmark has found."""

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON's types."""

    def as_text(self) -> str:
        """Return everything as Markdown."""


def command_line(doc: str | None, quick: str) -> argparse.ArgumentParser:
    """Return a parser with the options of every benchmark.

    Args:
        doc: The benchmark's docstring, whose first line describes it.
        quick: What is left out with --quick.
    """
    parser = argparse.ArgumentParser(description=(doc or '').partition('\n')[0])
    parser.add_argument('--quick', action='store_true', help=quick)
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the same as JSON')
    return parser


def add_bundle(parser: argparse.ArgumentParser) -> None:
    """Let the command line name what MediaPipe's side loads."""
    parser.add_argument(
        '--bundle',
        type=Path,
        metavar='FILE',
        help='face_landmarker.task for MediaPipe; else it is taken from $FACEMESH_MODEL_SOURCES',
    )


def add_docs(parser: argparse.ArgumentParser) -> None:
    """Let the command line ask for the figures in docs/benchmarks.md."""
    parser.add_argument('--docs', action='store_true', help=f'write {BENCHMARKS.name} too')


def compare(
    parser: argparse.ArgumentParser,
    sides: Callable[[Path | None], tuple[Sides, list[str]]],
    measured: Callable[[Sides, list[str], bool], Shown],
    section: str = '',
    plot: str = '',
) -> int:
    """Run a benchmark whose sides are processes on one core.

    Args:
        parser: From `command_line`.
        sides: Returns who can run with a bundle, and a line for each who cannot.
        measured: Measures them; the last argument says whether quickly.
        section: Of docs/benchmarks.md that may hold the figures; empty for none.
        plot: Script of `sides` that draws docs/<section>.svg; empty for none.

    Returns:
        The exit status: 1 if nothing can run or a side does not.
    """
    add_bundle(parser)
    if section:
        add_docs(parser)
    parser.add_argument('--any-core', action='store_true', help='let the sides change cores')
    chosen = parser.parse_args()
    found, left_out = sides(chosen.bundle)
    if not found:
        tell('\n'.join(['nothing can run here', *left_out]))
        return 1
    if not chosen.any_core:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        report = measured(found, left_out, chosen.quick)
    except SideError as error:
        tell(str(error))
        return 1
    show(report, chosen.json)
    if section and chosen.docs:
        write_section(BENCHMARKS, section, report.as_text())
        if plot:
            draw(report, plot, DOCS / f'{section}.svg')
    return 0


def show(report: Shown, file: Path | None) -> None:
    """Print a report, and write it to a file as JSON if there is one."""
    if file:
        file.write_text(json.dumps(report.as_json(), indent=1) + '\n')
    print(report.as_text())


def draw(report: Shown, script: str, output: Path) -> None:
    """Draw a report by a script of `sides`, in an environment that has what draws."""
    with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
        json.dump(report.as_json(), file)
        file.flush()
        command = [peer_python('plots'), SIDES / script, file.name, output]
        subprocess.run([str(part) for part in command], env=environment_without_ros(), check=True)


def tell(line: str) -> None:
    """Show a line to the user; standard output belongs to the tables."""
    print(line, file=sys.stderr, flush=True)
