"""`facemesh report`: what a recording says about faces, as one HTML page."""

from __future__ import annotations

import argparse
from pathlib import Path

from facemesh_ros.cli.setting_options import add_settings, chosen_settings

_DESCRIPTION = (
    'Write one HTML page about the faces in a recording: tracks over time, jitter before and '
    'after the filter, latency, head angles, gaze, distance, blinks, drops and losses, with '
    'sentences that say what is normal. It needs no network and no other file.'
)
_PATH_HELP = (
    "a rosbag2 recording (a folder, .mcap or .db3) of the node's landmark topics, by `ros2 bag "
    'record` or `facemesh run --bag`; in a recording without them, a video, or a folder of '
    'numbered frames, faces are found first, as by `facemesh run`; lines of JSON that '
    '`facemesh run --jsonl` wrote (.jsonl) hold less'
)
_EPILOG = """\
examples:
  facemesh report robot_bag/
  facemesh report clip.mp4 -o clip.html
  ros2 bag record /camera/image_raw /camera/camera_info /facemesh/landmarks /facemesh/info \\
      /diagnostics

docs/report.md says how each number is defined, and where the normal ones come from.

exit status: 0; 1 if the recording could not be read, or only in part (then the page says so), or
the page not be written; 2 for a wrong command line; 130 after Ctrl-C
"""
# Settings of the pipeline and their options.
_SETTINGS = {
    'max_faces': '--max-faces',
    'landmark_model': '--model',
    'metric_mode': '--metric-mode',
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        'report',
        help='a page about the faces in a recording',
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('path', type=Path, metavar='RECORDING', help=_PATH_HELP)
    parser.add_argument(
        '-o',
        '--output',
        type=Path,
        metavar='OUT',
        help='the page, - for stdout (default: NAME_report.html in the current folder, NAME of '
        'the recording)',
    )
    finding = parser.add_argument_group('where faces have to be found first')
    finding.add_argument(
        '--again',
        action='store_true',
        help='find faces in the recorded images even if the recording holds some',
    )
    finding.add_argument(
        '--topic',
        action='append',
        metavar='NAME',
        help='image topic; may be given several times. Without it: as `facemesh run`',
    )
    finding.add_argument(
        '--camera-info',
        type=Path,
        metavar='FILE',
        help='calibration of the camera, as for `facemesh run`: without one there are no '
        'distances and angles',
    )
    add_settings(parser, _SETTINGS)
    parser.set_defaults(func=_run)


def _run(arguments: argparse.Namespace) -> int:
    from facemesh_ros.cli.report_command import write_report

    return write_report(arguments, chosen_settings(arguments, _SETTINGS))
