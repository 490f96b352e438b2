"""The models behind a pipeline: on a CPU crops go to them, on a GPU whole images."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from facemesh_ros.assembly.gpu_models import MAX_CONCURRENT_REQUESTS, ModelNames, proven_models
from facemesh_ros.attributes.blendshapes import Blendshapes
from facemesh_ros.catalog.model_specs import (
    DETECTOR_SPECS,
    DetectorSpec,
    LandmarkSpec,
    detector_spec,
    landmark_spec,
)
from facemesh_ros.detection.blazeface import BlazeFace
from facemesh_ros.detection.face_search import Detector, FaceSearch
from facemesh_ros.inference.gpu.batch_worker import BatchWorker
from facemesh_ros.inference.gpu.executor_factory import CUDA
from facemesh_ros.inference.hardware import usable_cores
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.providers import CPU, ExecutionProviderError
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.landmarks.face_mesh import FaceLandmarker
from facemesh_ros.models.store import ModelStore
from facemesh_ros.pipeline.components import BlendshapeModel, Components, LandmarkModel
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.thread_pool import ThreadPool

BLENDSHAPE_MODEL = 'blendshapes'
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Models:
    """The networks that the settings name; stateless, so that streams share them."""

    detectors: Mapping[str, Detector]
    landmarker: LandmarkModel
    square_roi: bool
    blendshapes: BlendshapeModel | None
    pool: ThreadPool
    engine: BatchWorker | None = None

    def stages(self, settings: SensorSettings) -> Components:
        """Return what one stream's pipeline is made of."""
        search = FaceSearch(self.detectors, _closer(settings.detector, self.detectors), self.pool)
        return Components(search, self.landmarker, self.square_roi, self.blendshapes, self.pool)

    def close(self) -> None:
        """End the threads and give the device back; no stream may ask any more."""
        self.pool.close()
        if self.engine is not None:
            self.engine.close()


def placed_models(
    settings: SensorSettings,
    store: ModelStore,
    opener: ModelLoader,
    landmark_model: str,
    streams: int,
) -> tuple[ModelSession, Models]:
    """Open the models; with CUDA whole images go there.

    Args:
        settings: Which ones.
        store: Where they are.
        opener: Opens them, and remembers what was shown of each.
        landmark_model: Name of the landmark model.
        streams: How many there will be.

    Returns:
        The landmark model's network, and all models.

    Raises:
        FacemeshError: If a model is missing or damaged, or the provider does not run.
    """
    refusal = ''
    if opener.choice.wanted == CUDA:
        try:
            return _on_device(settings, store, opener, landmark_model, streams)
        except ExecutionProviderError as error:
            refusal = str(error)
    # If nothing at all runs on CUDA, this tells why, or falls back.
    network = opener.open(landmark_model)
    models = _models(settings, store, opener, network, landmark_spec(landmark_model))
    if refusal and network.provider == CUDA:
        told = f'the GPU takes no whole images, so crops are made on the CPU: {refusal}'
        opener.report.warning = told
        _LOG.warning(told)
    return network, models


def _on_device(
    settings: SensorSettings,
    store: ModelStore,
    opener: ModelLoader,
    landmark_model: str,
    streams: int,
) -> tuple[ModelSession, Models]:
    """Put everything where whole images are taken."""
    spec = landmark_spec(landmark_model)
    names = ModelNames(
        landmark_model,
        tuple(_detectors(settings.detector, store)),
        _expressions(settings, store, spec),
    )
    device = proven_models(store, opener, names, faces=settings.max_faces, streams=streams)
    return device.networks[landmark_model], Models(
        device.detectors,
        device.landmarker,
        spec.square_roi,
        device.expressions,
        ThreadPool((MAX_CONCURRENT_REQUESTS - 1) * streams),
        device.engine,
    )


def _models(
    settings: SensorSettings,
    store: ModelStore,
    opener: ModelLoader,
    network: ModelSession,
    spec: LandmarkSpec,
) -> Models:
    """Put everything around the landmark model's network."""
    # A CPU gains nothing from batches, whose layers do not stay in its cache (`./run bench
    # batches`), but its other cores can take some of the crops.
    batch_limit, workers = (1, usable_cores() - 1) if network.provider == CPU else (None, 0)
    pool = ThreadPool(workers)
    detectors = {
        name: BlazeFace(opener.open(name), detector_spec(name), spec.max_iou)
        for name in _detectors(settings.detector, store)
    }
    expressions = _expressions(settings, store, spec)
    return Models(
        detectors,
        FaceLandmarker(network, batch_limit=batch_limit, pool=pool),
        spec.square_roi,
        Blendshapes(opener.open(expressions)) if expressions else None,
        pool,
    )


def _detectors(wanted: str, store: ModelStore) -> list[str]:
    """Return who looks at the whole image; auto takes all that are provisioned."""
    if wanted != 'auto':
        return [wanted]
    provisioned = store.records()
    return [name for name in DETECTOR_SPECS if name in provisioned] or list(DETECTOR_SPECS)


def _closer(wanted: str, detectors: Collection[str]) -> tuple[str, DetectorSpec] | None:
    """Return who takes closer looks: none unless auto, then the one that sees the smallest."""
    if wanted != 'auto':
        return None
    name = min(detectors, key=lambda name: detector_spec(name).smallest_face)
    return name, detector_spec(name)


def _expressions(settings: SensorSettings, store: ModelStore, spec: LandmarkSpec) -> str:
    """Return the blendshape model; empty if unwanted or not provisioned, as it is optional."""
    wanted = settings.publish_blendshapes and spec.has_blendshapes
    return BLENDSHAPE_MODEL if wanted and BLENDSHAPE_MODEL in store.records() else ''
