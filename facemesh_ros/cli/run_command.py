"""Runs `facemesh run`: checks inputs and outputs, loads models, processes files, sums up."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.cli.bag_output import bag_paths
from facemesh_ros.cli.interrupt import InterruptHandler, Interruption
from facemesh_ros.cli.output_paths import STDOUT, Outputs, check_output_paths, is_video_path
from facemesh_ros.cli.picture_geometry import PictureGeometry
from facemesh_ros.cli.prepared_process import prepare_process
from facemesh_ros.cli.run_journal import RunJournal, RunState
from facemesh_ros.cli.run_outputs import RunOutputs
from facemesh_ros.cli.run_progress import RunProgress, print_error
from facemesh_ros.cli.run_sources import FileProcessor, ResultsInTurn, SourceResults
from facemesh_ros.cli.run_summary import left_out_sentence, processed_sentence, written_sentence
from facemesh_ros.cli.run_workers import ParallelResults, RunSetup
from facemesh_ros.cli.source_results import SourceReader
from facemesh_ros.io import FoundMedia, find_media
from facemesh_ros.io.recordings.camera_topics import TopicChoice
from facemesh_ros.io.results import counted
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.settings.pipeline import SensorSettings

# Options that change nothing in the results.
_OF_THE_RUN = ('func', 'command', 'jobs', 'paths', 'resume', 'view', 'viewer')


def process_files(arguments: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Process the files given to `facemesh run`.

    Args:
        arguments: The command line.
        settings: Fields of SensorSettings chosen on it.

    Returns:
        The exit status: 1 if a file could not be read to its end, 128 plus the signal's number
        after a signal.
    """
    prepare_process()
    setup = _setup_of(arguments, settings)
    geometry = setup.geometry()
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
    setup.sources.extend(media.sources)
    with InterruptHandler() as ending:
        try:
            return _Run(arguments, setup, geometry, media, ending).status()
        except Interruption as interruption:
            if ending.deferred:
                raise
            _print_note('interrupted before the first image; nothing was written')
            return interruption.status


def _setup_of(arguments: argparse.Namespace, settings: dict[str, Any]) -> RunSetup:
    filtering = FilterSettings(type='none') if arguments.no_filter else FilterSettings()
    chosen = SensorSettings(
        publish_blendshapes=bool(arguments.bag),  # no other output contains them
        filter=filtering,
        second_look=not arguments.no_second_look,
        **settings,
    )
    return RunSetup(
        settings=chosen,
        camera_info=arguments.camera_info,
        depth=arguments.depth,
        is_static=arguments.static,
        choice=TopicChoice(tuple(arguments.topic or ()), arguments.depth_topic),
        bag=arguments.bag,
        sources=[],
    )


class _Run:
    """One run, whose inputs and outputs are checked."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        setup: RunSetup,
        geometry: PictureGeometry,
        media: FoundMedia,
        ending: InterruptHandler,
    ) -> None:
        self._arguments, self._setup, self._geometry = arguments, setup, geometry
        self._media, self._ending = media, ending

    def status(self) -> int:
        """Process all sources, print a summary and return the exit status."""
        journal = _journal_of(self._arguments)
        with ExitStack() as stack:
            processor = self._process(journal, stack)
        is_complete = not self._ending.status
        if journal is not None:
            journal.close(is_complete=is_complete)
        for note in self._geometry.notes():
            _print_note(note)
        written = written_sentence(processor.outputs.written)
        state = processor.state
        if not is_complete:
            way_on = '; the same with --resume goes on from there' if journal is not None else ''
            _print_note(
                f'interrupted after {counted(state.images, "image")}{written and "; "}{written}'
                f'{way_on}'
            )
            return self._ending.status
        _print_note(
            processed_sentence(self._media.sources, processor, is_static=self._setup.is_static)
        )
        if written:
            _print_note(written)
        return int(state.failed + len(self._media.errors) > 0)

    def _process(self, journal: RunJournal | None, stack: ExitStack) -> FileProcessor:
        sources, state = self._setup.sources, journal.state if journal else RunState()
        is_parallel = self._arguments.jobs > 1
        sensor = None if is_parallel else load_sensor(self._setup.settings)
        if sensor is not None:
            stack.callback(sensor.close)
        self._ending.deferred = True
        outputs = stack.enter_context(
            RunOutputs(self._arguments, sources, sensor, self._setup.choice, state)
        )
        progress = stack.enter_context(RunProgress(sources))
        processor = FileProcessor(outputs, journal, state)
        results: SourceResults
        if sensor is None:
            parallel = ParallelResults(
                self._setup, self._arguments.jobs, self._geometry, progress, self._is_interrupted
            )
            results = stack.enter_context(parallel)
            done = journal.done_among(sources) if journal is not None else set()
            parallel.submit(sorted(set(range(len(sources))) - done))
        else:
            stream = sensor.stream
            reader = SourceReader(
                lambda ids: stream(ids=ids),
                self._geometry,
                self._setup.is_static,
                self._setup.choice,
                outputs.bag,
            )
            results = ResultsInTurn(reader, progress)
        processor.process(sources, results, progress, self._is_interrupted)
        return processor

    def _is_interrupted(self) -> bool:
        return self._ending.status > 0


def _journal_of(arguments: argparse.Namespace) -> RunJournal | None:
    """Return the journal of a run; None if nothing that it writes can be continued."""
    target = resumable_target(arguments)
    if target is None:
        return None
    options = {name: value for name, value in vars(arguments).items() if name not in _OF_THE_RUN}
    return RunJournal(target, options, resume=arguments.resume)


def resumable_target(arguments: argparse.Namespace) -> Path | None:
    """Return the first output of a run that can be continued; None if one of them cannot be."""
    if arguments.jsonl == STDOUT or (arguments.video and is_video_path(arguments.video)):
        return None
    lines = Path(arguments.jsonl) if arguments.jsonl else None
    if lines and lines.exists() and not lines.is_file():
        return None  # what went into a device or a pipe is gone
    target: Path | None = lines or arguments.bag or arguments.video
    return target


def _print_note(sentence: str) -> None:
    sys.stdout.flush()
    print(f'facemesh: {sentence}', file=sys.stderr)
