"""Settings to warm models to pipelines: what every shell starts with."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from facemesh_ros.assembly.cpu_models import load_cpu_models
from facemesh_ros.assembly.gpu_models import load_gpu_models
from facemesh_ros.assembly.models import ModelNames, Models, select_models
from facemesh_ros.attributes.blendshapes import NAMES
from facemesh_ros.geometry.canonical_face import FaceTopology, load_topology
from facemesh_ros.inference.gpu_recovery import GpuRecovery, ignore_change
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.provider_report import ProviderReport
from facemesh_ros.inference.providers import (
    PROVIDERS,
    CudaOptionsError,
    ExecutionProviderError,
    ProviderChoice,
)
from facemesh_ros.inference.tensorrt.engine_builder import BuildWatch
from facemesh_ros.inference.tensorrt.engine_cache import EngineCache
from facemesh_ros.models.store import ModelStore
from facemesh_ros.pipeline.components import Stage, untimed
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.tracking.tracker import FaceIds
from facemesh_ros.types import Frame, PixelOrder

WARM_UP_WH = (320, 240)
CUDA = PROVIDERS['cuda']
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The models of a sensor.

    Attributes:
        landmark_model: Name of the landmark model.
        landmark_count: 468 or 478.
        source_sha256: Of the landmark model's original file.
        detector: Name of the detector.
        blendshape_names: Names of the blendshapes, empty where none are scored.
        report: What runs each model; kept up to date.
    """

    landmark_model: str
    landmark_count: int
    source_sha256: str
    detector: str
    blendshape_names: tuple[str, ...]
    report: ProviderReport

    @property
    def provider(self) -> str:
        """ONNX Runtime's name of the execution provider that runs the landmark model.

        On a CPU another one may run other models: the report says which.
        """
        return self.report.models[self.landmark_model].provider

    @property
    def precision(self) -> str:
        """Precision in which the landmark model runs now, fp32 or fp16."""
        return self.report.models[self.landmark_model].precision


@dataclass(frozen=True, slots=True)
class FaceSensor:
    """Warm models that any number of streams share.

    Attributes:
        model: The models, and what runs them.
        topology: Edges and triangles of the landmarks.
        settings: Those that it was loaded for.
        recovery: To be called with each error of a stream.

    It owns threads, on a GPU memory too: `close` it at the end.
    """

    model: ModelInfo
    topology: FaceTopology
    settings: SensorSettings
    recovery: GpuRecovery
    _models: Models
    _ids: FaceIds

    def stream(self, stage: Stage = untimed, ids: FaceIds | None = None) -> FacePipeline:
        """Return a pipeline for one stream; those of several threads may run at once.

        Args:
            stage: Entered around each stage, see `FacePipeline`.
            ids: Source of the ids of new faces; None for that of the sensor.
        """
        return FacePipeline(
            self._models.components(self.settings), self.settings, ids or self._ids, stage
        )

    def prepare_thread(self) -> None:
        """Do in a stream's thread, before its first image, what would slow down its first images.

        It need not be called. On a GPU a single stream runs the models in its own thread, which
        captures CUDA graphs of its own; elsewhere this does nothing.

        Raises:
            ExecutionProviderError: If the GPU does not run a model.
        """
        self._models.warm_up()

    def close(self) -> None:
        """End all threads and release the GPU; no stream may run any more."""
        self.recovery.changed = ignore_change
        self._models.close()


def load_sensor(
    settings: SensorSettings,
    streams: int = 1,
    ids: FaceIds | None = None,
    watch_build: BuildWatch = lambda progress: None,
) -> FaceSensor:
    """Load the models that the settings name and run them once.

    Args:
        settings: Models, their folder and their provider.
        streams: How many there will be, for a GPU to have room for the images of all.
        ids: Source of the ids of new faces; None to begin at 1. A process that loads one sensor
            after another passes the same to all, so that no id comes twice.
        watch_build: See `ModelLoader`; with TensorRT, loading takes minutes the first time.

    Raises:
        FacemeshError: If a model is missing or damaged, or the provider does not run.
    """
    store = ModelStore(settings.model_dir)
    names = select_models(settings, store)
    loader = ModelLoader(store, _provider_choice(settings), watch_build, names.landmarks)
    models = _load_models(settings, store, loader, names, streams)
    with ExitStack() as undo:
        undo.callback(models.close)
        info = ModelInfo(
            landmark_model=names.landmarks,
            landmark_count=models.landmark_model.landmark_count,
            source_sha256=models.sessions[names.landmarks].source_sha256,
            detector=('auto: ' if settings.detector == 'auto' else '') + '+'.join(names.detectors),
            blendshape_names=NAMES if models.blendshape_model else (),
            report=loader.report,
        )
        topology = load_topology(info.landmark_count)
        recovery = GpuRecovery(loader.reopen)
        sensor = FaceSensor(info, topology, settings, recovery, models, ids or FaceIds())
        start_s = time.perf_counter()
        _warm_up(sensor.stream())
        info.report.warm_up_ms = 1e3 * (time.perf_counter() - start_s)
        undo.pop_all()
    return sensor


def build_engines(settings: SensorSettings) -> tuple[EngineCache, tuple[str, ...]]:
    """Build the TensorRT engines that `load_sensor` would build with these settings.

    Returns:
        The cache that holds them, and the names of their models.

    Raises:
        FacemeshError: If a model is missing or damaged, or TensorRT does not run here.
    """
    store = ModelStore(settings.model_dir)
    names = select_models(settings, store).all
    choice = replace(_provider_choice(settings), execution_provider='tensorrt')
    engines = ModelLoader(store, choice).build_engines(names)
    assert engines is not None
    return engines.cache, names


def _provider_choice(settings: SensorSettings) -> ProviderChoice:
    return ProviderChoice(
        settings.execution_provider, settings.require_gpu, settings.device_id, settings.precision
    )


def _load_models(
    settings: SensorSettings,
    store: ModelStore,
    loader: ModelLoader,
    names: ModelNames,
    streams: int,
) -> Models:
    """Load the models for whole images where CUDA is wanted, else, or if that fails, for crops."""
    refusal = ''
    if loader.choice.wanted == CUDA:
        try:
            return load_gpu_models(store, loader, names, faces=settings.max_faces, streams=streams)
        except CudaOptionsError:
            raise
        except ExecutionProviderError as error:
            refusal = str(error)
    # If nothing at all runs on CUDA, this raises, or falls back to the CPU with the reason.
    models = load_cpu_models(loader, names)
    if refusal and models.sessions[names.landmarks].provider == CUDA:
        warning = f'the GPU takes no whole images, so crops are made on the CPU: {refusal}'
        loader.report.warning = warning
        _LOG.warning(warning)
    return models


def _warm_up(pipeline: FacePipeline) -> None:
    """Run the whole pipeline now, not at the first face; each model has run before."""
    width, height = WARM_UP_WH
    pipeline.process_static_image(Frame(np.full((height, width), 128, np.uint8), PixelOrder.MONO))
