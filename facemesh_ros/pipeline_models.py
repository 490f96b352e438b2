"""The models behind a pipeline: on a CPU crops go to them, on a GPU whole images."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from facemesh_ros.acceleration.opening import NetworkOpener
from facemesh_ros.core.blazeface import BlazeFace
from facemesh_ros.core.blendshapes import Blendshapes
from facemesh_ros.core.landmarker import FaceLandmarker
from facemesh_ros.core.network import Network
from facemesh_ros.core.profiles import (
    DETECTOR_PROFILES,
    DetectorProfile,
    LandmarkProfile,
    detector_profile,
    landmark_profile,
)
from facemesh_ros.core.providers import CPU, ExecutionProviderError
from facemesh_ros.core.search import Detector, FaceSearch
from facemesh_ros.core.settings import SensorSettings
from facemesh_ros.core.stages import Expressions, Landmarker, Stages
from facemesh_ros.core.thread_team import ThreadTeam
from facemesh_ros.device.engine import Engine
from facemesh_ros.device.opening import CUDA
from facemesh_ros.device_models import ASKING_AT_ONCE, ModelNames, proven_models
from facemesh_ros.hardware import usable_cores
from facemesh_ros.models.store import ModelStore

BLENDSHAPE_MODEL = 'blendshapes'
_LOG = logging.getLogger(__name__)


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

    def close(self) -> None:
        """End the threads and give the device back; no stream may ask any more."""
        self.team.close()
        if self.engine is not None:
            self.engine.close()


def placed_models(
    settings: SensorSettings,
    store: ModelStore,
    opener: NetworkOpener,
    landmark_model: str,
    streams: int,
) -> tuple[Network, Models]:
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
    names = ModelNames(
        landmark_model,
        tuple(_detectors(settings.detector, store)),
        _expressions(settings, store, profile),
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
    expressions = _expressions(settings, store, profile)
    return Models(
        detectors,
        FaceLandmarker(network, batch_limit=batch_limit, team=team),
        profile.square_roi,
        Blendshapes(opener.open(expressions)) if expressions else None,
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


def _expressions(settings: SensorSettings, store: ModelStore, profile: LandmarkProfile) -> str:
    """Return the blendshape model; empty if unwanted or not provisioned, as it is optional."""
    wanted = settings.publish_blendshapes and profile.has_blendshapes
    return BLENDSHAPE_MODEL if wanted and BLENDSHAPE_MODEL in store.records() else ''
