"""Hands sources to workers, and what they find to the outputs, in the order of the sources."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path

from facemesh_ros.cli.bag_output import written_recordings
from facemesh_ros.cli.picture_geometry import PictureGeometry
from facemesh_ros.cli.run_progress import RunProgress, print_note
from facemesh_ros.cli.source_results import ImageFaces
from facemesh_ros.cli.workers.image_rereader import ImageRereader
from facemesh_ros.cli.workers.messages import Done, Lost, Message, Progress, Refused
from facemesh_ros.cli.workers.protocol import Workers
from facemesh_ros.cli.workers.source_work import SourceOutcome, SourceTask
from facemesh_ros.cli.workers.spooled_results import spooled_results
from facemesh_ros.errors import FacemeshError
from facemesh_ros.io import MediaSource, SourceKind, UnreadableError, readable_name
from facemesh_ros.io.results import counted

POLL_S = 0.1
# A source on which so many workers were lost is not tried again.
MAX_LOSSES = 3
# Pictures go to workers several at a time, or they would wait for each other's messages.
_MAX_PORTION, _PORTIONS_PER_WORKER = 32, 4


class DispatchedResults:
    """Gives the results of workers in the order of the sources; a `SourceResults`.

    A lost worker's sources are done again by others. Which source a worker was lost on is known
    exactly, so that none is blamed for another one: a portion of several whose worker is gone
    without a word is handed out again one by one.
    """

    def __init__(
        self,
        workers: Workers,
        parts: Path,
        geometry: PictureGeometry,
        progress: RunProgress,
        is_interrupted: Callable[[], bool],
        images: ImageRereader | None,
    ) -> None:
        """Take who works.

        Args:
            workers: They process the sources.
            parts: Folder that they and this process see, for results that wait for their turn.
            geometry: Gathers what the pictures of all lack.
            progress: The bar.
            is_interrupted: True ends the run.
            images: Gives results with their images; None if no output draws into them.
        """
        self._workers, self._parts = workers, parts
        self._geometry, self._progress = geometry, progress
        self._is_interrupted = is_interrupted
        self._waiting: deque[list[SourceTask]] = deque()
        self._outcomes: dict[int, SourceOutcome | UnreadableError] = {}
        self._finished = set[int]()
        self._losses, self._attempts = Counter[int](), Counter[int]()
        self._bag_target: Path | None = None
        self._bags = 0
        self._images = images

    def submit(
        self,
        sources: Sequence[MediaSource],
        indices: Sequence[int],
        bag_target: Path | None,
        bags: Mapping[Path, Path],
    ) -> None:
        """Take what is to be done.

        Args:
            sources: All sources.
            indices: Numbers of those that are to be done.
            bag_target: The place of recordings as it was given; None if there is none.
            bags: For each recording the file into which it goes.
        """
        self._bag_target = bag_target
        pictures = sum(sources[index].kind is SourceKind.STILL for index in indices)
        most = min(_MAX_PORTION, 1 + pictures // (_PORTIONS_PER_WORKER * self._workers.size))
        portion: list[SourceTask] = []
        for index in indices:
            source = sources[index]
            task = self._task(index, source, bags.get(source.files[0]))
            if source.kind is not SourceKind.STILL:
                self._waiting.append([task])
                continue
            if not portion or len(portion) >= most:
                portion = []
                self._waiting.append(portion)
            portion.append(task)

    def _task(self, index: int, source: MediaSource, bag: Path | None) -> SourceTask:
        # A worker that was thought to be lost may go on: each attempt has files of its own.
        stem = f'{index}-{self._attempts[index]}'
        self._attempts[index] += 1
        unfinished = self._parts / f'{stem}.mcap' if bag is not None else None
        return SourceTask(index, source, self._parts / f'{stem}.results', bag, unfinished)

    def results_of(
        self, index: int, source: MediaSource
    ) -> Generator[ImageFaces | UnreadableError, None, None]:
        """See `SourceResults.results_of`."""
        while index not in self._outcomes:
            self._go_on(POLL_S)
            self._progress.refresh(index)
            if self._is_interrupted():
                return
        outcome = self._outcomes.pop(index)
        if isinstance(outcome, UnreadableError):
            yield outcome
            return
        self._geometry.add_lacks(outcome.lacks or {})
        self._bags += outcome.bags
        for result in self._read(outcome.task):
            yield result
            self._go_on(0.0)
        outcome.task.results.unlink(missing_ok=True)

    def _read(self, task: SourceTask) -> Iterator[ImageFaces | UnreadableError]:
        if self._images is None:
            return spooled_results(task.results)
        return self._images.results_of(task.source, task.results)

    def _go_on(self, timeout_s: float) -> None:
        """Hand out what waits, and take what has come."""
        for worker in self._workers.idle():
            if not self._waiting:
                break
            self._workers.start(worker, self._waiting.popleft())
        for message in self._workers.messages(timeout_s):
            self._take(message)

    def _take(self, message: Message) -> None:
        if isinstance(message, Refused):
            raise FacemeshError(message.reason)
        if isinstance(message, Progress):
            if message.number not in self._finished:  # it may come late
                self._progress.note(*message)
        elif isinstance(message, Done):
            index = message.outcome.task.index
            self._outcomes[index] = message.outcome
            self._finished.add(index)
            self._progress.note(index, 1.0, message.outcome.images)
        elif isinstance(message, Lost):
            self._take_loss(message)

    def _take_loss(self, lost: Lost) -> None:
        if lost.culprit is not None:
            self._losses[lost.culprit] += 1
        again = []
        for task in lost.tasks:
            self._progress.note(task.index, 0.0, 0)
            if self._losses[task.index] >= MAX_LOSSES:
                self._outcomes[task.index] = self._blamed(task, lost.reason)
            else:
                again.append(task)
        for task in reversed(again):
            self._waiting.appendleft([self._task(task.index, task.source, task.bag)])
        if again:
            how = 'is' if len(again) == 1 else 'are'
            what = f'; {counted(len(again), "file")} that it had not done {how} done again'
            print_note(self._progress.console, lost.reason + what)
        elif not lost.tasks:
            print_note(self._progress.console, lost.reason)

    def _blamed(self, task: SourceTask, reason: str) -> UnreadableError:
        name = readable_name(task.source.files[0])
        return UnreadableError(
            f'{name} is given up: {MAX_LOSSES} {self._workers.name} were lost on it '
            f'(the last time {reason}). Either it crashes what decodes it, or memory ran out: '
            'with fewer files at a time there is more for each'
        )

    @property
    def written(self) -> Sequence[str]:
        """What workers wrote where."""
        if self._bag_target is None:
            return []
        return [written_recordings(self._bags, self._bag_target)]
