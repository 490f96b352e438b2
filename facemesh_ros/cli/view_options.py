"""Where a viewer shows, on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from facemesh_ros.viz.rerun_view.view_target import Place, ViewTarget

_SUFFIX = '.rrd'


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where to show."""
    places = parser.add_mutually_exclusive_group()
    places.add_argument(
        '--window',
        dest='place',
        action='store_const',
        const=Place.WINDOW,
        help='open a window: the default where there is a display',
    )
    places.add_argument(
        '--web',
        dest='place',
        action='store_const',
        const=Place.WEB,
        help='serve a page for a browser of this machine, or one that reaches it by '
        '`ssh -L 9090:localhost:9090`: the default elsewhere',
    )
    parser.add_argument(
        '--port',
        type=_port,
        metavar='N',
        help='of that page (default: 9090, or a free one if it is taken)',
    )
    parser.add_argument(
        '--save',
        type=_rrd,
        metavar='FILE.rrd',
        help='write all that is shown to a file, which `rerun FILE.rrd` shows again; without '
        '--window and --web nothing else is done',
    )


def view_target(arguments: argparse.Namespace) -> ViewTarget:
    """Return what the options say."""
    elsewhere = Place.NONE if arguments.save is not None and arguments.port is None else Place.AUTO
    place = arguments.place or (Place.WEB if arguments.port is not None else elsewhere)
    return ViewTarget(place, arguments.port or 0, arguments.save)


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 1 << 16:
        raise argparse.ArgumentTypeError('1 to 65535')
    return port


def _rrd(text: str) -> Path:
    if not text.endswith(_SUFFIX):
        raise argparse.ArgumentTypeError(f'the name of a Rerun file ends in {_SUFFIX}')
    return Path(text)
