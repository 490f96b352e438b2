"""ROI refinement: landmarks of a new face, placed again in a crop made from the landmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from facemesh_ros.geometry.boxes import box_sizes, tight_boxes
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.struct_of_arrays import Indices
from facemesh_ros.types import FaceLandmarks, Float32, Float64, Observations, Rois

# Most faces converge in one more inference; what has not after two is no face.
MAX_REFINEMENTS = 2
# Landmarks have converged if two inferences differ by less than this part of the face's size and
# the presence of the last exceeds CERTAIN. Measured: of 78 faces all but three converge at once
# (rms 0.001 to 0.05, presence from 0.98); of stars, dogs and rockets that first pass for a face
# none does.
CONVERGED, CERTAIN = 0.1, 0.9


def refine_landmarks(
    first: Observations, predict: Callable[[Rois], FaceLandmarks], min_presence: float
) -> tuple[Observations, Indices]:
    """Place the landmarks of new faces again, in crops made from them, until they converge.

    Args:
        first: N detected faces, with landmarks from the crops that the detector suggests.
        predict: The landmark model on this frame.
        min_presence: What the presence must exceed in each inference.

    Returns:
        The faces that converged, with their last landmarks, and their rows in `first`.
    """
    rows = np.flatnonzero(first.presences > min_presence)
    remaining, converged, converged_rows = first[rows], first[:0], rows[:0]
    for left in reversed(range(MAX_REFINEMENTS)):
        if not len(remaining):
            break
        refined = look_again(remaining, rois_from_landmarks(remaining.points), predict)
        present = refined.presences > min_presence
        agreed = refined.changes < CONVERGED
        done = present & agreed & ((refined.presences > CERTAIN) | (not left))
        converged += refined[done]
        converged_rows = np.append(converged_rows, rows[done])
        remaining, rows = refined[present & ~done], rows[present & ~done]
    return converged, converged_rows


def look_again(
    before: Observations, rois: Rois, predict: Callable[[Rois], FaceLandmarks]
) -> Observations:
    """Return what other crops of the same N detections show, and how that differs."""
    landmarks = predict(rois)
    return replace(
        before,
        points=landmarks.points,
        presences=landmarks.presences,
        rois=rois,
        changes=_changes(before.points, landmarks.points),
    )


def _changes(before: Float32, after: Float32) -> Float64:
    """Return (N,) RMS distances between the landmarks of two inferences, in face sizes."""
    steps = (after - before)[..., :2].astype(np.float64)
    rms: Float64 = np.sqrt((steps**2).sum(axis=2).mean(axis=1))
    return rms / box_sizes(tight_boxes(after))
