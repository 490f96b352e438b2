"""Several files at a time, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.cli.bag_output import BagOutput
from facemesh_ros.cli.picture_geometry import Lack, PictureGeometry
from facemesh_ros.cli.prepared_process import prepare_process
from facemesh_ros.cli.run_progress import RunProgress
from facemesh_ros.cli.source_results import ImageFaces, SourceReader
from facemesh_ros.errors import FacemeshError
from facemesh_ros.io import CalibrationFile, DepthFiles, MediaError, MediaSource, UnreadableError
from facemesh_ros.io.recordings.camera_topics import TopicChoice
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder

POLL_S = 0.1


@dataclass(frozen=True)
class RunSetup:
    """What a process needs to know of a run.

    Attributes:
        settings: Of the models.
        camera_info, depth: Options of the command line.
        is_static: Whether every picture is processed independently.
        choice: Which topics of recordings are read.
        bag: Where recordings go; None if they do not.
        sources: All inputs.
    """

    settings: SensorSettings
    camera_info: Path | None
    depth: str | None
    is_static: bool
    choice: TopicChoice
    bag: Path | None
    sources: list[MediaSource]

    def geometry(self) -> PictureGeometry:
        """Return what makes frames of pictures; raises MediaError if a file is wrong."""
        return PictureGeometry(
            CalibrationFile(self.camera_info) if self.camera_info else None,
            DepthFiles(self.depth) if self.depth else None,
        )


class _Origin(NamedTuple):
    """An `ImageOrigin` without its image."""

    source: Path
    frame: int
    stamp_ns: int
    topic: str
    of_video: bool


class _Shared:
    """What all processes of a run see.

    Attributes:
        stopped: Set when they are to end.
        shares, images: Of each source: the share that is done, and how many images.
        started: How many workers have begun.
    """

    def __init__(self, context: Any, sources: int) -> None:
        self.stopped = context.Event()
        self.shares, self.images = context.Array('d', sources), context.Array('Q', sources)
        self.started = context.Value('i', 0)


class _Worker:
    """Runs sources in its process and leaves what it finds in files."""

    def __init__(self, setup: RunSetup, shared: _Shared) -> None:
        self._shared = shared
        self._geometry = setup.geometry()
        sensor = load_sensor(setup.settings)
        stream = sensor.stream
        self._bag = BagOutput(setup.bag, setup.sources, sensor) if setup.bag else None
        self._reader = SourceReader(
            lambda ids: stream(ids=ids), self._geometry, setup.is_static, setup.choice, self._bag
        )

    def run(self, index: int, source: MediaSource, spool: Path) -> dict[str, Lack]:
        """Write the results of a source to a file and return what its pictures lack."""
        self._geometry.lacks.clear()
        images = 0
        with spool.open('wb') as file, closing(self._reader.results_of(source)) as results:
            for result in results:
                if self._shared.stopped.is_set():
                    break
                if isinstance(result, UnreadableError):
                    pickle.dump(str(result), file)
                    continue
                if self._bag is not None:
                    self._bag.write(*result)
                pickle.dump(_packed(result), file)
                images += 1
                self._shared.images[index] = images
                self._shared.shares[index] = self._reader.share_of(images)
        self._shared.shares[index] = 1.0
        return dict(self._geometry.lacks)


def _packed(result: ImageFaces) -> tuple[Any, ...]:
    origin = result.origin
    plain = _Origin(origin.source, origin.frame, origin.stamp_ns, origin.topic, origin.of_video)
    return plain, result.frame.image_wh, result.faces, result.took_ms


def _unpacked(packed: Any) -> ImageFaces | UnreadableError:
    if isinstance(packed, str):
        return UnreadableError(packed)
    origin, (width, height), faces, took_ms = packed
    # Of the image only the size is left, in a single pixel.
    pixels = np.broadcast_to(np.zeros((), np.uint8), (height, width))
    return ImageFaces(origin, Frame(pixels, PixelOrder.MONO, origin.stamp_ns), faces, took_ms)


# Of this process, or why there is none.
_worker: _Worker | FacemeshError


def _start(setup: RunSetup, shared: _Shared, jobs: int) -> None:
    global _worker
    for number in (signal.SIGINT, signal.SIGHUP):  # the main process ends this one
        signal.signal(number, signal.SIG_IGN)
    prepare_process()
    with shared.started.get_lock():
        number = shared.started.value
        shared.started.value += 1
    _take_share_of_cores(number, jobs)
    try:
        _worker = _Worker(setup, shared)
    except FacemeshError as error:
        _worker = error


def _take_share_of_cores(number: int, jobs: int) -> None:
    """Leave the other cores to the other workers: they would only wait for each other."""
    if hasattr(os, 'sched_setaffinity'):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) >= jobs:
            os.sched_setaffinity(0, cores[number % jobs :: jobs])


def _run(index: int, source: MediaSource, spool: Path) -> dict[str, Lack]:
    if isinstance(_worker, FacemeshError):
        raise _worker
    return _worker.run(index, source, spool)


class ParallelResults:
    """Reads sources in several processes and gives them in order; a `SourceResults`.

    A context manager.
    """

    def __init__(
        self,
        setup: RunSetup,
        jobs: int,
        geometry: PictureGeometry,
        progress: RunProgress,
        is_interrupted: Callable[[], bool],
    ) -> None:
        """Take the run; `geometry` gathers what the pictures of all processes lack."""
        self._setup, self._jobs = setup, jobs
        self._geometry, self._progress = geometry, progress
        self._is_interrupted = is_interrupted
        self._opened = ExitStack()
        self._futures: dict[int, Future[Mapping[str, Lack]]] = {}

    def __enter__(self) -> ParallelResults:
        folder = self._opened.enter_context(tempfile.TemporaryDirectory(prefix='facemesh_'))
        self._folder = Path(folder)
        # A process that is forked while threads run may hang.
        context = multiprocessing.get_context('spawn')
        self._shared = _Shared(context, len(self._setup.sources))
        self._pool = ProcessPoolExecutor(
            self._jobs, context, _start, (self._setup, self._shared, self._jobs)
        )
        self._opened.callback(self._pool.shutdown, cancel_futures=True)
        self._opened.callback(self._shared.stopped.set)
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def submit(self, indices: Sequence[int]) -> None:
        """Hand sources to the processes."""
        for index in indices:
            source = self._setup.sources[index]
            self._futures[index] = self._pool.submit(_run, index, source, self._spool(index))

    def _spool(self, index: int) -> Path:
        return self._folder / str(index)

    def results_of(
        self, index: int, source: MediaSource
    ) -> Generator[ImageFaces | UnreadableError, None, None]:
        """See `SourceResults.results_of`; raises MediaError if a process was killed."""
        future = self._futures[index]
        while not wait([future], POLL_S).done:
            self._show(index)
            if self._is_interrupted():
                return
        try:
            self._geometry.add_lacks(future.result())
        except BrokenProcessPool as error:
            raise MediaError(
                'a process of --jobs was killed, perhaps because memory ran out: with fewer '
                '--jobs less is needed, and --resume goes on with what is done'
            ) from error
        self._show(index)
        yield from _read(self._spool(index))
        self._spool(index).unlink()

    def _show(self, index: int) -> None:
        shares, images = self._shared.shares[:], self._shared.images[:]
        for number, share in enumerate(shares):
            if share:
                self._progress.note(number, share, images[number])
        self._progress.refresh(index)


def _read(spool: Path) -> Iterator[ImageFaces | UnreadableError]:
    with spool.open('rb') as file:
        while file.peek(1):
            yield _unpacked(pickle.load(file))
