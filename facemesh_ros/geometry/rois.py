"""Where a landmark model should look."""

from __future__ import annotations

import numpy as np

from facemesh_ros.geometry.affine import rotations_from_angles
from facemesh_ros.geometry.boxes import xy_planes
from facemesh_ros.geometry.canonical_face import LEFT_EYE_OUTER_CORNER, RIGHT_EYE_OUTER_CORNER
from facemesh_ros.types import FaceDetections, Float32, Rois

# Indices among a detection's six keypoints.
RIGHT_EYE_KEYPOINT, LEFT_EYE_KEYPOINT = 0, 1
MARGIN = 1.5


def rois_from_detections(detections: FaceDetections, *, square: bool) -> Rois:
    """Return regions around detected faces, half as large again as their boxes.

    The line from the right to the left eye becomes horizontal in the crop. The box of a face that
    lies on its side is wide where the face is high.

    Args:
        detections: N faces.
        square: Whether both sides are the longer one, or each keeps its own length.

    Returns:
        N ROIs.

    Source: MediaPipe `face_detection_front_detection_to_roi.pbtxt` (square), and
        `face_detector_graph.cc` (not square).
    """
    eyes = detections.keypoints[:, LEFT_EYE_KEYPOINT] - detections.keypoints[:, RIGHT_EYE_KEYPOINT]
    on_side = np.abs(eyes[:, 1]) > np.abs(eyes[:, 0])
    low, high = detections.boxes_xyxy[:, :2], detections.boxes_xyxy[:, 2:]
    sizes = (MARGIN * (high - low)).astype(np.float32)
    sizes[on_side] = sizes[on_side, ::-1]
    if square:
        sizes = np.repeat(sizes.max(axis=1, keepdims=True), 2, axis=1)
    rotations = np.arctan2(eyes[:, 1], eyes[:, 0]).astype(np.float32)
    return Rois(np.float32(0.5) * (low + high), sizes, rotations)


def rois_from_landmarks(points: Float32) -> Rois:
    """Return square regions around faces whose landmarks are known, half as large again.

    Args:
        points: (N, L, 3) px in the image.

    Returns:
        N ROIs, in which the outer corners of the eyes are level.

    Source: MediaPipe `face_landmark_landmarks_to_roi.pbtxt`. It measures the face along the axes
        of the image, where a tilted one is larger than it is; this measures it along its own.
    """
    xy = xy_planes(points)
    eyes = xy[:, :, LEFT_EYE_OUTER_CORNER] - xy[:, :, RIGHT_EYE_OUTER_CORNER]
    rotations = np.arctan2(eyes[:, 1], eyes[:, 0])
    image_from_upright = rotations_from_angles(rotations)
    upright = image_from_upright.transpose(0, 2, 1) @ xy
    low, high = upright.min(axis=2), upright.max(axis=2)
    sides = MARGIN * (high - low).max(axis=1, keepdims=True)
    centres = (image_from_upright @ ((low + high) / 2)[..., None])[..., 0]
    return Rois(
        centres.astype(np.float32),
        np.repeat(sides.astype(np.float32), 2, axis=1),
        rotations.astype(np.float32, copy=False),
    )


def enlarged_upright(rois: Rois, factor: float) -> Rois:
    """Return upright regions around the same centres, `factor` times as large."""
    return Rois(
        rois.centres, rois.sizes_wh * np.float32(factor), np.zeros_like(rois.rotations_rad)
    )
