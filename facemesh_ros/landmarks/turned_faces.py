"""Faces that hang upside down: their meshes, placed again the right way up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.landmarks.face_gate import log_odds
from facemesh_ros.landmarks.mesh_shape import shape_deviations
from facemesh_ros.landmarks.refinement import CERTAIN, CONVERGED, look_again
from facemesh_ros.struct_of_arrays import put
from facemesh_ros.types import FaceLandmarks, Observations, Rois

# Detectors for upright heads find some that hang upside down, with keypoints upside down, and the
# landmark models then lay an upright mesh over them, sure of it. But it is out of proportion: it
# deviates by more than the first, and the log-odds of the mesh in a turned crop are better by more
# than the second for three in four of them; for 4 of 421 faces the right way up.
DOUBTFUL_DEVIATION, MORE_PLAUSIBLE = 0.25, 0.5


def turn_over(faces: Observations, predict: Callable[[Rois], FaceLandmarks]) -> Observations:
    """Return N new faces, those with a mesh that lies upside down on them turned over.

    Meshes out of proportion are placed again in crops turned by half a turn, twice; what is then
    far more like a person's face takes their place. Its keypoints are NaN: the detector took it
    for an upright one.

    Args:
        faces: N, whose landmarks have converged.
        predict: The landmark model on this frame.
    """
    rows = np.flatnonzero(shape_deviations(faces.points) > DOUBTFUL_DEVIATION)
    if not len(rows):
        return faces
    doubtful = faces[rows]
    doubtful = replace(doubtful, keypoints=np.full_like(doubtful.keypoints, np.nan))
    rois = rois_from_landmarks(doubtful.points)
    over = Rois(rois.centres, rois.sizes_wh, rois.rotations_rad + np.float32(np.pi))
    turned = look_again(doubtful, over, predict)
    turned = look_again(turned, rois_from_landmarks(turned.points), predict)
    is_better = (turned.presences > CERTAIN) & (turned.changes < CONVERGED)
    is_better &= log_odds(turned) > log_odds(doubtful) + MORE_PLAUSIBLE
    return put(faces, rows[is_better], turned[is_better])
