"""Pictures through the pipeline, one after the other, and out."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from facemesh_ros.cli.results import (
    AnnotatedPictures,
    AnnotatedVideo,
    JsonLines,
    Results,
    Summary,
)
from facemesh_ros.core.filtering.settings import FilterSettings
from facemesh_ros.core.pipeline import FacePipeline
from facemesh_ros.core.settings import SensorSettings
from facemesh_ros.core.types import Faces, Frame, PixelOrder
from facemesh_ros.media import (
    MediaError,
    Picture,
    UnreadableError,
    count_pictures,
    is_video,
    media_files,
    pictures_from_file,
    rate_of_file,
)
from facemesh_ros.sensor import FaceSensor, load_sensor

# Still pictures in a video stay long enough to be looked at.
STILL_RATE_HZ = 1.0


def process_files(arguments: argparse.Namespace) -> int:
    """Process the files that `facemesh run` was given; 1 if one could not be read to its end."""
    files = media_files(arguments.paths)
    _check_targets([arguments.jsonl, arguments.video], files)
    settings = SensorSettings(
        max_faces=arguments.max_faces,
        landmark_model=arguments.model,
        detector=arguments.detector,
        detector_rotations=arguments.rotations,
        publish_blendshapes=False,  # nothing that is written here holds them
        filter=FilterSettings(type='none') if arguments.no_filter else FilterSettings(),
    )
    sensor = load_sensor(settings)
    with ExitStack() as stack:
        outputs = [stack.enter_context(output) for output in _outputs(arguments, files, sensor)]
        failed = _process_all(files, sensor.stream(), outputs, static=arguments.static)
    return 1 if failed else 0


def _check_targets(targets: list[str | Path | None], files: list[Path]) -> None:
    """Raise MediaError if results would be written over, or among, the files that are read."""
    for target in [Path(target) for target in targets if target]:
        for file in files:
            if target.resolve() in (file.resolve(), file.resolve().parent, file.parent.resolve()):
                raise MediaError(
                    f'{target} cannot take results: {file} is read from there and could be '
                    'written over; choose another place'
                )


def _outputs(
    arguments: argparse.Namespace, files: list[Path], sensor: FaceSensor
) -> list[Results]:
    outputs: list[Results] = []
    if arguments.jsonl:
        outputs.append(JsonLines(arguments.jsonl))
    if arguments.video and is_video(arguments.video):
        rates_hz = [rate_of_file(file) for file in files if is_video(file)]
        rate_hz = rates_hz[0] if rates_hz else STILL_RATE_HZ
        outputs.append(AnnotatedVideo(arguments.video, rate_hz, sensor.topology))
    elif arguments.video:
        outputs.append(AnnotatedPictures(arguments.video, sensor.topology))
    return outputs or [Summary()]


def _process_all(
    files: list[Path], pipeline: FacePipeline, outputs: list[Results], *, static: bool
) -> int:
    """Process files one after the other and return how many could not be read."""
    failed = 0
    # Rich would bring what is meant for a file or a pipe to the terminal of the messages.
    to_terminal = sys.stdout.isatty()
    with Progress(
        console=Console(stderr=True), transient=True, redirect_stdout=to_terminal
    ) as progress:
        for file in files:
            try:
                for picture in _shown(file, progress):
                    faces, took_ms = _process(picture, pipeline, static=static)
                    for output in outputs:
                        output.write(picture, faces, took_ms)
            except UnreadableError as error:
                failed += 1
                # Text and soft_wrap keep a file's name as it is, brackets and length included.
                message = Text(f'facemesh: {error}', style='red')
                progress.console.print(message, soft_wrap=True)
    return failed


def _shown(file: Path, progress: Progress) -> Iterator[Picture]:
    """Yield the pictures of a file and move a bar."""
    task = progress.add_task(file.name, total=count_pictures(file) or None)
    for picture in pictures_from_file(file):
        yield picture
        progress.advance(task)
    progress.remove_task(task)


def _process(picture: Picture, pipeline: FacePipeline, *, static: bool) -> tuple[Faces, float]:
    # A video is a stream of its own; still pictures in a row may be one, unless they are static.
    still = not is_video(picture.source)
    if static or (picture.frame == 0 and not still):
        pipeline.reset()
    frame = Frame(picture.bgr, PixelOrder.BGR, picture.stamp_ns)
    start = time.perf_counter()
    faces = pipeline.process(frame, thorough=static or still)
    return faces, 1e3 * (time.perf_counter() - start)
