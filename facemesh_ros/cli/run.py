"""`facemesh run`: pictures, folders and videos through the pipeline."""

from __future__ import annotations

import argparse
from pathlib import Path

from facemesh_ros.core.settings import SensorSettings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    defaults = SensorSettings()
    parser = subparsers.add_parser(
        'run', help='find faces in pictures, folders and videos', description=__doc__
    )
    parser.add_argument('paths', nargs='+', type=Path, metavar='PATH')
    parser.add_argument('--jsonl', metavar='OUT', help='write one line per picture; - for stdout')
    parser.add_argument(
        '--video',
        type=Path,
        metavar='OUT',
        help='write an annotated copy: a video if OUT ends in .mp4, else a folder of pictures',
    )
    parser.add_argument(
        '--static', action='store_true', help='treat every picture by itself, new ids each time'
    )
    parser.add_argument('--max-faces', type=int, default=defaults.max_faces, metavar='N')
    parser.add_argument('--detector', default=defaults.detector, metavar='NAME')
    parser.add_argument(
        '--rotations',
        default=defaults.detector_rotations,
        metavar='WHICH',
        help='upright, or all: find heads on their side and upside down too',
    )
    parser.add_argument('--model', default=defaults.landmark_model, metavar='NAME')
    parser.add_argument(
        '--no-filter',
        action='store_true',
        help='raw landmarks: do not steady those of a video over time',
    )
    parser.set_defaults(func=_run)


def _run(arguments: argparse.Namespace) -> int:
    from facemesh_ros.cli.processing import process_files

    return process_files(arguments)
