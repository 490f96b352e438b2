"""The demo's command line, checked before anything is started."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from facemesh_ros.errors import FacemeshError
from facemesh_ros.ros.demo.camera_node import add_source_arguments
from facemesh_ros.ros.demo.viewers import add_view_arguments

PICTURE, VIDEO = 'face.png', 'faces.mp4'
RECORD_S = 300.0


class DemoError(FacemeshError):
    """The demo cannot go on; the text says why."""


def demo_parser() -> argparse.ArgumentParser:
    """Return the command line of the demo."""
    parser = argparse.ArgumentParser(
        prog='demo', description='A camera, the real node and a view of it, over DDS.'
    )
    add_source_arguments(parser)
    parser.add_argument(
        '--seconds', type=_positive_seconds, metavar='N', help='how long; default: until Ctrl-C'
    )
    parser.add_argument(
        '--output',
        type=Path,
        default=Path('demo_output'),
        metavar='FOLDER',
        help=f'where {PICTURE} and {VIDEO} are written, replacing those of the last run; '
        'default: %(default)s',
    )
    parser.add_argument(
        '--record',
        type=_seconds,
        default=RECORD_S,
        metavar='SECONDS',
        help='maximum length of the video; a minute of 640x480 takes about 15 MB; 0 for no video; '
        'default: %(default)g',
    )
    add_view_arguments(parser)
    return parser


def _positive_seconds(text: str) -> float:
    if not (seconds := _seconds(text)):
        raise argparse.ArgumentTypeError(f'{text} must be a number of seconds above 0')
    return seconds


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:  # which also refuses nan
        raise argparse.ArgumentTypeError(f'{text} must be a number of seconds')
    return seconds


def prepare_output(folder: Path) -> None:
    """Create the folder, and remove what an earlier demo has written there.

    Raises:
        DemoError: If it cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise DemoError(f'--output {folder} is a file; name a folder')
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (PICTURE, VIDEO):
            (folder / name).unlink(missing_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
    except OSError as error:
        raise DemoError(
            f'--output {folder} cannot be written to: {error.strerror}; name another folder'
        ) from error
