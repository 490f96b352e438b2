"""FaceMesh: places landmarks on the faces in N crops of one frame."""

from __future__ import annotations

import numpy as np

from facemesh_ros.core.affine import image_from_crop, transform_points
from facemesh_ros.core.crop import LANDMARK_BORDER, CropStyle, crop_rois
from facemesh_ros.core.network import Network
from facemesh_ros.core.types import FaceLandmarks, Float32, Frame, Rois


class FaceLandmarker:
    """Stateless landmark model around one network; all crops of a frame go in one batch."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._style = CropStyle(network.input_size, 0.0, LANDMARK_BORDER)
        self.landmark_count = network.shape('landmarks')[0]
        network.expect('landmarks', (self.landmark_count, 3))
        network.expect('presence', ())

    def locate(self, frame: Frame, rois: Rois) -> FaceLandmarks:
        """Return landmarks for each of N regions, also where no face is; see `presences`."""
        if not len(rois):
            none = np.empty((0, self.landmark_count, 3), np.float32)
            return FaceLandmarks(none, np.empty(0, np.float32))
        crops = crop_rois(frame, rois, self._style)
        landmarks, presences = self._network.run(crops, ('landmarks', 'presence'))
        return FaceLandmarks(image_landmarks(landmarks, rois, self._style.input_size), presences)


def image_landmarks(landmarks: Float32, rois: Rois, input_size: int) -> Float32:
    """Bring landmarks from crops to the image.

    Args:
        landmarks: (N, L, 3) px of the crop.
        rois: The N crops.
        input_size: Side of the crop in px.

    Returns:
        (N, L, 3) px of the image; z scales with the ROI's width.

    Source: MediaPipe `landmark_projection_calculator.cc`.
    """
    scales = rois.sizes_wh[:, :1, None] / input_size
    xy = transform_points(image_from_crop(rois, input_size), landmarks[..., :2])
    return np.concatenate([xy, landmarks[..., 2:] * scales], axis=2).astype(np.float32)
