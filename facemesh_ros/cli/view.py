"""`facemesh view`: faces in a viewer, of running nodes, pictures, videos and recordings."""

from __future__ import annotations

import argparse
import math
from functools import partial
from importlib import import_module
from pathlib import Path

from facemesh_ros.cli import run
from facemesh_ros.cli.setting_options import add_settings, chosen_settings
from facemesh_ros.cli.view_options import SUFFIX, add_target, view_target
from facemesh_ros.errors import FacemeshError

_DESCRIPTION = """\
Show faces in the viewer Rerun: the picture with the mesh, the mesh in space, head axes, gaze, and
curves of latency, presence, jitter, head, eyes and mouth. Without PATH: what running nodes
publish, which needs ROS 2. With PATH: what is found in files, without ROS; a recording that holds
the topics of a node is shown as it was recorded.
"""
_EPILOG = """\
examples:
  facemesh view                                all nodes that run now
  facemesh view clip.mp4 --camera-info camera.yaml
  facemesh view robot_bag/ --rate 1
  facemesh view clip.mp4 --save clip.rrd       for later: facemesh view clip.rrd
  ssh -L 9090:localhost:9090 robot facemesh view --web

Nothing leaves this machine: the page is served to this machine only, and the viewer's own
statistics are turned off. The viewer keeps the newest 2 GB.
"""
_PATH_HELP = 'as of `facemesh run`; or a file that was saved by --save'
_ROS_PART = 'facemesh_ros.ros'
_LIVE = f'{_ROS_PART}.viewer.start'


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        'view',
        help='look at faces: of running nodes, pictures, videos and recordings',
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('paths', nargs='*', type=Path, metavar='PATH', help=_PATH_HELP)
    add_target(parser)
    _add_live(parser)
    _add_files(parser)
    parser.set_defaults(func=partial(_view, parser))


def _add_live(parser: argparse.ArgumentParser) -> None:
    live = parser.add_argument_group('running nodes')
    live.add_argument(
        '--topic',
        action='append',
        metavar='NAME',
        help='topic of faces, such as /facemesh/landmarks; may be given several times (default: '
        'all that are published). Of recordings: as of `facemesh run`',
    )
    live.add_argument(
        '--image-topic',
        metavar='NAME',
        help='of the images in which they were found (default: those that the node subscribes to)',
    )
    live.add_argument(
        '--ros-args',
        dest='ros_arguments',
        nargs=argparse.REMAINDER,
        default=[],
        metavar='ARGUMENT',
        help='what follows is for ROS',
    )


def _add_files(parser: argparse.ArgumentParser) -> None:
    files = parser.add_argument_group('files')
    files.add_argument(
        '--rate',
        type=_rate,
        metavar='X',
        help='show videos and recordings X times as fast as they were taken, if this machine can; '
        'pauses of more than 2 s are shortened (default: as fast as it can)',
    )
    files.add_argument(
        '--again',
        action='store_true',
        help='find the faces again in recordings that hold them',
    )
    files.add_argument('--static', action='store_true', help='as of `facemesh run`')
    run.add_geometry(files)
    add_settings(files, run.SETTINGS)
    run.add_quality(files)


def _rate(text: str) -> float:
    rate = float(text)
    if not (math.isfinite(rate) and rate > 0):
        raise argparse.ArgumentTypeError('more than 0')
    return rate


def _view(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    if not arguments.paths:
        return _view_topics(arguments)
    if arguments.ros_arguments or arguments.image_topic:
        parser.error('arguments --image-topic, --ros-args: not with PATH, which needs no ROS')
    saved = [path.suffix == SUFFIX for path in arguments.paths]
    if any(saved):
        if not all(saved) or arguments.save:
            parser.error(f'argument PATH: {SUFFIX} files are shown alone, and not saved again')
        from facemesh_ros.cli.view_files import view_saved

        return view_saved(arguments.paths, view_target(arguments))
    if arguments.depth and not arguments.camera_info:
        parser.error('argument --depth: without --camera-info it says nothing of a face')
    from facemesh_ros.cli.view_files import view_files

    settings = chosen_settings(arguments, run.SETTINGS)
    return view_files(arguments, settings, view_target(arguments))


def _view_topics(arguments: argparse.Namespace) -> int:
    try:
        # By name: no module of this command line imports ROS.
        live = import_module(_LIVE)
    except ModuleNotFoundError as error:
        if error.name is None or not _LIVE.startswith(error.name):
            raise
        raise FacemeshError(
            'give a file to look at; to look at running nodes, build the package in a ROS 2 '
            'workspace (colcon build --packages-select facemesh_ros) and source that: pip has '
            'installed facemesh without its ROS nodes'
        ) from error
    from facemesh_ros.viz.rerun_view import RerunView

    target, ros_arguments = view_target(arguments), ['--ros-args', *arguments.ros_arguments]
    live.view_topics(
        partial(RerunView, target, is_live=True),
        arguments.topic or (),
        arguments.image_topic,
        ros_arguments if arguments.ros_arguments else (),
    )
    return 0
