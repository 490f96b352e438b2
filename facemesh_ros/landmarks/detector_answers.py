"""Detector answers: what detectors say of meshes on new faces, asked once and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from facemesh_ros.geometry.boxes import tight_boxes
from facemesh_ros.struct_of_arrays import Indices, StructOfArrays
from facemesh_ros.types import Float32, Float64, Observations

# Returns the scores (N, K) that detectors give boxes (N, 4) px of meshes, turned by (N,) rad, each
# in K windows.
BoxScorer = Callable[[Float32, Float32], Float64]
# Beyond these a score says no more: of what lies in the dark one of two detectors sees nothing.
SCORE_LIMITS = (0.15, 0.95)


@dataclass(frozen=True, slots=True)
class DetectorAnswers(StructOfArrays):
    """What detectors say of N meshes: mean logits over windows of several sizes.

    Attributes:
        right: (N,) in windows that are turned as the mesh is; NaN where none was asked.
        upside_down: (N,) in the same, turned by half a turn.
    """

    right: Float64
    upside_down: Float64

    def turned_over(self) -> DetectorAnswers:
        """Return the answers about the same meshes, each turned by half a turn."""
        return DetectorAnswers(self.upside_down, self.right)


def ask_detectors(
    observations: Observations, rows: Indices, score_boxes: BoxScorer
) -> DetectorAnswers:
    """Ask detectors about some of N meshes, in one batch.

    Args:
        observations: N.
        rows: Which of them to ask about.
        score_boxes: What detectors say of boxes of landmarks.
    """
    answers = np.full((2, len(observations)), np.nan)
    if len(rows):
        boxes = tight_boxes(observations.points[rows])
        angles = observations.rois.rotations_rad[rows]
        turned = np.concatenate([angles, angles + np.float32(np.pi)])
        scores = score_boxes(np.concatenate([boxes, boxes]), turned)
        answers[:, rows] = logit(np.clip(scores, *SCORE_LIMITS)).mean(axis=1).reshape(2, -1)
    return DetectorAnswers(*answers)


def logit(probability: Float64 | float) -> Float64:
    """Return ln(p / (1 - p))."""
    return np.asarray(np.log(probability / (1 - np.asarray(probability))))
