"""What is measured: models on a device, and the same with crops made on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from facemesh_ros.assembly.gpu_models import load_gpu_models
from facemesh_ros.assembly.models import ModelNames, Models
from facemesh_ros.catalog.models import landmark_spec
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.inference.crop_model import CpuCropModel
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
class Contestant:
    """Warm models and images of one moving face.

    Attributes:
        model: Name of the landmark model.
        device: The models, whole images in.
        on_host: The landmark model alone, crops made on the CPU.
        images: (H, W, 3) each, BGR.
        rois: Where the face of each image is.
        most_faces: How many to ask for at most.
    """

    model: str
    device: Models
    on_host: FaceMesh
    images: list[UInt8]
    rois: list[Rois]
    most_faces: int

    def frames(self, start: int = 0) -> Iterator[tuple[Frame, Rois]]:
        """Yield a stream without end, to and fro; each frame is a new one, as from a camera."""
        order = [*range(IMAGES), *range(IMAGES - 2, 0, -1)]
        number = start
        while True:
            index = order[number % len(order)]
            stamp_ns = round(1e9 * number / RATE_HZ)
            yield Frame(self.images[index], PixelOrder.BGR, stamp_ns), self.rois[index]
            number += 1

    def pipeline(self, settings: SensorSettings | None = None) -> FacePipeline:
        """Return a pipeline for one stream."""
        settings = settings or SensorSettings(landmark_model=self.model)
        return FacePipeline(self.device.components(settings), settings, FaceIds())


def opened(
    store: ModelStore, choice: ProviderChoice, model: str, *, streams: int, most_faces: int
) -> Contestant:
    """Open and warm up everything.

    Raises:
        FacemeshError: If the provider does not run it.
    """
    # First, as it tells best what is wrong with a GPU.
    on_host = FaceMesh(CpuCropModel(load_session(store, model, choice), FaceMesh.OUTPUTS))
    device = load_gpu_models(
        store,
        ModelLoader(store, choice),
        ModelNames(model, ('short_range', 'full_range'), landmark_spec(model).blendshape_model),
        faces=most_faces,
        streams=streams,
    )
    moving = moving_astronaut(IMAGE_WH)
    images = [moving.image_at(index / RATE_HZ) for index in range(IMAGES)]
    rois = [_roi(device, image) for image in images]
    return Contestant(model, device, on_host, images, rois, most_faces)


def _roi(device: Models, image: UInt8) -> Rois:
    """Return the crop of the one face of an image, as a stream would have settled on it."""
    frame = Frame(np.ascontiguousarray(image), PixelOrder.BGR)
    (box,) = device.detectors['full_range'].detect(frame, 0.5)[:1].boxes_xyxy
    centre, size = (box[:2] + box[2:]) / 2, 1.5 * (box[2:] - box[:2])
    rois = Rois(centre[None], size[None], np.zeros(1, np.float32))
    for _ in range(2):
        rois = rois_from_landmarks(device.landmarker.predict(frame, rois).points)
    return rois
