"""Warm models that streams of images share: what every shell starts with."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from facemesh_ros.acceleration.handover import Handover
from facemesh_ros.acceleration.opening import NetworkOpener
from facemesh_ros.acceleration.proof import Proof
from facemesh_ros.acceleration.recovery import Recovery
from facemesh_ros.core.affine import letterbox_roi
from facemesh_ros.core.blazeface import BlazeFace
from facemesh_ros.core.blendshapes import NAMES, Blendshapes
from facemesh_ros.core.ids import FaceIds
from facemesh_ros.core.landmarker import FaceLandmarker
from facemesh_ros.core.network import Network
from facemesh_ros.core.pipeline import FacePipeline
from facemesh_ros.core.profiles import (
    DETECTOR_PROFILES,
    LANDMARK_PROFILES,
    DetectorProfile,
    LandmarkProfile,
    detector_profile,
    landmark_profile,
)
from facemesh_ros.core.providers import CPU, ExecutionProviderError, ProviderChoice
from facemesh_ros.core.search import Detector, FaceSearch
from facemesh_ros.core.settings import SensorSettings
from facemesh_ros.core.stages import Expressions, Landmarker, Stage, Stages, untimed
from facemesh_ros.core.thread_team import ThreadTeam
from facemesh_ros.core.topology import FaceTopology, load_topology
from facemesh_ros.core.types import Frame, PixelOrder
from facemesh_ros.device.engine import Engine
from facemesh_ros.device.opening import CUDA
from facemesh_ros.device_models import ASKING_AT_ONCE, ModelNames, proven_models
from facemesh_ros.hardware import usable_cores
from facemesh_ros.models.store import ModelStore

WARM_UP_WH = (320, 240)
BLENDSHAPE_MODEL = 'blendshapes'
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What runs.

    Attributes:
        landmark_model: Name of the landmark model.
        landmark_count: 468 or 478.
        source_sha256: Of the landmark model's original file.
        detector: Name of the detector.
        blendshape_names: What the blendshapes are, empty where none are scored.
        precision: What detector and landmark model really calculate in, fp32 or fp16.
        proof: What really runs where.
    """

    landmark_model: str
    landmark_count: int
    source_sha256: str
    detector: str
    blendshape_names: tuple[str, ...]
    precision: str
    proof: Proof

    @property
    def provider(self) -> str:
        """ONNX Runtime's name of the execution provider that runs the models."""
        return self.proof.provider


@dataclass(frozen=True, slots=True)
class Models:
    """The networks that the settings name; stateless, so that streams share them."""

    detectors: Mapping[str, Detector]
    landmarker: Landmarker
    square_roi: bool
    blendshapes: Expressions | None
    team: ThreadTeam
    engine: Engine | None = None

    def stages(self, settings: SensorSettings) -> Stages:
        """Return what one stream's pipeline is made of."""
        search = FaceSearch(self.detectors, _closer(settings.detector, self.detectors), self.team)
        return Stages(search, self.landmarker, self.square_roi, self.blendshapes, self.team)


@dataclass(frozen=True, slots=True)
class FaceSensor:
    """Warm models that any number of streams share, and what their landmarks mean.

    Attributes:
        model: What runs.
        topology: How the landmarks hang together.
        settings: What it was loaded for.
        handover: Once started, brings what took too long to wait for into service.
        recovery: Is to be told of each error of a stream.

    On a GPU it has a thread and memory of its own: `close` it at the end.
    """

    model: ModelInfo
    topology: FaceTopology
    settings: SensorSettings
    handover: Handover
    recovery: Recovery
    _models: Models
    _ids: FaceIds = field(default_factory=FaceIds)

    def stream(self, stage: Stage = untimed) -> FacePipeline:
        """Return a pipeline for one stream; those of several threads may run at once.

        Args:
            stage: Entered around each stage, see `FacePipeline`.
        """
        return FacePipeline(self._models.stages(self.settings), self.settings, self._ids, stage)

    def close(self) -> None:
        """Give the device back; no stream may ask any more."""
        if self._models.engine:
            self._models.engine.close()


def load_sensor(settings: SensorSettings, streams: int = 1) -> FaceSensor:
    """Load the models that the settings name and run them once.

    Args:
        settings: Which models, where from and on what.
        streams: How many there will be, for a GPU to have room for the images of all.

    Raises:
        FacemeshError: If a model is missing or damaged, or the provider does not run.
    """
    store = ModelStore(settings.model_dir)
    choice = ProviderChoice(
        settings.execution_provider, settings.require_gpu, settings.device_id, settings.precision
    )
    landmark_model = _chosen(settings.landmark_model, LANDMARK_PROFILES, store)
    opener = NetworkOpener(store, choice)
    network, models = _placed(settings, store, opener, landmark_model, streams)
    info = ModelInfo(
        landmark_model=landmark_model,
        landmark_count=models.landmarker.landmark_count,
        source_sha256=network.source_sha256,
        detector=_described(settings.detector, models.detectors),
        blendshape_names=NAMES if models.blendshapes else (),
        precision=network.precision,
        proof=opener.proof,
    )
    topology = load_topology(info.landmark_count)
    handover, recovery = opener.handover(), Recovery(opener.reopen)
    sensor = FaceSensor(info, topology, settings, handover, recovery, models)
    start_s = time.perf_counter()
    _warm_up(sensor.stream(), models)
    info.proof.warm_up_ms = 1e3 * (time.perf_counter() - start_s)
    return sensor


def _placed(
    settings: SensorSettings,
    store: ModelStore,
    opener: NetworkOpener,
    landmark_model: str,
    streams: int,
) -> tuple[Network, Models]:
    """Return the landmark model's network and all models: with CUDA whole images go there."""
    refusal = ''
    if opener.choice.wanted == CUDA:
        try:
            return _on_device(settings, store, opener, landmark_model, streams)
        except ExecutionProviderError as error:
            refusal = str(error)
    # If nothing at all runs on CUDA, this tells why, or falls back.
    network = opener.open(landmark_model)
    models = _models(settings, store, opener, network, landmark_profile(landmark_model))
    if refusal and network.provider == CUDA:
        told = f'the GPU takes no whole images, so crops are made on the CPU: {refusal}'
        opener.proof.warning = told
        _LOG.warning(told)
    return network, models


def _on_device(
    settings: SensorSettings,
    store: ModelStore,
    opener: NetworkOpener,
    landmark_model: str,
    streams: int,
) -> tuple[Network, Models]:
    """Put everything where whole images are taken."""
    profile = landmark_profile(landmark_model)
    scored = settings.publish_blendshapes and profile.has_blendshapes
    names = ModelNames(
        landmark_model,
        tuple(_detectors(settings.detector, store)),
        BLENDSHAPE_MODEL if scored and BLENDSHAPE_MODEL in store.records() else '',
    )
    device = proven_models(store, opener, names, faces=settings.max_faces, streams=streams)
    return device.networks[landmark_model], Models(
        device.detectors,
        device.landmarker,
        profile.square_roi,
        device.expressions,
        ThreadTeam((ASKING_AT_ONCE - 1) * streams),
        device.engine,
    )


def _models(
    settings: SensorSettings,
    store: ModelStore,
    opener: NetworkOpener,
    network: Network,
    profile: LandmarkProfile,
) -> Models:
    """Put everything around the landmark model's network."""
    # A CPU gains nothing from batches, whose layers do not stay in its cache (`./run bench
    # batches`), but its other cores can take some of the crops.
    batch_limit, helpers = (1, usable_cores() - 1) if network.provider == CPU else (None, 0)
    team = ThreadTeam(helpers)
    detectors = {
        name: BlazeFace(opener.open(name), detector_profile(name), profile.max_iou)
        for name in _detectors(settings.detector, store)
    }
    wanted = settings.publish_blendshapes and profile.has_blendshapes
    return Models(
        detectors,
        FaceLandmarker(network, batch_limit=batch_limit, team=team),
        profile.square_roi,
        _blendshapes(store, opener) if wanted else None,
        team,
    )


def _detectors(wanted: str, store: ModelStore) -> list[str]:
    """Return who looks at the whole image; auto takes all that are provisioned."""
    if wanted != 'auto':
        return [wanted]
    provisioned = store.records()
    return [name for name in DETECTOR_PROFILES if name in provisioned] or list(DETECTOR_PROFILES)


def _closer(wanted: str, detectors: Collection[str]) -> tuple[str, DetectorProfile] | None:
    """Return who takes closer looks: none unless auto, then the one that sees the smallest."""
    if wanted != 'auto':
        return None
    name = min(detectors, key=lambda name: detector_profile(name).smallest_face)
    return name, detector_profile(name)


def _described(wanted: str, detectors: Collection[str]) -> str:
    names = '+'.join(detectors)
    return names if wanted != 'auto' else f'auto: {names}'


def _chosen(wanted: str, known: Iterable[str], store: ModelStore) -> str:
    """Return the model that is wanted; auto is the first known one that is provisioned."""
    if wanted != 'auto':
        return wanted
    candidates, provisioned = list(known), store.records()
    return next((name for name in candidates if name in provisioned), candidates[0])


def _blendshapes(store: ModelStore, opener: NetworkOpener) -> Blendshapes | None:
    """Load the blendshape model; None where it is not provisioned, as it is optional."""
    if BLENDSHAPE_MODEL not in store.records():
        return None
    return Blendshapes(opener.open(BLENDSHAPE_MODEL))


def _warm_up(pipeline: FacePipeline, models: Models) -> None:
    """Let ONNX Runtime plan its memory now, not at the first face."""
    width, height = WARM_UP_WH
    grey = Frame(np.full((height, width), 128, np.uint8), PixelOrder.MONO)
    located = models.landmarker.locate(grey, letterbox_roi(grey.image_wh))
    if models.blendshapes:
        models.blendshapes.score(located.points)
    pipeline.examine(grey)
