"""A pipeline put together from provisioned models: what every shell starts with."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from facemesh_ros.core.affine import letterbox_roi
from facemesh_ros.core.blazeface import BlazeFace
from facemesh_ros.core.landmarker import FaceLandmarker
from facemesh_ros.core.network import Network
from facemesh_ros.core.pipeline import FacePipeline, Stage, untimed
from facemesh_ros.core.profiles import profile_of
from facemesh_ros.core.providers import CPU, ProviderChoice
from facemesh_ros.core.settings import SensorSettings
from facemesh_ros.core.topology import FaceTopology, load_topology
from facemesh_ros.core.types import Frame, PixelOrder
from facemesh_ros.models.flavour import Flavour
from facemesh_ros.models.store import ModelStore

WARM_UP_WH = (320, 240)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What runs.

    Attributes:
        landmark_model: Name of the landmark model.
        landmark_count: 468 or 478.
        source_sha256: Of the landmark model's original file.
        detector: Name of the detector.
        provider: ONNX Runtime's name of the execution provider that runs both.
        fell_back: Whether another provider was tried first and would not start.
    """

    landmark_model: str
    landmark_count: int
    source_sha256: str
    detector: str
    provider: str
    fell_back: bool


@dataclass(frozen=True, slots=True)
class FaceSensor:
    """A warm pipeline, what it is made of, and what its landmarks mean."""

    pipeline: FacePipeline
    model: ModelInfo
    topology: FaceTopology


def load_sensor(settings: SensorSettings, stage: Stage = untimed) -> FaceSensor:
    """Load the models that the settings name and run them once.

    Args:
        settings: Which models, where from and on what.
        stage: Entered around each stage, see `FacePipeline`.

    Raises:
        FacemeshError: If a model is missing or damaged, or the provider does not run.
    """
    store = ModelStore(settings.model_dir)
    landmark_model = _landmark_model(settings.landmark_model, store)
    detector_name = 'short_range' if settings.detector == 'auto' else settings.detector
    choice = ProviderChoice(settings.execution_provider, settings.require_gpu, settings.device_id)
    profile = profile_of(landmark_model)
    landmarks_network = load_network(store, landmark_model, choice)
    pipeline = FacePipeline(
        BlazeFace(load_network(store, detector_name, choice), profile.max_iou),
        landmarker := FaceLandmarker(landmarks_network),
        settings,
        square_roi=profile.square_roi,
        stage=stage,
    )
    _warm_up(landmarker, pipeline)
    model = ModelInfo(
        landmark_model=landmark_model,
        landmark_count=landmarker.landmark_count,
        source_sha256=landmarks_network.source_sha256,
        detector=detector_name,
        provider=landmarks_network.provider,
        fell_back=landmarks_network.provider != choice.wanted,
    )
    return FaceSensor(pipeline, model, load_topology(landmarker.landmark_count))


def _landmark_model(wanted: str, store: ModelStore) -> str:
    if wanted != 'auto':
        return wanted
    return 'v2' if 'v2' in store.records() else 'attention'


def load_network(store: ModelStore, name: str, choice: ProviderChoice) -> Network:
    """Load a model in the flavour that its provider likes, also if that turns out another one."""
    flavour = Flavour.CPU if choice.wanted == CPU else Flavour.PLAIN
    network = Network(store.load(name, flavour), choice)
    if network.provider == CPU != choice.wanted:
        on_cpu = replace(choice, execution_provider='cpu')
        network = Network(store.load(name, Flavour.CPU), on_cpu)
    return network


def _warm_up(landmarker: FaceLandmarker, pipeline: FacePipeline) -> None:
    """Let ONNX Runtime plan its memory now, not at the first face."""
    width, height = WARM_UP_WH
    grey = Frame(np.full((height, width), 128, np.uint8), PixelOrder.MONO)
    landmarker.locate(grey, letterbox_roi(grey.image_wh))
    pipeline.process(grey)
    pipeline.reset()
