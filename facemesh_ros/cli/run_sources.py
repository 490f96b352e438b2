"""Takes the faces in the images of all files, one file after the other, to the outputs."""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.cli.processing_errors import ErrorFile, ProcessingError
from facemesh_ros.cli.run_journal import RunJournal, RunState
from facemesh_ros.cli.run_outputs import RunOutputs
from facemesh_ros.cli.run_progress import RunProgress, print_error
from facemesh_ros.cli.shares import Share
from facemesh_ros.cli.source_results import ImageFaces, SourceReader
from facemesh_ros.errors import FacemeshError
from facemesh_ros.io import MediaSource, SourceKind, UnreadableError
from facemesh_ros.types import FaceState


class SourceResults(Protocol):
    """Gives what was found in the images of each source; see `SourceReader.results_of`."""

    def results_of(
        self, index: int, source: MediaSource
    ) -> Generator[ImageFaces | UnreadableError, None, None]:
        """Yield the results of a source and keep the progress bar up to date."""

    @property
    def written(self) -> Sequence[str]:
        """What was written where by others than the outputs."""


@dataclass
class _Counts:
    """What came of one source."""

    errors: int = 0
    images: int = 0
    with_faces: int = 0
    highest_id: int = 0


@dataclass
class FileProcessor:
    """Takes the results of file after file; a damaged file is reported and the others continue.

    Attributes:
        outputs: Receive the faces of each picture.
        journal: Is told which files are done; None if nothing of the run could be continued.
        errors: Takes the tracebacks of our own faults.
        share: Which one of a run this is; None for all of it.
        state: Counts so far, with those of an earlier run that is continued.
        skipped: How many files were done before.
    """

    outputs: RunOutputs
    journal: RunJournal | None
    errors: ErrorFile
    share: Share | None = None
    state: RunState = field(default_factory=RunState)
    skipped: int = 0

    def process(
        self,
        sources: Sequence[MediaSource],
        done: Container[int],
        results: SourceResults,
        progress: RunProgress,
        is_interrupted: Callable[[], bool],
    ) -> None:
        """Process sources one after the other; tracks do not continue from one to the next.

        Args:
            sources: What to read.
            done: Indices of those that an earlier run has done.
            results: What is found in them.
            progress: The bar, above which errors are printed.
            is_interrupted: Called after each image; true ends the run.
        """
        for index, source in enumerate(sources):
            if index in done:
                progress.skip(index)
                self.skipped += len(source.files)
                continue
            counts = _Counts()
            with closing(results.results_of(index, source)) as found:
                self._take(source, found, counts, progress, is_interrupted)
            self._count(source, counts)
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
        counts: _Counts,
        progress: RunProgress,
        is_interrupted: Callable[[], bool],
    ) -> None:
        for result in found:
            if isinstance(result, UnreadableError):
                counts.errors += 1
                self._report(result, progress)
                continue
            counts.highest_id = max(counts.highest_id, *result.faces.ids.tolist(), 0)
            faces = replace(result.faces, ids=self._ids_in_run(source, result.faces.ids))
            try:
                self.outputs.write(result._replace(faces=faces))
            except (FacemeshError, OSError):  # nothing can be written any more
                raise
            except Exception as error:
                counts.errors += 1
                self._report(ProcessingError.of(source, counts.images, error), progress)
                break
            counts.images += 1
            counts.with_faces += bool(np.any(faces.states != FaceState.COASTING))
            if is_interrupted():
                break

    def _report(self, error: UnreadableError, progress: RunProgress) -> None:
        print_error(progress.console, error)
        if isinstance(error, ProcessingError):
            self.errors.add(error)

    def _ids_in_run(self, source: MediaSource, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return ids that no other source has."""
        if source.kind is SourceKind.RECORDING:  # its own, as of a node that was started for it
            return ids
        ids = ids + self.state.ids
        return self.share.ids(ids) if self.share is not None else ids

    def _count(self, source: MediaSource, counts: _Counts) -> None:
        state = self.state
        has_own_ids = source.kind is SourceKind.RECORDING
        self.state = replace(
            state,
            images=state.images + counts.images,
            with_faces=state.with_faces + counts.with_faces,
            failed=state.failed + min(counts.errors, len(source.files)),
            ids=state.ids if has_own_ids else state.ids + counts.highest_id,
        )


class ResultsInTurn:
    """Reads one source after the other in this process; a `SourceResults`."""

    # All is written by the outputs.
    written: Sequence[str] = ()

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
