"""FaceMesh: places landmarks on the faces in N crops of one frame."""

from __future__ import annotations

import numpy as np

from facemesh_ros.geometry.affine import image_from_crop
from facemesh_ros.image.crop import crop_maps, landmark_style
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.thread_pool import NO_WORKERS, ThreadPool
from facemesh_ros.types import FaceLandmarks, Float32, Float64, Frame, Rois


class FaceMesh:
    """Stateless landmark model around one network; runs the crops of a frame in batches."""

    def __init__(
        self,
        network: ModelSession,
        *,
        batch_limit: int | None = None,
        pool: ThreadPool = NO_WORKERS,
    ) -> None:
        """Check the network.

        Args:
            network: The model.
            batch_limit: Most crops in one run, None for all of a frame.
            pool: Who shares the runs of a frame.
        """
        self._network = network
        self._batch_limit = batch_limit
        self._pool = pool
        self._style = landmark_style(network.input_size)
        self.landmark_count = network.shape('landmarks')[0]
        network.expect('landmarks', (self.landmark_count, 3))
        network.expect('presence', ())

    def predict(self, frame: Frame, rois: Rois) -> FaceLandmarks:
        """Return landmarks for each of N regions, also where no face is; see `presences`."""
        count = len(rois)
        landmarks = np.empty((count, self.landmark_count, 3), np.float32)
        presences = np.empty(count, np.float32)
        step = self._batch_limit or max(count, 1)
        to_image = image_from_crop(rois, self._style.input_size)

        def run(start: int) -> None:
            batch = slice(start, start + step)
            crops = crop_maps(frame, to_image[batch], self._style)
            found = self._network.run(crops, ('landmarks', 'presence'))
            landmarks[batch], presences[batch] = found

        self._pool.map(run, range(0, count, step))
        return FaceLandmarks(image_landmarks(landmarks, to_image), presences)


def image_landmarks(landmarks: Float32, to_image: Float64) -> Float32:
    """Bring landmarks from crops to the image.

    Args:
        landmarks: (N, L, 3) px of the crop.
        to_image: (N, 2, 3) affine maps, see `image_from_crop`.

    Returns:
        (N, L, 3) px of the image; z scales with the ROI's width.

    Source: MediaPipe `landmark_projection_calculator.cc`.
    """
    maps, offsets = points_to_image(to_image)
    # One product for all three coordinates takes half the time of two and a concatenation.
    return (landmarks @ maps + offsets).astype(np.float32)


def points_to_image(to_image: Float64) -> tuple[Float64, Float64]:
    """Return maps (N, 3, 3) and offsets (N, 1, 3): image landmarks = landmarks @ map + offset."""
    maps, offsets = np.zeros((len(to_image), 3, 3)), np.zeros((len(to_image), 1, 3))
    maps[:, :2, :2] = to_image[:, :, :2].transpose(0, 2, 1)
    maps[:, 2, 2] = np.hypot(to_image[:, 0, 0], to_image[:, 1, 0])
    offsets[:, 0, :2] = to_image[:, :, 2]
    return maps, offsets
