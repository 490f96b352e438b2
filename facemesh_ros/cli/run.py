"""`facemesh run`: pictures, folders, videos and recordings through the pipeline."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from facemesh_ros.cli.option_types import Once, jobs, share
from facemesh_ros.cli.run_help import DESCRIPTION, EPILOG, PATH_HELP
from facemesh_ros.cli.setting_options import add_settings, chosen_settings

# Settings of the pipeline and their options.
SETTINGS = {
    'max_faces': '--max-faces',
    'detector': '--detector',
    'detector_rotations': '--rotations',
    'landmark_model': '--model',
    'metric_mode': '--metric-mode',
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        'run',
        help='find faces in pictures, folders, videos and recordings',
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('paths', nargs='+', type=Path, metavar='PATH', help=PATH_HELP)
    _add_outputs(parser)
    parser.add_argument(
        '--static',
        action='store_true',
        help='process every picture independently, also those of videos: new ids, no smoothing, '
        'landmarks as a mean over five crops (one with --no-second-look)',
    )
    add_geometry(parser)
    _add_topics(parser)
    add_settings(parser, SETTINGS)
    add_quality(parser)
    _add_processing(parser)
    parser.set_defaults(func=partial(_run, parser), viewer=None)


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--jsonl',
        action=Once,
        metavar='OUT',
        help='write one line of JSON per picture to this file; - for stdout',
    )
    parser.add_argument(
        '--video',
        action=Once,
        type=Path,
        metavar='OUT',
        help='write an annotated copy: one video if OUT ends in .mp4 (.m4v, .mov, .avi, .mkv), '
        'else a folder of pictures. Without --jsonl, --video and --bag a line per picture is '
        'printed',
    )
    parser.add_argument(
        '--bag',
        action=Once,
        type=Path,
        metavar='OUT',
        help='write each recording again as an MCAP file, with the topics that the node publishes '
        'for the same images: /facemesh/landmarks, info, markers, and /tf. For one recording OUT '
        'may end in .mcap; else it is a folder',
    )
    parser.add_argument(
        '--view',
        action='store_true',
        help='show the faces while they are found, in a window or, without a display, on a page '
        'for the browser (`facemesh view` has more choices)',
    )


def add_geometry(parser: argparse._ActionsContainer) -> None:
    """Add where camera and depth of pictures are from."""
    parser.add_argument(
        '--camera-info',
        action=Once,
        type=Path,
        metavar='FILE',
        help='calibration of the camera, which gives poses and landmarks in metres: a YAML as '
        'ROS camera_calibration writes it, for all pictures, or lines of JSON, one a picture',
    )
    parser.add_argument(
        '--depth',
        action=Once,
        metavar='PATTERN',
        help="depth picture of each picture, in its folder, such as '{stem}_depth.png': 16-bit "
        'grey, mm, 0 where unknown, registered to it; {stem} is its name without suffix, {frame} '
        'its number in a video ({frame:06d}). Needs --camera-info',
    )
    parser.add_argument(
        '--depth-topic',
        action=Once,
        metavar='NAME',
        help='topic of the registered depth images in recordings, if it is not depth/image_raw '
        'beside the images',
    )


def _add_topics(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--topic',
        action='append',
        metavar='NAME',
        help='image topic of recordings; may be given several times. Without it: all topics of '
        'images but depth, those shown by this package, and compressed copies of raw ones',
    )


def add_quality(parser: argparse._ActionsContainer) -> None:
    """Add what makes landmarks steadier and better, and can be left out."""
    parser.add_argument(
        '--no-filter',
        action='store_true',
        help='raw landmarks: no smoothing over time',
    )
    parser.add_argument(
        '--no-second-look',
        action='store_true',
        help='landmarks of new faces, and of pictures, from one crop each, as in MediaPipe',
    )


def _add_processing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--jobs',
        action=Once,
        type=jobs,
        metavar='N',
        help='process N files at a time, each in a process of its own with its share of the cores '
        'and models of its own; results and their order are the same',
    )
    parser.add_argument(
        '--cluster',
        action=Once,
        metavar='ADDRESS',
        help='hand the files to the workers of a Dask cluster: tcp://HOST:PORT of its scheduler, '
        'or its file. Workers need the same facemesh, models, and all files under the same '
        'paths; results are the same',
    )
    parser.add_argument(
        '--share',
        action=Once,
        type=share,
        metavar='2/5',
        help='process one of so many shares of the files, for job arrays: a file is in the same '
        'one always. Outputs have the share in their names (faces.2of5.jsonl), but for '
        'recordings, which all go to the same folder',
    )
    parser.add_argument(
        '--resume',
        action='store_true',
        help='go on with a run that was interrupted, with the same options: files that are done, '
        'by OUT.progress beside the results, are not done again',
    )


def _run(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    if arguments.depth and not arguments.camera_info:
        parser.error('argument --depth: without --camera-info it says nothing of a face')
    if arguments.jobs and arguments.cluster:
        parser.error('argument --jobs: the workers of --cluster say how many files at a time')
    arguments.jobs = arguments.jobs or 1
    if (arguments.jobs > 1 or arguments.cluster) and arguments.view:
        parser.error('argument --view: one process shows it, so not with --jobs or --cluster')
    from facemesh_ros.cli.run_command import process_files
    from facemesh_ros.cli.run_places import resumable_target

    if arguments.resume and resumable_target(arguments) is None:
        parser.error(
            'argument --resume: needs results that can be continued: --jsonl FILE, --bag OUT or '
            '--video FOLDER, and neither --jsonl - nor one video'
        )
    settings = chosen_settings(arguments, SETTINGS)
    if arguments.view:
        from facemesh_ros.cli.view_files import view_while

        return view_while(arguments, settings)
    return process_files(arguments, settings)
