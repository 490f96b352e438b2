"""`facemesh run` from its command line to its exit status."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Any

import cv2
from rich.console import Console

from facemesh_ros.assembly.face_sensor import FaceSensor, load_sensor
from facemesh_ros.cli.interrupt import EndingSignals, Interruption
from facemesh_ros.cli.json_lines import JsonLines
from facemesh_ros.cli.output_paths import check_targets, is_video_target
from facemesh_ros.cli.run_sources import Work, complain
from facemesh_ros.cli.run_summary import told_left_out, told_work, told_written
from facemesh_ros.io import (
    DEFAULT_RATE_HZ,
    FoundMedia,
    MediaSource,
    SourceKind,
    UnreadableError,
    find_media,
    rate_of_file,
)
from facemesh_ros.io.results import (
    AnnotatedPictures,
    AnnotatedVideo,
    Results,
    Summary,
    counted,
)
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.settings.pipeline import SensorSettings

# Still pictures in a video stay long enough to be looked at.
STILL_RATE_HZ = 1.0


def process_files(arguments: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Process the files that `facemesh run` was given.

    Args:
        arguments: The command line.
        settings: Fields of SensorSettings that were chosen there.

    Returns:
        The exit status: 1 if a file could not be read to its end, 128 and the signal's number
        after a signal.
    """
    _prepare_process()
    media = find_media(arguments.paths)
    for error in media.errors:
        complain(Console(stderr=True), error)
    if media.left_out:
        _tell(told_left_out(media.left_out))
    if not media.sources:
        return 1
    check_targets(arguments.jsonl, arguments.video, media.files)
    filtering = FilterSettings(type='none') if arguments.no_filter else FilterSettings()
    # Nothing that is written here holds blendshapes.
    chosen = SensorSettings(publish_blendshapes=False, filter=filtering, **settings)
    with EndingSignals() as ending:
        try:
            sensor = load_sensor(chosen)
        except Interruption as interruption:
            _tell('interrupted before the first image; nothing was written')
            return interruption.status
        ending.patient = True
        return _processed(arguments, media, sensor, ending)


def _prepare_process() -> None:
    """Let nothing but our own words reach the screen, and these always."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A letter that the terminal does not know is no reason to stop.
        sys.stdout.reconfigure(errors='backslashreplace')
    # What is wrong with a file is told once, by us, not by the libraries.
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')  # AV_LOG_QUIET
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    warnings.filterwarnings('ignore', module='PIL')


def _processed(
    arguments: argparse.Namespace, media: FoundMedia, sensor: FaceSensor, ending: EndingSignals
) -> int:
    """Do the work, say what came of it, and return the exit status."""
    with ExitStack() as stack:
        stack.callback(sensor.close)
        outputs = [
            stack.enter_context(output) for output in _outputs(arguments, media.sources, sensor)
        ]
        work = Work(sensor.stream(), outputs, arguments.static)
        work.do(media.sources, lambda: ending.status > 0)
    written = told_written([output.written for output in outputs])
    if ending.status:
        _tell(f'interrupted after {counted(work.pictures, "image")}{written and "; "}{written}')
        return ending.status
    _tell(told_work(media.sources, work))
    if written:
        _tell(written)
    return int(work.failed + len(media.errors) > 0)


def _outputs(
    arguments: argparse.Namespace, sources: Sequence[MediaSource], sensor: FaceSensor
) -> list[Results]:
    outputs: list[Results] = []
    if arguments.jsonl:
        outputs.append(JsonLines(arguments.jsonl))
    if arguments.video and is_video_target(arguments.video):
        outputs.append(AnnotatedVideo(arguments.video, _rate_hz(sources), sensor.topology))
    elif arguments.video:
        outputs.append(AnnotatedPictures(arguments.video, sensor.topology))
    return outputs or [Summary()]


def _rate_hz(sources: Sequence[MediaSource]) -> float:
    """Return the rate of the first video that can be read, else one that fits the pictures."""
    for source in sources:
        if source.kind is SourceKind.VIDEO:
            with suppress(UnreadableError):  # told when its turn comes
                return rate_of_file(source.files[0])
    has_frames = any(source.kind is SourceKind.SEQUENCE for source in sources)
    return DEFAULT_RATE_HZ if has_frames else STILL_RATE_HZ


def _tell(sentence: str) -> None:
    sys.stdout.flush()
    print(f'facemesh: {sentence}', file=sys.stderr)
