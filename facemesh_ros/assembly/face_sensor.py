"""Warm models that streams of images share: what every shell starts with."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from facemesh_ros.assembly.cpu_models import Models, placed_models
from facemesh_ros.attributes.blendshapes import NAMES
from facemesh_ros.catalog.model_specs import (
    LANDMARK_SPECS,
)
from facemesh_ros.geometry.canonical_face import FaceTopology, load_topology
from facemesh_ros.inference.gpu_recovery import GpuRecovery, nobody_cares
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.provider_report import ProviderReport
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.tensorrt.engine_swap import Handover
from facemesh_ros.models.store import ModelStore
from facemesh_ros.pipeline.components import Stage, untimed
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.tracking.tracker import FaceIds
from facemesh_ros.types import Frame, PixelOrder

WARM_UP_WH = (320, 240)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What runs.

    Attributes:
        landmark_model: Name of the landmark model.
        landmark_count: 468 or 478.
        source_sha256: Of the landmark model's original file.
        detector: Name of the detector.
        blendshape_names: What the blendshapes are, empty where none are scored.
        report: What really runs where; changes with it.
    """

    landmark_model: str
    landmark_count: int
    source_sha256: str
    detector: str
    blendshape_names: tuple[str, ...]
    report: ProviderReport

    @property
    def provider(self) -> str:
        """ONNX Runtime's name of the execution provider that runs the models."""
        return self.report.provider

    @property
    def precision(self) -> str:
        """What the landmark model really calculates in now, fp32 or fp16."""
        return self.report.models[self.landmark_model].precision


@dataclass(frozen=True, slots=True)
class FaceSensor:
    """Warm models that any number of streams share, and what their landmarks mean.

    Attributes:
        model: What runs.
        topology: How the landmarks hang together.
        settings: What it was loaded for.
        handover: Once started, brings what took too long to wait for into service.
        recovery: Is to be told of each error of a stream.

    It has threads of its own, on a GPU memory too: `close` it at the end.
    """

    model: ModelInfo
    topology: FaceTopology
    settings: SensorSettings
    handover: Handover
    recovery: GpuRecovery
    _models: Models
    _ids: FaceIds

    def stream(self, stage: Stage = untimed) -> FacePipeline:
        """Return a pipeline for one stream; those of several threads may run at once.

        Args:
            stage: Entered around each stage, see `FacePipeline`.
        """
        return FacePipeline(self._models.stages(self.settings), self.settings, self._ids, stage)

    def start(self, changed: Callable[[], None]) -> None:
        """Start the handover; `changed` is called, in any thread, when something else runs."""
        self.recovery.changed = changed
        self.handover.start(changed)

    def close(self) -> None:
        """End all threads and give the device back; no stream may ask any more."""
        self.recovery.changed = nobody_cares
        self.handover.stop()
        self._models.close()


def load_sensor(
    settings: SensorSettings, streams: int = 1, ids: FaceIds | None = None
) -> FaceSensor:
    """Load the models that the settings name and run them once.

    Args:
        settings: Which models, where from and on what.
        streams: How many there will be, for a GPU to have room for the images of all.
        ids: Where new faces get their numbers from; None to begin at 1. A process that loads one
            sensor after another gives the same to all, and no number comes twice.

    Raises:
        FacemeshError: If a model is missing or damaged, or the provider does not run.
    """
    store = ModelStore(settings.model_dir)
    choice = ProviderChoice(
        settings.execution_provider, settings.require_gpu, settings.device_id, settings.precision
    )
    landmark_model = chosen_landmark_model(settings.landmark_model, store)
    opener = ModelLoader(store, choice)
    network, models = placed_models(settings, store, opener, landmark_model, streams)
    with ExitStack() as undo:
        undo.callback(models.close)
        info = ModelInfo(
            landmark_model=landmark_model,
            landmark_count=models.landmarker.landmark_count,
            source_sha256=network.source_sha256,
            detector=_described(settings.detector, models.detectors),
            blendshape_names=NAMES if models.blendshapes else (),
            report=opener.report,
        )
        topology = load_topology(info.landmark_count)
        handover, recovery = opener.handover(), GpuRecovery(opener.reopen)
        sensor = FaceSensor(info, topology, settings, handover, recovery, models, ids or FaceIds())
        start_s = time.perf_counter()
        _warm_up(sensor.stream())
        info.report.warm_up_ms = 1e3 * (time.perf_counter() - start_s)
        undo.pop_all()
    return sensor


def _described(wanted: str, detectors: Collection[str]) -> str:
    names = '+'.join(detectors)
    return names if wanted != 'auto' else f'auto: {names}'


def chosen_landmark_model(wanted: str, store: ModelStore) -> str:
    """Return the model that is wanted; auto is the first known one that is provisioned."""
    if wanted != 'auto':
        return wanted
    candidates, provisioned = list(LANDMARK_SPECS), store.records()
    return next((name for name in candidates if name in provisioned), candidates[0])


def _warm_up(pipeline: FacePipeline) -> None:
    """Go through the whole pipeline now, not at the first face; each network has run before."""
    width, height = WARM_UP_WH
    pipeline.process_static_image(Frame(np.full((height, width), 128, np.uint8), PixelOrder.MONO))
