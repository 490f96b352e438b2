"""Where a landmark model should look."""

from __future__ import annotations

import numpy as np

from facemesh_ros.core.types import FaceDetections, Rois

RIGHT_EYE, LEFT_EYE = 0, 1
MARGIN = 1.5


def rois_from_detections(detections: FaceDetections, *, square: bool) -> Rois:
    """Return regions around detected faces, half as large again as their boxes.

    The line from the right to the left eye becomes horizontal in the crop.

    Args:
        detections: N faces.
        square: Whether both sides are the longer one, or each keeps its own length.

    Returns:
        N ROIs.

    Source: MediaPipe `face_detection_front_detection_to_roi.pbtxt` (square), and
        `face_detector_graph.cc` (not square).
    """
    low, high = detections.boxes_xyxy[:, :2], detections.boxes_xyxy[:, 2:]
    sizes = (MARGIN * (high - low)).astype(np.float32)
    if square:
        sizes = np.repeat(sizes.max(axis=1, keepdims=True), 2, axis=1)
    eyes = detections.keypoints[:, LEFT_EYE] - detections.keypoints[:, RIGHT_EYE]
    rotations = np.arctan2(eyes[:, 1], eyes[:, 0]).astype(np.float32)
    return Rois(np.float32(0.5) * (low + high), sizes, rotations)
