"""Landmarks averaged over several crops of each face, for pictures, where time is no matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from facemesh_ros.geometry.affine import rotations_from_angles
from facemesh_ros.geometry.canonical_face import mirrored_landmarks
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.types import FaceLandmarks, Observations, Rois

# Crops beside the face's own: their shift in the ROI's own axes, in its sides, and whether they
# show the face mirrored. What a landmark model gets wrong depends on where the face lies in the
# crop, and on its side; so the errors of several crops differ, and their mean is less.
OTHER_CROPS = (
    ((0.04, 0.0), False),
    ((-0.04, 0.0), True),
    ((0.0, 0.04), True),
    ((0.0, -0.04), False),
)


def average_over_crops(
    faces: Observations, predict: Callable[[Rois], FaceLandmarks]
) -> Observations:
    """Return N faces with the mean of their landmarks and of those in four other crops.

    Two crops are mirrored: a negative width flips a crop, and each landmark then stands for its
    counterpart on the other side.

    Args:
        faces: N faces, whose landmarks have converged.
        predict: The landmark model on this frame.
    """
    if not len(faces):
        return faces
    rois, total = rois_from_landmarks(faces.points), faces.points.astype(np.float64)
    rotations = rotations_from_angles(rois.rotations_rad)
    counterparts = mirrored_landmarks(total.shape[1])
    for shift, is_mirrored in OTHER_CROPS:
        steps = rois.sizes_wh * np.array(shift)
        crops = rois.shifted((rotations @ steps[..., None])[..., 0])
        if is_mirrored:
            flipped_wh = (crops.sizes_wh * (-1, 1)).astype(np.float32)
            crops = Rois(crops.centres, flipped_wh, crops.rotations_rad)
        points = predict(crops).points
        total += points[:, counterparts] if is_mirrored else points
    return replace(faces, points=(total / (1 + len(OTHER_CROPS))).astype(np.float32))
