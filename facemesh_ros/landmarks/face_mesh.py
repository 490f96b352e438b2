"""FaceMesh: 468 or 478 3-D landmarks of the face in each of N crops of a frame."""

from __future__ import annotations

import numpy as np

from facemesh_ros.geometry.affine import image_from_crop
from facemesh_ros.inference.crop_model import CropModel
from facemesh_ros.types import FaceLandmarks, Frame, Rois


class FaceMesh:
    """Stateless landmark model; all crops of a frame go to the model together.

    Attributes:
        landmark_count: 468 or 478.
    """

    OUTPUTS = ('landmarks', 'presence')

    def __init__(self, model: CropModel) -> None:
        """Check the model's outputs.

        Raises:
            ModelMismatchError: If they are not those of a landmark model.
        """
        self._model = model
        self.landmark_count = model.shape('landmarks')[0]
        model.expect('landmarks', (self.landmark_count, 3))
        model.expect('presence', ())

    def predict(self, frame: Frame, rois: Rois) -> FaceLandmarks:
        """Return landmarks for each of N regions, also where no face is; see `presences`."""
        if not len(rois):
            empty = np.empty((0, self.landmark_count, 3), np.float32)
            return FaceLandmarks(empty, np.empty(0, np.float32))
        maps = image_from_crop(rois, self._model.input_size)
        return FaceLandmarks(*self._model.run(frame, maps))
