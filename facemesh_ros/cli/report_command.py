"""Runs `facemesh report`: finds or reads faces, and writes the page."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.cli.output_paths import STDOUT, Outputs, check_output_paths
from facemesh_ros.cli.picture_geometry import PictureGeometry
from facemesh_ros.cli.prepared_process import prepare_process
from facemesh_ros.cli.run_progress import RunProgress
from facemesh_ros.cli.seen_results import SeenResults
from facemesh_ros.cli.source_results import SourceReader
from facemesh_ros.io import (
    CalibrationFile,
    MediaError,
    MediaSource,
    SourceKind,
    UnreadableError,
    find_media,
    readable_name,
)
from facemesh_ros.io.json_faces import faces_in_lines
from facemesh_ros.io.recordings.camera_topics import TopicChoice
from facemesh_ros.io.recordings.face_topics import FaceTopics, face_topics_in
from facemesh_ros.io.recordings.message_store import message_store
from facemesh_ros.io.recordings.recorded_faces import recorded_faces
from facemesh_ros.io.recordings.recorded_images import DamagedImage
from facemesh_ros.io.recordings.recording import Recording
from facemesh_ros.io.recordings.storage import RecordedMessage
from facemesh_ros.io.results import counted
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.viz.report.page import Report, page_of

DIAGNOSTICS = 'diagnostic_msgs/msg/DiagnosticArray'
LINES_SUFFIXES = ('.jsonl', '.ndjson')
# How many images are read between two looks of the progress bar.
PROGRESS_STEP = 20


def write_report(arguments: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Write the report of a recording.

    Args:
        arguments: The command line.
        settings: Fields of SensorSettings chosen on it.

    Returns:
        The exit status: 1 if it could be read in part only.
    """
    prepare_process()
    is_lines = arguments.path.suffix.lower() in LINES_SUFFIXES
    source = None if is_lines else _source_of(arguments.path)
    inputs = [arguments.path] if source is None else list(source.files)
    target = arguments.output or Path(f'{_stem(arguments.path)}_report.html')
    check_output_paths(Outputs(jsonl=str(target)), inputs, arguments.camera_info)
    report = Report(readable_name(arguments.path.name or arguments.path))
    if source is None:
        _read_lines(report, arguments.path)
    else:
        with RunProgress([source]) as progress:
            _fill(report, source, arguments, settings, progress)
    if not report.streams and report.problems:
        raise UnreadableError(report.problems[0])
    page = page_of(report)
    if str(target) == STDOUT:
        print(page, end='')
    else:
        _write(target, page)
    for problem in report.problems:
        print(f'facemesh: {problem}', file=sys.stderr)
    if str(target) != STDOUT:
        size_kb = len(page.encode()) / 1e3
        print(f'facemesh: wrote {readable_name(target)} ({size_kb:.0f} kB)', file=sys.stderr)
    return int(bool(report.problems))


def _source_of(path: Path) -> MediaSource:
    """Return the stream at a path; raises MediaError if there is none, or several."""
    media = find_media([path])
    if media.errors:
        raise media.errors[0]
    name = readable_name(path)
    if len(media.sources) > 1:
        raise MediaError(
            f'{name} holds {len(media.sources)} recordings, videos and pictures: a report is '
            'about one, name it'
        )
    (source,) = media.sources
    if source.kind is SourceKind.STILL:
        raise MediaError(
            f'{name} is one picture: a report is about what happens over time; `facemesh run` '
            'finds faces in pictures'
        )
    return source


def _stem(path: Path) -> str:
    name = path.resolve().name
    return name if path.is_dir() else name.partition('.')[0] or name


def _fill(
    report: Report,
    source: MediaSource,
    arguments: argparse.Namespace,
    settings: dict[str, Any],
    progress: RunProgress,
) -> None:
    if source.kind is SourceKind.RECORDING and not arguments.again:
        with Recording(source.files[0]) as recording:
            topics = face_topics_in(recording, message_store())
            if topics:
                _read(report, recording, topics, progress)
                return
    _find(report, source, arguments, settings, progress)


def _read(
    report: Report, recording: Recording, topics: list[FaceTopics], progress: RunProgress
) -> None:
    """Take the faces that a recording holds."""
    store, images = message_store(), 0
    damaged, reasons = Counter[DamagedImage](), dict[DamagedImage, str]()
    names = ', '.join(topic.landmarks.name for topic in topics)
    report.origin = f'The faces are those that were recorded on {names}.'
    expected = sum(topic.landmarks.count for topic in topics)

    def take_diagnostics(message: RecordedMessage) -> None:
        try:
            report.diagnostics.add(store.deserialised(message.cdr, DIAGNOSTICS))
        except Exception:  # a damaged one, which is not what the report is about
            damaged[DamagedImage(message.topic, 'no readable message')] += 1

    # /diagnostics, under whatever name a namespace gives it.
    also = {
        name: take_diagnostics
        for name, topic in recording.topics.items()
        if topic.type_name == DIAGNOSTICS
    }
    for topic in topics:
        report.stream(topic.stream)
    try:
        for seen in recorded_faces(recording, topics, store, also=also):
            if isinstance(seen, DamagedImage):
                # What differs only in its numbers is the same reason.
                kind = seen._replace(reason=re.sub(r'\d+', '#', seen.reason))
                damaged[kind] += 1
                reasons.setdefault(kind, seen.reason)
                continue
            report.stream(seen.stream).add(seen)
            images += 1
            if images % PROGRESS_STEP == 0:
                progress.show(0, min(1.0, images / expected) if expected else 0.0, images)
    except UnreadableError as error:
        report.problems.append(str(error))
    for kind, count in damaged.items():
        report.problems.append(
            f'{readable_name(recording.path)}: {counted(count, "message")} on '
            f'{readable_name(kind.topic)}: {reasons.get(kind, kind.reason)}'
        )


def _read_lines(report: Report, path: Path) -> None:
    """Take the faces in lines of JSON."""
    report.origin = (
        'The faces are those that `facemesh run --jsonl` wrote. Its lines do not hold what the '
        'filter removed, blendshapes, latency, and what became of other images, so these are not '
        'known.'
    )
    try:
        for seen in faces_in_lines(path, message_store().classes):
            report.stream(seen.stream).add(seen)
    except UnreadableError as error:
        report.problems.append(str(error))


def _find(
    report: Report,
    source: MediaSource,
    arguments: argparse.Namespace,
    settings: dict[str, Any],
    progress: RunProgress,
) -> None:
    """Find the faces in the images of a source, as `facemesh run` does."""
    calibrations = CalibrationFile(arguments.camera_info) if arguments.camera_info else None
    with closing(load_sensor(SensorSettings(**settings))) as sensor:
        seen = SeenResults(sensor)
        stream = sensor.stream
        reader = SourceReader(
            lambda ids: stream(ids=ids),
            PictureGeometry(calibrations, None),
            static=False,
            choice=TopicChoice(tuple(arguments.topic or ())),
        )
        report.origin = (
            'The faces were found for this report, on this machine, in every image. So nothing '
            'was dropped, and how long a live node takes is not known.'
        )
        images = 0
        with closing(reader.results_of(source)) as results:
            for result in results:
                if isinstance(result, UnreadableError):
                    report.problems.append(str(result))
                    continue
                origin = result.origin
                stream_name = origin.topic or readable_name(origin.source)
                image = seen.seen(stream_name, origin, result.frame, result.faces)
                report.stream(image.stream).add(image)
                images += 1
                progress.show(0, reader.share_of(images), images)


def _write(target: Path, page: str) -> None:
    """Write the page as a whole or not at all; raises MediaError."""
    partial = target.with_name(f'{target.name}.partial')
    try:
        if target.exists() and not target.is_file():  # a device or a pipe
            target.write_text(page, encoding='utf-8')
            return
        partial.write_text(page, encoding='utf-8')
        os.replace(partial, target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise MediaError(f'{readable_name(target)} cannot be written: {error.strerror}') from error
