"""Where the files lie that a run keeps beside its results."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from facemesh_ros.cli.bag_output import SUFFIX as BAG_SUFFIX
from facemesh_ros.cli.output_paths import STDOUT, is_video_path
from facemesh_ros.cli.run_journal import RunJournal
from facemesh_ros.io import MediaError, readable_name

PARTS_SUFFIX = '.parts'
# Options that change nothing in the results.
_OF_THE_RUN = ('func', 'command', 'jobs', 'cluster', 'paths', 'resume', 'view', 'viewer')


def name_outputs_of_share(arguments: argparse.Namespace) -> None:
    """Give the outputs of a share names of its own; a folder of recordings is that of all."""
    share = arguments.share
    if share is None:
        return
    if arguments.jsonl and _is_regular(arguments.jsonl):
        arguments.jsonl = str(share.named(Path(arguments.jsonl)))
    if arguments.video:
        arguments.video = share.named(arguments.video)


def _is_regular(lines: str) -> bool:
    return lines != STDOUT and (Path(lines).is_file() or not Path(lines).exists())


def resumable_target(arguments: argparse.Namespace) -> Path | None:
    """Return the first output of a run that can be continued; None if one of them cannot be."""
    if arguments.jsonl == STDOUT or (arguments.video and is_video_path(arguments.video)):
        return None
    if arguments.jsonl and not _is_regular(arguments.jsonl):
        return None  # what went into a device or a pipe is gone
    if arguments.jsonl:
        return Path(arguments.jsonl)
    if arguments.bag and arguments.share is not None:
        named: Path = arguments.share.named(arguments.bag)
        return named
    target: Path | None = arguments.bag or arguments.video
    return target


def journal_of(arguments: argparse.Namespace) -> RunJournal | None:
    """Return the journal of a run; None if nothing that it writes can be continued."""
    target = resumable_target(arguments)
    if target is None:
        return None
    options = {name: value for name, value in vars(arguments).items() if name not in _OF_THE_RUN}
    return RunJournal(target, options, resume=arguments.resume)


@contextmanager
def parts_folder(arguments: argparse.Namespace) -> Iterator[Path]:
    """Make the folder for what workers have done and the outputs have not; remove it at the end.

    It lies where recordings go, which then are renamed, else beside the first output. For workers
    of this machine whose results go to the screen it is temporary.

    Raises:
        MediaError: If it cannot be made.
    """
    target = resumable_target(arguments)
    if target is None and not arguments.cluster:
        with tempfile.TemporaryDirectory(prefix='facemesh_') as name:
            yield Path(name)
        return
    bag = arguments.bag
    parent = (target or Path('facemesh')).parent
    if bag is not None:
        parent = bag.parent if bag.suffix == BAG_SUFFIX else bag
    folder = parent / f'{(target or Path("facemesh")).name}{PARTS_SUFFIX}'
    try:
        with suppress(FileNotFoundError):  # a killed run has left it
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    except OSError as error:
        raise MediaError(f'{readable_name(folder)} cannot be made: {error.strerror}') from error
    try:
        yield folder
    finally:
        # A worker that was thought to be lost may still write there.
        shutil.rmtree(folder, ignore_errors=True)
