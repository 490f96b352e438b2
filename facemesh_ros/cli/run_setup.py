"""What every process of a run needs to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facemesh_ros.assembly.face_sensor import FaceSensor
from facemesh_ros.cli.picture_geometry import PictureGeometry
from facemesh_ros.cli.source_results import RecordingListener, SourceReader
from facemesh_ros.cli.timed_pipeline import Pipeline
from facemesh_ros.io import CalibrationFile, DepthFiles
from facemesh_ros.io.recordings.camera_topics import TopicChoice
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.tracking.tracker import FaceIds


@dataclass(frozen=True)
class RunSetup:
    """How the sources of a run are read, whichever process reads them.

    Attributes:
        settings: Of the models.
        camera_info, depth: Options of the command line.
        is_static: Whether every picture is processed independently.
        choice: Which topics of recordings are read.
        writes_bags: Whether recordings are written again with their faces.
        folder: From which relative paths count; None for the current one.
    """

    settings: SensorSettings
    camera_info: Path | None
    depth: str | None
    is_static: bool
    choice: TopicChoice
    writes_bags: bool
    folder: Path | None = None

    def geometry(self) -> PictureGeometry:
        """Return what makes frames of pictures; raises MediaError if a file is wrong."""
        return PictureGeometry(
            CalibrationFile(self.camera_info) if self.camera_info else None,
            DepthFiles(self.depth) if self.depth else None,
        )

    def reader(
        self,
        new_pipeline: Callable[[FaceIds], Pipeline],
        geometry: PictureGeometry,
        listener: RecordingListener | None = None,
    ) -> SourceReader:
        """Return what reads the sources."""
        return SourceReader(new_pipeline, geometry, self.is_static, self.choice, listener)

    def sensor_reader(
        self,
        sensor: FaceSensor,
        geometry: PictureGeometry,
        listener: RecordingListener | None = None,
    ) -> SourceReader:
        """Return what reads the sources with warm models."""
        return self.reader(lambda ids: sensor.stream(ids=ids), geometry, listener)
