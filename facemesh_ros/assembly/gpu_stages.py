"""The stages of a pipeline that run on a device; what they return is what the CPU's return."""

from __future__ import annotations

import numpy as np

from facemesh_ros.attributes.blendshapes import LANDMARKS, NAMES
from facemesh_ros.catalog.model_entry import DetectorSpec
from facemesh_ros.detection.blazeface import anchor_centres, faces_from_tensors
from facemesh_ros.geometry.affine import image_from_crop, letterbox_roi
from facemesh_ros.inference.gpu.batch_worker import BatchWorker
from facemesh_ros.inference.gpu.sampling_inputs import Inputs, affine_samples, letterbox_samples
from facemesh_ros.landmarks.face_mesh import points_to_image
from facemesh_ros.types import FaceDetections, FaceLandmarks, Float32, Frame, Rois

DETECTOR_OUTPUTS = ('regressors', 'classificators')
LANDMARK_OUTPUTS = ('points', 'presence')
BLENDSHAPE_OUTPUTS = ('scores',)


class DeviceDetector:
    """A `Detector` on a device."""

    def __init__(
        self,
        engine: BatchWorker,
        model: str,
        input_size: int,
        spec: DetectorSpec,
        max_iou: float,
    ) -> None:
        """Calculate its anchors.

        Args:
            engine: Runs it.
            model: Its name there.
            input_size: Side of its square input in px.
            spec: What it was trained with.
            max_iou: Overlap from which two candidates are one face.
        """
        self._engine, self._model, self._input_size = engine, model, input_size
        self._anchors = anchor_centres(input_size, spec.layers)
        self._max_iou = max_iou

    def detect(self, frame: Frame, min_score: float, region: Rois | None = None) -> FaceDetections:
        """See `BlazeFace.detect`."""
        whole = letterbox_roi(frame.image_wh)
        to_image = image_from_crop(whole if region is None else region, self._input_size)
        if region is None:
            samples = letterbox_samples(frame.image_wh, self._input_size)
        else:
            samples = affine_samples(to_image, self._input_size)
        inputs: Inputs = dict(zip(('columns', 'rows'), samples, strict=True))
        regressors, logits = self._engine.run(self._model, frame, inputs)
        found = regressors[0], logits[0, :, 0]
        return faces_from_tensors(*found, self._anchors, to_image, min_score, self._max_iou)


class DeviceLandmarker:
    """A `Landmarker` on a device."""

    def __init__(
        self, engine: BatchWorker, model: str, input_size: int, landmark_count: int
    ) -> None:
        """Say what runs.

        Args:
            engine: Runs it.
            model: Its name there.
            input_size: Side of its square input in px.
            landmark_count: How many landmarks it places.
        """
        self._engine, self._model, self._input_size = engine, model, input_size
        self.landmark_count = landmark_count

    def predict(self, frame: Frame, rois: Rois) -> FaceLandmarks:
        """Return landmarks for each of N regions, also where no face is; see `presences`."""
        if not len(rois):
            nowhere = np.empty((0, self.landmark_count, 3), np.float32)
            return FaceLandmarks(nowhere, np.empty(0, np.float32))
        to_image = image_from_crop(rois, self._input_size)
        columns, rows = affine_samples(to_image, self._input_size)
        maps, offsets = points_to_image(to_image)
        inputs: Inputs = {'columns': columns, 'rows': rows, 'maps': maps, 'offsets': offsets}
        points, presences = self._engine.run(self._model, frame, inputs)
        return FaceLandmarks(points, presences)


class DeviceExpressions:
    """The `Expressions` on a device."""

    def __init__(self, engine: BatchWorker, model: str) -> None:
        self._engine, self._model = engine, model

    def predict(self, landmarks: Float32) -> Float32:
        """See `Blendshapes.score`."""
        if not len(landmarks):
            return np.empty((0, len(NAMES)), np.float32)
        inputs: Inputs = {'points': landmarks[:, LANDMARKS, :2]}
        (scores,) = self._engine.run(self._model, None, inputs)
        return scores
