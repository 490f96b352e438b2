"""Runs `facemesh run`: checks inputs and outputs, loads models, processes files, sums up."""

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
from facemesh_ros.cli.bag_output import BagOutput, bag_paths
from facemesh_ros.cli.interrupt import InterruptHandler, Interruption
from facemesh_ros.cli.json_lines import JsonLines
from facemesh_ros.cli.output_paths import Outputs, check_output_paths, is_video_path
from facemesh_ros.cli.picture_geometry import PictureGeometry
from facemesh_ros.cli.run_sources import FileProcessor, print_error
from facemesh_ros.cli.run_summary import left_out_sentence, processed_sentence, written_sentence
from facemesh_ros.cli.source_results import SourceReader
from facemesh_ros.io import (
    DEFAULT_RATE_HZ,
    CalibrationFile,
    DepthFiles,
    FoundMedia,
    MediaSource,
    SourceKind,
    UnreadableError,
    find_media,
    rate_of_file,
)
from facemesh_ros.io.recordings.camera_topics import TopicChoice, recorded_rate_hz
from facemesh_ros.io.results import (
    AnnotatedPictures,
    AnnotatedVideo,
    Results,
    Summary,
    counted,
)
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.settings.pipeline import SensorSettings

# Each still picture is shown this long in an annotated video.
STILL_RATE_HZ = 1.0


def process_files(arguments: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Process the files given to `facemesh run`.

    Args:
        arguments: The command line.
        settings: Fields of SensorSettings chosen on it.

    Returns:
        The exit status: 1 if a file could not be read to its end, 128 plus the signal's number
        after a signal.
    """
    _prepare_process()
    calibrations = CalibrationFile(arguments.camera_info) if arguments.camera_info else None
    depths = DepthFiles(arguments.depth) if arguments.depth else None
    geometry = PictureGeometry(calibrations, depths)
    media = find_media(arguments.paths, geometry.depths_among, geometry.has_own_camera)
    for error in media.errors:
        print_error(Console(stderr=True), error)
    if media.left_out:
        _print_note(left_out_sentence(media.left_out))
    if media.companions:
        _print_note(f'{counted(len(media.companions), "depth picture")} taken as depth only')
    if not media.sources:
        return 1
    inputs = [*media.files, *media.companions]
    bags = list(bag_paths(arguments.bag, media.sources).values()) if arguments.bag else []
    outputs = Outputs(arguments.jsonl, arguments.video, bags)
    check_output_paths(outputs, inputs, arguments.camera_info)
    filtering = FilterSettings(type='none') if arguments.no_filter else FilterSettings()
    chosen = SensorSettings(
        publish_blendshapes=bool(arguments.bag),  # no other output contains them
        filter=filtering,
        second_look=not arguments.no_second_look,
        **settings,
    )
    with InterruptHandler() as ending:
        try:
            sensor = load_sensor(chosen)
        except Interruption as interruption:
            _print_note('interrupted before the first image; nothing was written')
            return interruption.status
        ending.deferred = True
        return _processed(arguments, media, sensor, geometry, ending)


def _prepare_process() -> None:
    """Keep the libraries' messages off the terminal, and make ours printable on any."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A character that the terminal cannot show must not stop the run.
        sys.stdout.reconfigure(errors='backslashreplace')
    # Errors of files are reported once, by this command, not by the libraries.
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')  # AV_LOG_QUIET
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    warnings.filterwarnings('ignore', module='PIL')


def _processed(
    arguments: argparse.Namespace,
    media: FoundMedia,
    sensor: FaceSensor,
    geometry: PictureGeometry,
    ending: InterruptHandler,
) -> int:
    """Process all sources, print a summary and return the exit status."""
    choice = TopicChoice(tuple(arguments.topic or ()), arguments.depth_topic)
    with ExitStack() as stack:
        stack.callback(sensor.close)
        outputs = [
            stack.enter_context(output)
            for output in _outputs(arguments, media.sources, sensor, choice)
        ]
        bags = [output for output in outputs if isinstance(output, BagOutput)]
        reader = SourceReader(
            sensor.stream, geometry, arguments.static, choice, bags[0] if bags else None
        )
        processor = FileProcessor(reader, outputs)
        processor.process(media.sources, lambda: ending.status > 0)
    for note in geometry.notes():
        _print_note(note)
    written = written_sentence([output.written for output in outputs])
    if ending.status:
        _print_note(
            f'interrupted after {counted(processor.pictures, "image")}{written and "; "}{written}'
        )
        return ending.status
    _print_note(processed_sentence(media.sources, processor, is_static=arguments.static))
    if written:
        _print_note(written)
    return int(processor.failed + len(media.errors) > 0)


def _outputs(
    arguments: argparse.Namespace,
    sources: Sequence[MediaSource],
    sensor: FaceSensor,
    choice: TopicChoice,
) -> list[Results]:
    outputs: list[Results] = []
    if arguments.jsonl:
        outputs.append(JsonLines(arguments.jsonl))
    if arguments.video and is_video_path(arguments.video):
        outputs.append(AnnotatedVideo(arguments.video, _rate_hz(sources, choice), sensor.topology))
    elif arguments.video:
        outputs.append(AnnotatedPictures(arguments.video, sensor.topology))
    if arguments.bag:
        outputs.append(BagOutput(arguments.bag, sources, sensor))
    return outputs or [Summary()]


def _rate_hz(sources: Sequence[MediaSource], choice: TopicChoice) -> float:
    """Return the frame rate of the first readable video or recording, else a default."""
    for source in sources:
        if source.kind is SourceKind.VIDEO:
            with suppress(UnreadableError):  # reported when it is processed
                return rate_of_file(source.files[0])
        if source.kind is SourceKind.RECORDING:
            with suppress(UnreadableError):
                return recorded_rate_hz(source.files[0], choice)
    has_frames = any(source.kind is SourceKind.SEQUENCE for source in sources)
    return DEFAULT_RATE_HZ if has_frames else STILL_RATE_HZ


def _print_note(sentence: str) -> None:
    sys.stdout.flush()
    print(f'facemesh: {sentence}', file=sys.stderr)
