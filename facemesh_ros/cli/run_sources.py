"""Takes the faces in the images of all files, one file after the other, to the outputs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from facemesh_ros.cli.run_journal import RunJournal, RunState
from facemesh_ros.cli.run_outputs import RunOutputs
from facemesh_ros.cli.run_progress import RunProgress, print_error
from facemesh_ros.cli.source_results import ImageFaces, SourceReader
from facemesh_ros.io import MediaSource, SourceKind, UnreadableError
from facemesh_ros.types import FaceState


class SourceResults(Protocol):
    """Gives what was found in the images of each source; see `SourceReader.results_of`."""

    def results_of(
        self, index: int, source: MediaSource
    ) -> Generator[ImageFaces | UnreadableError, None, None]:
        """Yield the results of a source and keep the progress bar up to date."""


@dataclass
class FileProcessor:
    """Processes files one by one; a damaged file is reported and the others continue.

    Attributes:
        outputs: Receive the faces of each picture.
        journal: Is told which files are done; None if nothing of the run could be continued.
        state: Counts so far, with those of an earlier run that is continued.
        skipped: How many files were done before.
    """

    outputs: RunOutputs
    journal: RunJournal | None
    state: RunState = field(default_factory=RunState)
    skipped: int = 0

    def process(
        self,
        sources: Sequence[MediaSource],
        results: SourceResults,
        progress: RunProgress,
        is_interrupted: Callable[[], bool],
    ) -> None:
        """Process sources one after the other; tracks do not continue from one to the next.

        Args:
            sources: What to read.
            results: What is found in them.
            progress: The bar, above which errors are printed.
            is_interrupted: Called after each image; true ends the run.
        """
        done = self.journal.done_among(sources) if self.journal is not None else set()
        for index, source in enumerate(sources):
            if index in done:
                progress.skip(index)
                self.skipped += len(source.files)
                continue
            with closing(results.results_of(index, source)) as found:
                self._take(source, found, progress, is_interrupted)
            if is_interrupted():
                return
            if self.journal is not None:
                self.state = replace(
                    self.state, line_bytes=self.outputs.line_bytes, pictures=self.outputs.pictures
                )
                self.journal.add(source, self.state)

    def _take(
        self,
        source: MediaSource,
        found: Generator[ImageFaces | UnreadableError, None, None],
        progress: RunProgress,
        is_interrupted: Callable[[], bool],
    ) -> None:
        errors, state = 0, self.state
        # A recording has its own ids, as from a node that was started for it.
        offset = 0 if source.kind is SourceKind.RECORDING else state.ids
        images = with_faces = highest = 0
        for result in found:
            if isinstance(result, UnreadableError):
                errors += 1
                print_error(progress.console, result)
                continue
            highest = max(highest, *result.faces.ids.tolist(), 0)
            faces = replace(result.faces, ids=result.faces.ids + offset)
            self.outputs.write(result._replace(faces=faces))
            images += 1
            with_faces += bool(np.any(faces.states != FaceState.COASTING))
            if is_interrupted():
                break
        self.state = replace(
            state,
            images=state.images + images,
            with_faces=state.with_faces + with_faces,
            failed=state.failed + min(errors, len(source.files)),
            ids=state.ids if source.kind is SourceKind.RECORDING else offset + highest,
        )


class ResultsInTurn:
    """Reads one source after the other in this process; a `SourceResults`."""

    def __init__(self, reader: SourceReader, progress: RunProgress) -> None:
        self._reader, self._progress = reader, progress

    def results_of(
        self, index: int, source: MediaSource
    ) -> Generator[ImageFaces | UnreadableError, None, None]:
        """See `SourceResults.results_of`."""
        images = 0
        self._progress.show(index, 0.0, 0)
        with closing(self._reader.results_of(source)) as results:
            for result in results:
                yield result
                images += 1
                self._progress.show(index, self._reader.share_of(images), images)
        self._progress.show(index, 1.0, images)
