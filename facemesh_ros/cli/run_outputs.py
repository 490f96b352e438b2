"""All that a run writes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeVar

from facemesh_ros.cli.json_lines import JsonLines
from facemesh_ros.cli.output_paths import is_video_path
from facemesh_ros.cli.run_journal import RunState
from facemesh_ros.cli.source_results import ImageFaces
from facemesh_ros.io import (
    DEFAULT_RATE_HZ,
    MediaSource,
    SourceKind,
    UnreadableError,
    rate_of_file,
)
from facemesh_ros.io.recordings.camera_topics import TopicChoice, recorded_rate_hz
from facemesh_ros.io.results import AnnotatedPictures, AnnotatedVideo, Results, Summary

Output = TypeVar('Output', bound=Results)
# Each still picture is shown this long in an annotated video.
STILL_RATE_HZ = 1.0


class RunOutputs:
    """The outputs that a command line asks for; a context manager."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        sources: Sequence[MediaSource],
        choice: TopicChoice,
        before: RunState,
        others: Sequence[Results] = (),
    ) -> None:
        """Open all; what an earlier run has written up to `before` stays.

        Args:
            arguments: The command line.
            sources: All inputs.
            choice: Which topics of recordings are read.
            before: How far an earlier run that is continued was.
            others: What needs the models, or more, of this process.

        Raises:
            MediaError: If one cannot be written.
        """
        self._opened = ExitStack()
        self._all: list[Results] = []
        self._lines: JsonLines | None = None
        self._pictures: AnnotatedPictures | None = None
        with self._opened:
            if arguments.jsonl:
                self._lines = self._add(JsonLines(arguments.jsonl, before.line_bytes))
            if arguments.video:
                self._open_images(arguments.video, sources, choice, before)
            for output in others:
                self._add(output)
            if not (arguments.jsonl or arguments.video or arguments.bag or arguments.viewer):
                self._add(Summary())
            self._opened = self._opened.pop_all()

    def _open_images(
        self, target: Path, sources: Sequence[MediaSource], choice: TopicChoice, before: RunState
    ) -> None:
        if is_video_path(target):
            self._add(AnnotatedVideo(target, _rate_hz(sources, choice)))
        else:
            self._pictures = self._add(AnnotatedPictures(target, before.pictures))

    def _add(self, output: Output) -> Output:
        self._opened.enter_context(output)
        self._all.append(output)
        return output

    def __enter__(self) -> RunOutputs:
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.__exit__(*error)  # type: ignore[arg-type]

    def write(self, result: ImageFaces) -> None:
        """Write the faces of an image to all."""
        for output in self._all:
            output.write(*result)

    @property
    def line_bytes(self) -> int:
        """Length of the file of JSON lines; 0 without one."""
        return self._lines.position if self._lines is not None else 0

    @property
    def pictures(self) -> int:
        """How many annotated pictures were written; 0 if none are."""
        return self._pictures.count if self._pictures is not None else 0

    @property
    def written(self) -> list[str]:
        """Per output what it wrote, empty if nothing needs to be said."""
        return [output.written for output in self._all]


def _rate_hz(sources: Sequence[MediaSource], choice: TopicChoice) -> float:
    """Return the frame rate of the first readable video or recording, else a default."""
    for source in sources:
        with suppress(UnreadableError):  # reported when it is processed
            if source.kind is SourceKind.VIDEO:
                return rate_of_file(source.files[0])
            if source.kind is SourceKind.RECORDING:
                return recorded_rate_hz(source.files[0], choice)
    has_frames = any(source.kind is SourceKind.SEQUENCE for source in sources)
    return DEFAULT_RATE_HZ if has_frames else STILL_RATE_HZ
