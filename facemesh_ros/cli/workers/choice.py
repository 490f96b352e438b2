"""Which workers a command line asks for."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from facemesh_ros.cli.run_progress import bytes_of
from facemesh_ros.cli.run_setup import RunSetup
from facemesh_ros.cli.workers.local import LocalWorkers
from facemesh_ros.cli.workers.protocol import Workers
from facemesh_ros.io import MediaSource

_TOKEN = 'of_this_run'


def chosen_workers(
    arguments: argparse.Namespace,
    setup: RunSetup,
    sources: Sequence[MediaSource],
    count: int,
    parts: Path,
) -> Workers:
    """Return the workers of a run, not started yet.

    Args:
        arguments: The command line.
        setup: How sources are read.
        sources: All of the run.
        count: How many of them are to be done.
        parts: Folder for what workers find.
    """
    if arguments.cluster is None:
        return LocalWorkers(setup, min(arguments.jobs, max(1, count)))
    from facemesh_ros.cli.workers.cluster import ClusterWorkers

    return ClusterWorkers(arguments.cluster, setup, _witnesses(arguments, sources, parts))


def _witnesses(
    arguments: argparse.Namespace, sources: Sequence[MediaSource], parts: Path
) -> list[tuple[Path, int]]:
    """Return files by which a worker sees that it has all folders: one of each."""
    token = parts / _TOKEN
    # Of some length: what an earlier run has left in a folder of the same name is another file.
    token.write_bytes(bytes(1 + time.time_ns() % 65_536))
    firsts = (source.files[0] for source in sources)
    there = {file.parent: file for file in firsts if file.exists()}  # no broken link
    files = [token, *there.values()]
    if arguments.camera_info is not None:
        files.append(arguments.camera_info)
    return [(file.absolute(), bytes_of(file)) for file in files]
