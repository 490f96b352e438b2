"""Where a viewer shows, on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facemesh_ros.viz.rerun_view import ViewTarget

SUFFIX = '.rrd'


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where to show."""
    places = parser.add_mutually_exclusive_group()
    places.add_argument(
        '--window',
        action='store_const',
        dest='place',
        const='window',
        help='open a window: the default where there is a display',
    )
    places.add_argument(
        '--web',
        action='store_const',
        dest='place',
        const='web',
        help='serve a page for a browser on this machine, or on one that has come by '
        '`ssh -L 9090:localhost:9090`: the default where there is no display',
    )
    parser.add_argument(
        '--port',
        type=_port,
        metavar='N',
        help='of that page (default: 9090, or a free one if that is taken)',
    )
    parser.add_argument(
        '--save',
        type=_rrd,
        metavar='FILE.rrd',
        help='write what would be shown to a file, for `facemesh view FILE.rrd`; with '
        '--window or --web show it as well',
    )


def view_target(arguments: argparse.Namespace) -> ViewTarget:
    """Return what the options say."""
    from facemesh_ros.viz.rerun_view import Place, ViewTarget

    if arguments.place is not None:
        place = Place(arguments.place)
    elif arguments.port is not None:
        place = Place.WEB
    else:
        place = Place.AUTO if arguments.save is None else Place.NONE
    return ViewTarget(place, arguments.port or 0, arguments.save)


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 1 << 16:
        raise argparse.ArgumentTypeError('1 to 65535')
    return port


def _rrd(text: str) -> Path:
    if not text.endswith(SUFFIX):
        raise argparse.ArgumentTypeError(f'its name has to end in {SUFFIX}')
    return Path(text)
