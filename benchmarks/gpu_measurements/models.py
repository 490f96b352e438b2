"""Warm models on a GPU and images to run them on; the landmark model also with CPU crops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from cpu_models import landmark_model
from gpu_measurements.scene import RATE_HZ, Scene

from facemesh_ros.assembly.gpu_models import load_gpu_models
from facemesh_ros.assembly.models import ModelNames, Models
from facemesh_ros.catalog.models import landmark_spec
from facemesh_ros.inference.model_loader import ModelLoader, load_session
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.models.store import ModelStore
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.tracking.tracker import FaceIds
from facemesh_ros.types import Frame, PixelOrder, Rois


@dataclass(frozen=True)
class WarmModels:
    """Models that have run, and images of one moving face.

    Attributes:
        model: Name of the landmark model.
        device: The models, whole images in.
        cpu_crops: The landmark model with crops made on the CPU.
        scene: Images and the face in each.
        max_faces: Largest number of faces to run.
    """

    model: str
    device: Models
    cpu_crops: FaceMesh
    scene: Scene
    max_faces: int

    def frames(self, start: int = 0) -> Iterator[tuple[Frame, Rois]]:
        """Yield an endless stream, forth and back; each frame is new, as from a camera."""
        images, rois = self.scene.images, self.scene.rois
        order = [*range(len(images)), *range(len(images) - 2, 0, -1)]
        number = start
        while True:
            index = order[number % len(order)]
            stamp_ns = round(1e9 * number / RATE_HZ)
            yield Frame(images[index], PixelOrder.BGR, stamp_ns), rois[np.array([index])]
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
    store: ModelStore,
    choice: ProviderChoice,
    model: str,
    scene: Scene,
    *,
    streams: int,
    max_faces: int,
) -> WarmModels:
    """Load and warm up everything; raises FacemeshError if the provider does not run it."""
    # First, as its error says best what is wrong with a GPU.
    cpu_crops = landmark_model(load_session(store, model, choice))
    names = ModelNames(model, ('short_range', 'full_range'), landmark_spec(model).blendshape_model)
    loader = ModelLoader(store, choice)
    device = load_gpu_models(store, loader, names, faces=max_faces, streams=streams)
    return WarmModels(model, device, cpu_crops, scene, max_faces)
