"""Warm models on a GPU and images to run them on; the landmark model also with CPU crops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from cpu_models import landmark_model

from facemesh_ros.assembly.gpu_models import load_gpu_models
from facemesh_ros.assembly.models import ModelNames, Models
from facemesh_ros.catalog.models import landmark_spec
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.inference.model_loader import ModelLoader, load_session
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.models.store import ModelStore
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.tracking.tracker import FaceIds
from facemesh_ros.types import Frame, PixelOrder, Rois, UInt8

IMAGE_WH = (1280, 720)
IMAGES, RATE_HZ = 60, 30.0


@dataclass(frozen=True)
class WarmModels:
    """Models that have run, and images of one moving face.

    Attributes:
        model: Name of the landmark model.
        device: The models, whole images in.
        cpu_crops: The landmark model with crops made on the CPU.
        images: (H, W, 3) each, BGR.
        rois: ROI of the face in each image.
        max_faces: Largest number of faces to run.
    """

    model: str
    device: Models
    cpu_crops: FaceMesh
    images: list[UInt8]
    rois: list[Rois]
    max_faces: int

    def frames(self, start: int = 0) -> Iterator[tuple[Frame, Rois]]:
        """Yield an endless stream, forth and back; each frame is new, as from a camera."""
        order = [*range(IMAGES), *range(IMAGES - 2, 0, -1)]
        number = start
        while True:
            index = order[number % len(order)]
            stamp_ns = round(1e9 * number / RATE_HZ)
            yield Frame(self.images[index], PixelOrder.BGR, stamp_ns), self.rois[index]
            number += 1

    def pipeline(self) -> FacePipeline:
        """Return a pipeline for one stream."""
        settings = SensorSettings(landmark_model=self.model)
        return FacePipeline(self.device.components(settings), settings, FaceIds())

    def predict(self, frame: Frame, rois: Rois) -> object:
        """Run the landmark model on the GPU."""
        return self.device.landmark_model.predict(frame, rois)

    def close(self) -> None:
        """Free the device."""
        self.device.close()


def load_warm(
    store: ModelStore, choice: ProviderChoice, model: str, *, streams: int, max_faces: int
) -> WarmModels:
    """Load and warm up everything; raises FacemeshError if the provider does not run it."""
    # First, as its error says best what is wrong with a GPU.
    cpu_crops = landmark_model(load_session(store, model, choice))
    names = ModelNames(model, ('short_range', 'full_range'), landmark_spec(model).blendshape_model)
    loader = ModelLoader(store, choice)
    device = load_gpu_models(store, loader, names, faces=max_faces, streams=streams)
    moving = moving_astronaut(IMAGE_WH)
    images = [moving.image_at(index / RATE_HZ) for index in range(IMAGES)]
    rois = [_roi(device, image) for image in images]
    return WarmModels(model, device, cpu_crops, images, rois, max_faces)


def _roi(device: Models, image: UInt8) -> Rois:
    """Return the ROI of the one face of an image, converged as in a stream."""
    frame = Frame(np.ascontiguousarray(image), PixelOrder.BGR)
    (box,) = device.detectors['full_range'].detect(frame, 0.5)[:1].boxes_xyxy
    centre, size = (box[:2] + box[2:]) / 2, 1.5 * (box[2:] - box[:2])
    rois = Rois(centre[None], size[None], np.zeros(1, np.float32))
    for _ in range(2):
        rois = rois_from_landmarks(device.landmark_model.predict(frame, rois).points)
    return rois
