"""The work on one source after the other with warm models, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.cli.bag_output import BagOutput
from facemesh_ros.cli.picture_geometry import Lack
from facemesh_ros.cli.processing_errors import ProcessingError
from facemesh_ros.cli.run_setup import RunSetup
from facemesh_ros.cli.source_results import ImageFaces
from facemesh_ros.cli.workers.spooled_results import spool
from facemesh_ros.errors import FacemeshError
from facemesh_ros.io import MediaSource


class UsedModels(NamedTuple):
    """What found the faces; results are the same only where the models are.

    Attributes:
        names: Of all models.
        landmarks_sha256: Of the landmark model's original file.
        provider: Runs them.
    """

    names: str
    landmarks_sha256: str
    provider: str


@dataclass(frozen=True, slots=True)
class SourceTask:
    """A source, and where its results go.

    Attributes:
        index: Number of the source in the run.
        source: What to read.
        results: File for what is found, for the process that joins the results of all.
        bag: File for the recording with its faces; None if there is none.
        unfinished_bag: Where that lies until it is complete; no other attempt writes there.
    """

    index: int
    source: MediaSource
    results: Path
    bag: Path | None = None
    unfinished_bag: Path | None = None


@dataclass(frozen=True, slots=True)
class SourceOutcome:
    """A source that is done.

    Attributes:
        task: What was to be done.
        images: How many were processed.
        lacks: See `PictureGeometry.lacks`.
        bags: How many recordings were written.
    """

    task: SourceTask
    images: int = 0
    lacks: Mapping[str, Lack] | None = None
    bags: int = 0


class SourceWork:
    """Works on sources and leaves what it finds in files."""

    def __init__(self, setup: RunSetup) -> None:
        """Load the models; raises FacemeshError if that fails."""
        self._geometry = setup.geometry()
        sensor = load_sensor(setup.settings)
        model = sensor.model
        expressions = ' with blendshapes' * bool(model.blendshape_names)
        self.models = UsedModels(
            f'{model.landmark_model}{expressions}, {model.detector}',
            model.source_sha256,
            model.provider,
        )
        self._bag = BagOutput(sensor) if setup.writes_bags else None
        self._reader = setup.sensor_reader(sensor, self._geometry, self._bag)

    def run(self, task: SourceTask, note: Callable[[float, int], bool]) -> SourceOutcome | None:
        """Write the results of a source.

        Args:
            task: The source.
            note: Takes the share that is done and how many images that are, after each of them;
                true ends the work.

        Returns:
            What came of it; None if it was ended before.

        Raises:
            FacemeshError: If results cannot be written.
        """
        self._geometry.lacks.clear()
        before, images = 0, 0
        with ExitStack() as stack:
            file = stack.enter_context(task.results.open('wb'))
            if self._bag is not None:
                before = self._bag.complete
                self._bag.place(task.source, task.bag, task.unfinished_bag)
            results = stack.enter_context(closing(self._reader.results_of(task.source)))
            try:
                for result in results:
                    if self._bag is not None and isinstance(result, ImageFaces):
                        self._bag.write(*result)
                    spool(file, result)
                    images += isinstance(result, ImageFaces)
                    if note(self._reader.share_of(images), images):
                        return None
            except (FacemeshError, OSError):
                raise
            except Exception as error:
                spool(file, ProcessingError.of(task.source, images, error))
        bags = self._bag.complete - before if self._bag is not None else 0
        return SourceOutcome(task, images, dict(self._geometry.lacks), bags)
