"""ROIs: the rotated crops of the landmark model, from detections and from landmarks."""

from __future__ import annotations

import numpy as np

from facemesh_ros import native
from facemesh_ros.geometry.canonical_face import LEFT_EYE_OUTER_CORNER, RIGHT_EYE_OUTER_CORNER
from facemesh_ros.types import FaceDetections, Float32, Float64, Rois

# Indices among a detection's six keypoints.
RIGHT_EYE_KEYPOINT, LEFT_EYE_KEYPOINT = 0, 1
# Of an ROI relative to the face.
ROI_SCALE = 1.5


def rois_from_detections(detections: FaceDetections, *, square: bool) -> Rois:
    """Return ROIs around detected faces: the box scaled by 1.5, rotated to level the eyes.

    rotation = atan2(dy, dx) of the line from the right to the left eye. Where the face lies on its
    side, the box's width is the face's height.

    Args:
        detections: N faces.
        square: Whether both sides are the longer one, or each keeps its own length.

    Returns:
        N ROIs.

    Example: eyes at the same height.
        >>> keypoints = np.float32([[(4, 5), (8, 5)] + [(6, 7)] * 4])
        >>> boxes = np.float32([(0, 0, 12, 10)])
        >>> rois = rois_from_detections(FaceDetections(boxes, keypoints, np.ones(1)), square=True)
        >>> rois.centres.tolist(), rois.sizes_wh.tolist(), rois.rotations_rad.tolist()
        ([[6.0, 5.0]], [[18.0, 18.0]], [0.0])

    Source: MediaPipe `face_detection_front_detection_to_roi.pbtxt` (square), and
        `face_detector_graph.cc` (not square).
    """
    eyes = detections.keypoints[:, LEFT_EYE_KEYPOINT] - detections.keypoints[:, RIGHT_EYE_KEYPOINT]
    on_side = np.abs(eyes[:, 1]) > np.abs(eyes[:, 0])
    low, high = detections.boxes_xyxy[:, :2], detections.boxes_xyxy[:, 2:]
    sizes = (ROI_SCALE * (high - low)).astype(np.float32)
    sizes[on_side] = sizes[on_side, ::-1]
    if square:
        sizes = np.repeat(sizes.max(axis=1, keepdims=True), 2, axis=1)
    rotations = np.arctan2(eyes[:, 1], eyes[:, 0]).astype(np.float32)
    return Rois(np.float32(0.5) * (low + high), sizes, rotations)


def rois_from_landmarks(points: Float32, offsets: Float64 | None = None) -> Rois:
    """Return square ROIs around landmarks: their box in the face's own axes, scaled by 1.5.

    rotation = atan2(dy, dx) of the line from the right to the left outer eye corner.

    Args:
        points: (N, L, 3) px in the image.
        offsets: (N, 2) px, by which each ROI is moved; None for none.

    Returns:
        N ROIs, in which the outer corners of the eyes are level.

    Example: a face that is rotated by a quarter turn.
        >>> points = np.zeros((1, 468, 3), np.float32)
        >>> points[0, LEFT_EYE_OUTER_CORNER] = 0, 10, 0
        >>> roi = rois_from_landmarks(points)
        >>> roi.sizes_wh.round(3).tolist(), roi.rotations_rad.round(3).tolist()
        ([[15.0, 15.0]], [1.5709999799728394])

    Source: MediaPipe `face_landmark_landmarks_to_roi.pbtxt`. It measures the face along the axes
        of the image, where a tilted one is larger than it is; this measures it along its own.
    """
    return Rois(
        *native.rois_from_landmarks(
            points, offsets, RIGHT_EYE_OUTER_CORNER, LEFT_EYE_OUTER_CORNER, ROI_SCALE
        )
    )


def enlarged_upright(rois: Rois, factor: float) -> Rois:
    """Return upright ROIs with the same centres, `factor` times as large."""
    return Rois(
        rois.centres, rois.sizes_wh * np.float32(factor), np.zeros_like(rois.rotations_rad)
    )
