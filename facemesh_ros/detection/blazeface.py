"""BlazeFace: finds faces in a frame, or in a region of it, with six keypoints each."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from facemesh_ros.catalog.model_entry import DetectorSpec
from facemesh_ros.detection.nms import weighted_nms
from facemesh_ros.geometry.affine import image_from_crop, letterbox_roi, transform_points
from facemesh_ros.inference.crop_model import CropModel
from facemesh_ros.types import NO_DETECTIONS, FaceDetections, Float32, Float64, Frame, Rois

KEYPOINTS = 6
LOGIT_MARGIN = 0.01


class BlazeFace:
    """Stateless face detector."""

    OUTPUTS = ('regressors', 'classificators')

    def __init__(self, model: CropModel, spec: DetectorSpec, max_iou: float) -> None:
        """Calculate the anchors and check the model's outputs.

        Args:
            model: The network.
            spec: What it was trained with.
            max_iou: Overlap above which two candidates are the same face.

        Raises:
            ModelMismatchError: If the outputs are not those of a detector with these anchors.
        """
        self._model = model
        self._max_iou = max_iou
        self._anchors = anchor_centres(model.input_size, spec.layers)
        model.expect('regressors', (len(self._anchors), 4 + 2 * KEYPOINTS))
        model.expect('classificators', (len(self._anchors), 1))

    def detect(self, frame: Frame, min_score: float, region: Rois | None = None) -> FaceDetections:
        """Find faces in one region of a frame, or in the whole of it; see `detect_batch`."""
        return self.detect_batch(frame, min_score, [region])[0]

    def detect_batch(
        self, frame: Frame, min_score: float, regions: Sequence[Rois | None]
    ) -> list[FaceDetections]:
        """Find faces in several regions of a frame, all in one batch.

        Args:
            frame: The image.
            min_score: Drop faces below it.
            regions: Squares, maybe turned by quarter turns; None for the whole image. At least
                one.

        Returns:
            The faces of each region, in px of the image, best score first.
        """
        letterbox = letterbox_roi(frame.image_wh)
        rois = [letterbox if region is None else region for region in regions]
        maps = np.concatenate([image_from_crop(roi, self._model.input_size) for roi in rois])
        whole = [index for index, region in enumerate(regions) if region is None]
        regressors, logits = self._model.run(frame, maps, whole)
        return [
            self._decoded(*outputs, maps[index : index + 1], min_score)
            for index, outputs in enumerate(zip(regressors, logits[..., 0], strict=True))
        ]

    def _decoded(
        self, regressors: Float32, logits: Float32, image_from_input: Float64, min_score: float
    ) -> FaceDetections:
        candidates = decode(regressors, logits, self._anchors, min_score)
        if not len(candidates):  # as in most tiles
            return NO_DETECTIONS
        return weighted_nms(_detections_in_image(candidates, image_from_input), self._max_iou)


def decode(
    regressors: Float32, logits: Float32, anchors: Float32, min_score: float
) -> FaceDetections:
    """Turn raw network output into candidates in px of the network's input.

    Args:
        regressors: (A, 16) centre x, y, width, height and six keypoints, px from the anchor.
        logits: (A,).
        anchors: (A, 2) px.
        min_score: Drop candidates below it.

    Returns:
        N candidates in no order, without those of negative size.

    Source: MediaPipe `tensors_to_detections_calculator.cc`, DecodeBoxes.
    """
    # The sigmoid of the few that can reach the score: hardly any of 2304 anchors do.
    likely = np.flatnonzero(logits > _lowest_logit(min_score))
    if not len(likely):
        return NO_DETECTIONS
    scores = (1 + np.tanh(logits[likely] / 2)) / 2
    points = regressors[likely].reshape(-1, 2 + KEYPOINTS, 2)
    kept = (scores >= min_score) & (points[:, 1] >= 0).all(axis=1)
    points, centres = points[kept], anchors[likely[kept]]
    middles, half_sizes = points[:, 0] + centres, points[:, 1] / 2
    return FaceDetections(
        np.concatenate([middles - half_sizes, middles + half_sizes], axis=1),
        points[:, 2:] + centres[:, None],
        scores[kept].astype(np.float32),
    )


def _lowest_logit(score: float) -> float:
    """Return a logit whose sigmoid, rounded to float32, is surely below a score."""
    if score <= 0:
        return -math.inf
    # Nearer to 1 the rounding of the sigmoid alone would exceed the margin.
    score = min(score, 1 - 1e-4)
    return math.log(score / (1 - score)) - LOGIT_MARGIN


def _detections_in_image(detections: FaceDetections, image_from_input: Float64) -> FaceDetections:
    """Map detections by one affine map (1, 2, 3) that turns by quarter turns only."""
    corners = transform_points(image_from_input, detections.boxes_xyxy.reshape(1, -1, 2))
    keypoints = transform_points(image_from_input, detections.keypoints.reshape(1, -1, 2))
    pairs = corners.reshape(-1, 2, 2).astype(np.float32)
    return FaceDetections(
        np.concatenate([pairs.min(axis=1), pairs.max(axis=1)], axis=1),
        keypoints.reshape(-1, KEYPOINTS, 2).astype(np.float32),
        detections.scores,
    )


def anchor_centres(input_size: int, layers: Sequence[tuple[int, int]]) -> Float32:
    """Lay anchors on the cells of each feature map, row by row.

    Args:
        input_size: Side of the model input in px.
        layers: Stride in px and anchors per cell of each feature map.

    Returns:
        (A, 2) centres in px of the input.

    Source: MediaPipe `ssd_anchors_calculator.cc`, anchor_offset .5, fixed_anchor_size.
    """
    return np.concatenate([_layer_centres(input_size, *layer) for layer in layers])


def _layer_centres(input_size: int, stride: int, per_cell: int) -> Float32:
    ticks = (np.arange(input_size // stride, dtype=np.float32) + 0.5) * stride
    x, y = np.meshgrid(ticks, ticks)
    cells = np.stack([x.ravel(), y.ravel()], axis=1)
    return np.repeat(cells, per_cell, axis=0)
