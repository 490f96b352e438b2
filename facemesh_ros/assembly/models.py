"""Stages around the models that the settings name, the same on the CPU and on a GPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

from facemesh_ros.attributes.blendshapes import Blendshapes
from facemesh_ros.catalog.model_entry import Kind
from facemesh_ros.catalog.models import detector_spec, entry_of, landmark_spec, names_of
from facemesh_ros.detection.face_search import Detector, FaceSearch
from facemesh_ros.inference.crop_model import CropModel, TensorModel
from facemesh_ros.inference.gpu.runner import GpuRunner
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.models.store import ModelStore
from facemesh_ros.pipeline.components import BlendshapeModel, Components, LandmarkModel
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.thread_pool import ThreadPool


@dataclass(frozen=True, slots=True)
class ModelNames:
    """The models of one sensor.

    Attributes:
        landmarks: The landmark model.
        detectors: All that search the whole image.
        blendshapes: The blendshape model, empty for none.
    """

    landmarks: str
    detectors: tuple[str, ...]
    blendshapes: str = ''

    @property
    def all(self) -> tuple[str, ...]:
        """All of them."""
        return (self.landmarks, *self.detectors, *filter(None, [self.blendshapes]))


def select_models(settings: SensorSettings, store: ModelStore) -> ModelNames:
    """Return the models that the settings name; auto takes what is provisioned."""
    provisioned, detectors = store.records(), names_of(Kind.DETECTOR)
    landmarks = select_landmark_model(settings.landmark_model, store)
    if settings.detector == 'auto':
        detectors = tuple(name for name in detectors if name in provisioned) or detectors
    else:
        detectors = (settings.detector,)
    blendshapes = landmark_spec(landmarks).blendshape_model
    # Optional: none where it is not provisioned.
    wanted = settings.publish_blendshapes and blendshapes in provisioned
    return ModelNames(landmarks, detectors, blendshapes if wanted else '')


def select_landmark_model(wanted: str, store: ModelStore) -> str:
    """Return the wanted landmark model; auto is the first provisioned one of the catalog."""
    if wanted != 'auto':
        return wanted
    candidates, provisioned = names_of(Kind.LANDMARKS), store.records()
    return next((name for name in candidates if name in provisioned), candidates[0])


@dataclass(frozen=True, slots=True)
class Models:
    """Warm models; stateless, so that all streams of a sensor share them.

    Attributes:
        sessions: What runs, by name of the model; on a GPU as it was opened first.
        detectors: By name.
        landmark_model: Runs on each face.
        square_roi: See `LandmarkSpec`.
        blendshape_model: None where none is wanted or provisioned.
        pool: Its threads run models beside each stream's own.
        runner: Runs the models on a GPU; None on the CPU.
        warm_up: Runs the models in the calling thread at all batch sizes that will come, on a GPU
            where threads have CUDA graphs of their own; else it does nothing.
    """

    sessions: Mapping[str, ModelSession]
    detectors: Mapping[str, Detector]
    landmark_model: LandmarkModel
    square_roi: bool
    blendshape_model: BlendshapeModel | None
    pool: ThreadPool
    runner: GpuRunner | None = None
    warm_up: Callable[[], object] = lambda: None

    def components(self, settings: SensorSettings) -> Components:
        """Return the components of one stream's pipeline."""
        tile_detector = None
        if settings.detector == 'auto':
            name = min(self.detectors, key=lambda name: detector_spec(name).smallest_face)
            tile_detector = name, detector_spec(name)
        search = FaceSearch(self.detectors, tile_detector, self.pool)
        return Components(
            search, self.landmark_model, self.square_roi, self.blendshape_model, self.pool
        )

    def close(self) -> None:
        """End the threads and release the GPU; no stream may run any more."""
        self.pool.close()
        if self.runner is not None:
            self.runner.close()


def stage_of(name: str) -> Any:
    """Return the class that decodes a model, as its catalog entry says.

    It has `OUTPUTS`, the model's outputs that it reads. A detector is made of a `CropModel`, its
    `DetectorSpec` and the IoU above which two detections are the same face, and is a `Detector`.
    A landmark model is made of a `CropModel` and is a `LandmarkModel`.
    """
    spec = entry_of(name).spec
    return Blendshapes if spec is None else resolve_name(spec.stage)


def build_models(
    names: ModelNames,
    sessions: Mapping[str, ModelSession],
    crop_model: Callable[[ModelSession, Sequence[str]], CropModel],
    tensor_model: Callable[[ModelSession], TensorModel],
    pool: ThreadPool,
    runner: GpuRunner | None = None,
    warm_up: Callable[[], object] = lambda: None,
) -> Models:
    """Build the stages around opened models.

    Args:
        names: The models.
        sessions: By name.
        crop_model: Makes what runs a session, and returns the outputs named, on crops of a frame.
        tensor_model: Makes what runs a session on numbers.
        pool: See `Models`.
        runner: See `Models`.
        warm_up: See `Models`.

    Raises:
        ModelMismatchError: If a model has not the outputs that its stage reads.
    """

    def model_of(name: str) -> CropModel:
        return crop_model(sessions[name], stage_of(name).OUTPUTS)

    spec = landmark_spec(names.landmarks)
    blendshapes = names.blendshapes
    return Models(
        sessions,
        {
            name: stage_of(name)(model_of(name), detector_spec(name), spec.max_iou)
            for name in names.detectors
        },
        stage_of(names.landmarks)(model_of(names.landmarks)),
        spec.square_roi,
        Blendshapes(tensor_model(sessions[blendshapes])) if blendshapes else None,
        pool,
        runner,
        warm_up,
    )
