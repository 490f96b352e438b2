"""Runs `facemesh run`: checks inputs and outputs, processes files, sums up."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.cli.bag_output import BagOutput, bag_paths, make_bag_folder
from facemesh_ros.cli.interrupt import InterruptHandler, Interruption
from facemesh_ros.cli.output_paths import Outputs, check_output_paths
from facemesh_ros.cli.picture_geometry import PictureGeometry
from facemesh_ros.cli.prepared_process import prepare_process
from facemesh_ros.cli.processing_errors import ErrorFile
from facemesh_ros.cli.run_journal import RunJournal, RunState
from facemesh_ros.cli.run_outputs import RunOutputs
from facemesh_ros.cli.run_places import (
    journal_of,
    name_outputs_of_share,
    parts_folder,
    resumable_target,
)
from facemesh_ros.cli.run_progress import RunProgress, print_error
from facemesh_ros.cli.run_setup import RunSetup
from facemesh_ros.cli.run_sources import FileProcessor, ResultsInTurn, SourceResults
from facemesh_ros.cli.run_summary import left_out_sentence, processed_sentence, written_sentence
from facemesh_ros.cli.shares import sources_of
from facemesh_ros.cli.workers.choice import chosen_workers
from facemesh_ros.cli.workers.dispatched_results import DispatchedResults
from facemesh_ros.cli.workers.image_rereader import ImageRereader
from facemesh_ros.io import FoundMedia, find_media
from facemesh_ros.io.recordings.camera_topics import TopicChoice
from facemesh_ros.io.results import Results, counted
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.settings.pipeline import SensorSettings


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
    name_outputs_of_share(arguments)
    # Of all sources: names are the same whichever share a recording is in.
    bags = bag_paths(arguments.bag, media.sources) if arguments.bag else {}
    outputs = Outputs(arguments.jsonl, arguments.video, list(bags.values()))
    check_output_paths(outputs, [*media.files, *media.companions], arguments.camera_info)
    with InterruptHandler() as ending:
        try:
            return _Run(arguments, setup, geometry, media, bags, ending).status()
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
        writes_bags=bool(arguments.bag),
        # Workers of a cluster are somewhere else.
        folder=Path.cwd() if arguments.cluster else None,
    )


class _Run:
    """One run, whose inputs and outputs are checked."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        setup: RunSetup,
        geometry: PictureGeometry,
        media: FoundMedia,
        bags: dict[Path, Path],
        ending: InterruptHandler,
    ) -> None:
        self._arguments, self._setup, self._geometry = arguments, setup, geometry
        self._media, self._bags, self._ending = media, bags, ending
        self._sources = sources_of(arguments.share, media.sources)

    def status(self) -> int:
        """Process all sources, print a summary and return the exit status."""
        arguments = self._arguments
        journal = journal_of(arguments)
        errors = ErrorFile(resumable_target(arguments), resume=arguments.resume)
        state = journal.state if journal is not None else RunState()
        with ExitStack() as stack:
            if journal is not None:
                stack.callback(journal.close)
            written, processor = self._process(journal, errors, state, stack)
        if journal is not None and not self._ending.status:
            journal.remove()
        for note in filter(None, [*self._geometry.notes(), errors.note]):
            _print_note(note)
        said = written_sentence([*processor.outputs.written, *written.written])
        return self._sum_up(processor, said, can_go_on=journal is not None)

    def _sum_up(self, processor: FileProcessor, written: str, *, can_go_on: bool) -> int:
        state = processor.state
        if self._ending.status:
            way_on = '; the same with --resume goes on from there' * can_go_on
            _print_note(
                f'interrupted after {counted(state.images, "image")}{written and "; "}{written}'
                f'{way_on}'
            )
            return self._ending.status
        is_static = self._setup.is_static
        said = processed_sentence(self._sources, processor, is_static=is_static)
        _print_note(said if self._sources else 'no file is in this share')
        if written:
            _print_note(written)
        return int(state.failed + len(self._media.errors) > 0)

    def _process(
        self, journal: RunJournal | None, errors: ErrorFile, state: RunState, stack: ExitStack
    ) -> tuple[SourceResults, FileProcessor]:
        arguments, sources = self._arguments, self._sources
        done = journal.done_among(sources) if journal is not None else set()
        has_workers = arguments.jobs > 1 or arguments.cluster is not None
        bag: BagOutput | None = None
        of_models: list[Results] = []
        if not has_workers:
            sensor = load_sensor(self._setup.settings)
            stack.callback(sensor.close)
            if arguments.bag:
                bag = BagOutput(sensor, self._bags, arguments.bag)
                of_models.append(bag)
            if arguments.viewer is not None:
                of_models.append(arguments.viewer(sources, sensor))
        self._ending.deferred = True
        if arguments.bag:
            make_bag_folder(arguments.bag)
        outputs = stack.enter_context(
            RunOutputs(arguments, sources, self._setup.choice, state, of_models)
        )
        progress = stack.enter_context(RunProgress(sources))
        results: SourceResults
        if has_workers:
            results = self._dispatched(progress, set(range(len(sources))) - done, stack)
        else:
            reader = self._setup.sensor_reader(sensor, self._geometry, bag)
            results = ResultsInTurn(reader, progress)
        processor = FileProcessor(outputs, journal, errors, arguments.share, state)
        processor.process(sources, done, results, progress, self._is_interrupted)
        return results, processor

    def _dispatched(
        self, progress: RunProgress, indices: set[int], stack: ExitStack
    ) -> DispatchedResults:
        """Return the results of workers."""
        arguments = self._arguments
        parts = stack.enter_context(parts_folder(arguments))
        workers = stack.enter_context(
            chosen_workers(arguments, self._setup, self._sources, len(indices), parts)
        )
        images = ImageRereader(self._setup) if arguments.video else None
        results = DispatchedResults(
            workers, parts, self._geometry, progress, self._is_interrupted, images
        )
        results.submit(self._sources, sorted(indices), arguments.bag, self._bags)
        return results

    def _is_interrupted(self) -> bool:
        return self._ending.status > 0


def _print_note(sentence: str) -> None:
    sys.stdout.flush()
    print(f'facemesh: {sentence}', file=sys.stderr)
