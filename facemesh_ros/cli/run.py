"""`facemesh run`: pictures, folders, videos and recordings through the pipeline."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from facemesh_ros.cli.setting_options import add_settings, chosen_settings

_DESCRIPTION = 'Find faces in pictures, folders, videos and rosbag2 recordings, without ROS.'
_PATH_HELP = (
    'a picture, a video, a rosbag2 recording (a folder, .mcap or .db3), or a folder, which stands '
    'for all of these in it (not in its sub-folders). Numbered frames (1.jpg to 12.jpg, '
    'frame_0001.png, ...: one folder, one size, '
    'names that differ in their last number) are one stream, like a video; every other picture, '
    'also photographs numbered by a camera (IMG_0001.jpg) and pictures with a line of their own '
    'in --camera-info, is processed independently'
)
_EPILOG = """\
examples:
  facemesh run photo.jpg holiday/ clip.mp4
  facemesh run clip.mp4 --jsonl faces.jsonl --video annotated.mp4
  facemesh run clip.mp4 --jsonl - | head -n 1
  facemesh run robot_bag/ --bag faces.mcap
  facemesh run archive/ --jsonl faces.jsonl --jobs 4 --resume
  facemesh run scans/ --camera-info camera.yaml --depth '{stem}_depth.png' --jsonl faces.jsonl

a line of --jsonl is one picture, one JSON object:
  source    the file, relative to the current folder if it lies in it, else as it was given;
            bytes of its name that are not UTF-8 are written as \\xNN
  topic     of recordings only: the topic of the image
  frame     number of the picture in its video or topic, from 0; 0 for pictures
  stamp_ns  time since the video's first picture by the video itself, ns; 0 for pictures; the
            stamp of the header in recordings
  image_wh  width and height, px
  ms        time that the pipeline took, without decoding and writing
  faces     one object per face, sorted by id:
    id         the same as long as a stream shows the face, never given to another one in a run
               (in recordings: in each of them)
    state      0 new and not confirmed, 1 seen, 2 not seen in this picture but expected
    score      the detector's, 0 to 1; null where it did not run
    last_score, last_score_age    what the detector said of it last, 0 if it looked and found no
               face there, and pictures since then
    presence   the landmark model's probability that this is a face, 0 to 1
    box_xyxy   left, top, right, bottom, px
    landmarks  x, y, z of 468 or 478 points, px; (0, 0) is the centre of the top-left pixel,
               smaller z is nearer
    pose       with --camera-info, else null: position_m of the point between the eyes and
               quaternion_xyzw of the head (x out of the face, y to its left, z up), as the
               camera sees them (x right, y down, z forward), and their covariance, 6 x 6 by
               rows: x y z, rotations about the camera's axes
    metric_source    what says how large the face is: 0 nothing, 1 an average face, 2 its irises,
               3 the depth picture
    landmarks_metric  the landmarks in m as the camera sees them, or null
    gaze_left, gaze_right  unit vectors in which the eyes look, or null if unknown
    gaze_sigma  standard deviation of either, rad, or null

a line of --camera-info is the calibration of one picture or video, named like it or by its path:
  {"source": "a.png", "width": 640, "height": 480, "distortion_model": "plumb_bob",
   "d": [...], "k": [9 numbers], "r": [9], "p": [12]}
distortion_model is plumb_bob, rational_polynomial, equidistant, or empty with no d. Pictures
with a line of their own are processed independently, numbered or not: frames of a stream have one
camera. Pictures without a line have faces in pixels only, and are counted in a note.

exit status: 0; 1 if a file could not be read, or only in part (the others are done), or a result
not be written; 2 for a wrong command line; 130 after Ctrl-C, with the results so far kept
"""
# Settings of the pipeline and their options.
_SETTINGS = {
    'max_faces': '--max-faces',
    'detector': '--detector',
    'detector_rotations': '--rotations',
    'landmark_model': '--model',
    'metric_mode': '--metric-mode',
}


class _Once(argparse.Action):
    """An option that may be given once: a second value would silently replace the first."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        if getattr(namespace, self.dest) is not None:
            raise argparse.ArgumentError(self, 'given twice')
        setattr(namespace, self.dest, values)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        'run',
        help='find faces in pictures, folders, videos and recordings',
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('paths', nargs='+', type=Path, metavar='PATH', help=_PATH_HELP)
    _add_outputs(parser)
    parser.add_argument(
        '--static',
        action='store_true',
        help='process every picture independently, also those of videos: new ids, no smoothing, '
        'landmarks as a mean over five crops (one with --no-second-look)',
    )
    _add_geometry_and_topics(parser)
    add_settings(parser, _SETTINGS)
    _add_processing(parser)
    parser.set_defaults(func=partial(_run, parser))


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--jsonl',
        action=_Once,
        metavar='OUT',
        help='write one line of JSON per picture to this file; - for stdout',
    )
    parser.add_argument(
        '--video',
        action=_Once,
        type=Path,
        metavar='OUT',
        help='write an annotated copy: one video if OUT ends in .mp4 (.m4v, .mov, .avi, .mkv), '
        'else a folder of pictures. Without --jsonl, --video and --bag a line per picture is '
        'printed',
    )
    parser.add_argument(
        '--bag',
        action=_Once,
        type=Path,
        metavar='OUT',
        help='write each recording again as an MCAP file, with the topics that the node publishes '
        'for the same images: /facemesh/landmarks, info, markers, and /tf. For one recording OUT '
        'may end in .mcap; else it is a folder',
    )


def _add_geometry_and_topics(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--camera-info',
        action=_Once,
        type=Path,
        metavar='FILE',
        help='calibration of the camera, which gives poses and landmarks in metres: a YAML as '
        'ROS camera_calibration writes it, for all pictures, or lines of JSON, one a picture',
    )
    parser.add_argument(
        '--depth',
        action=_Once,
        metavar='PATTERN',
        help="depth picture of each picture, in its folder, such as '{stem}_depth.png': 16-bit "
        'grey, mm, 0 where unknown, registered to it; {stem} is its name without suffix, {frame} '
        'its number in a video ({frame:06d}). Needs --camera-info',
    )
    parser.add_argument(
        '--topic',
        action='append',
        metavar='NAME',
        help='image topic of recordings; may be given several times. Without it: all topics of '
        'images but depth, those shown by this package, and compressed copies of raw ones',
    )
    parser.add_argument(
        '--depth-topic',
        action=_Once,
        metavar='NAME',
        help='topic of the registered depth images in recordings, if it is not depth/image_raw '
        'beside the images',
    )


def _add_processing(parser: argparse.ArgumentParser) -> None:
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
    parser.add_argument(
        '--jobs',
        action=_Once,
        type=_jobs,
        metavar='N',
        help='process N files at a time, each in a process of its own with its share of the cores '
        'and models of its own; results and their order are the same. Not with --video',
    )
    parser.add_argument(
        '--resume',
        action='store_true',
        help='go on with a run that was interrupted, with the same options: files that are done, '
        'by OUT.progress beside the results, are not done again',
    )


def _jobs(text: str) -> int:
    jobs = int(text)
    if jobs < 1:
        raise argparse.ArgumentTypeError('at least 1')
    return jobs


def _run(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    if arguments.depth and not arguments.camera_info:
        parser.error('argument --depth: without --camera-info it says nothing of a face')
    arguments.jobs = arguments.jobs or 1
    if arguments.jobs > 1 and arguments.video:
        parser.error('argument --jobs: not with --video, whose pictures are drawn in one process')
    from facemesh_ros.cli.run_command import process_files, resumable_target

    if arguments.resume and resumable_target(arguments) is None:
        parser.error(
            'argument --resume: needs results that can be continued: --jsonl FILE, --bag OUT or '
            '--video FOLDER, and neither --jsonl - nor one video'
        )
    return process_files(arguments, chosen_settings(arguments, _SETTINGS))
