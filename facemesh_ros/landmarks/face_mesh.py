"""FaceMesh: 468 or 478 3-D landmarks of the face in each of N crops of a frame."""

from __future__ import annotations

import logging

import numpy as np

from facemesh_ros.geometry.affine import image_from_crop
from facemesh_ros.inference.crop_model import CropModel
from facemesh_ros.inference.session import ModelOutputError
from facemesh_ros.types import FaceLandmarks, Float64, Frame, Rois

_LOG = logging.getLogger(__name__)


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
        self._is_told = False

    def predict(self, frame: Frame, rois: Rois) -> FaceLandmarks:
        """Return landmarks for each of N regions, also where no face is; see `presences`.

        One of several whose numbers are not finite spoils no other one: its presence is 0.

        Raises:
            ModelOutputError: If so are those of all.
        """
        if not len(rois):
            return self._none_of(0)
        maps = image_from_crop(rois, self._model.input_size)
        try:
            return FaceLandmarks(*self._model.run(frame, maps))
        except ModelOutputError as error:
            if len(maps) == 1:
                raise
            return self._predict_apart(frame, maps, error)

    def _predict_apart(
        self, frame: Frame, maps: Float64, error: ModelOutputError
    ) -> FaceLandmarks:
        found, failures = self._none_of(len(maps)), 0
        for row in range(len(maps)):
            one = slice(row, row + 1)
            try:
                found.points[one], found.presences[one] = self._model.run(frame, maps[one])
            except ModelOutputError:
                failures += 1
        if failures == len(maps):
            raise error
        if failures and not self._is_told:
            self._is_told = True
            _LOG.warning('one face of several is left out: %s', error)
        return found

    def _none_of(self, count: int) -> FaceLandmarks:
        points = np.zeros((count, self.landmark_count, 3), np.float32)
        return FaceLandmarks(points, np.zeros(count, np.float32))
