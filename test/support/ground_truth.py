"""True faces of a picture, and which detection results count as found or as false faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

# A detector's box may end at the brows or at the hair, so its size says less than its centre.
LARGEST_SIZE_RATIO = 2.0
RULE = (
    'A face counts as found if the centre of a result lies in its true box (brows to chin) and '
    f'the sides, as the root of the area, are within 1/{LARGEST_SIZE_RATIO:g} to '
    f'{LARGEST_SIZE_RATIO:g} of its; each face once and each result once. '
    'Every other result is a false face, also a second one on the same face; results on faces '
    'marked optional are ignored.'
)


@dataclass(frozen=True)
class TrueFaces:
    """The N faces of a picture.

    Attributes:
        boxes_xyxy: (N, 4) px, brows to chin, cheek to cheek; may reach outside the picture.
        sizes_px: (N,) height from brows to chin.
        optional: (N,) True where finding the face is neither required nor wrong.
    """

    boxes_xyxy: Float64
    sizes_px: Float64
    optional: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.sizes_px)


@dataclass(frozen=True)
class Comparison:
    """Results of one picture compared with its true faces.

    Attributes:
        found: For each true face, whether a result matches it.
        false_boxes: Results that match no face.
    """

    found: list[bool]
    false_boxes: list[list[float]]


def compare_boxes(truth: TrueFaces, boxes_xyxy: Sequence[Sequence[float]]) -> Comparison:
    """Compare results with true faces by `RULE`.

    Args:
        truth: The N faces.
        boxes_xyxy: (M, 4) px, the results.
    """
    boxes = np.array(boxes_xyxy, float).reshape(-1, 4)
    found = np.zeros(len(truth), bool)
    wrong = ~_fits(truth.boxes_xyxy, boxes)[truth.optional].any(axis=0)
    for face, result in match_boxes(truth, boxes):
        found[face], wrong[result] = True, False
    return Comparison(found.tolist(), boxes[wrong].tolist())


def match_boxes(truth: TrueFaces, boxes_xyxy: Float64) -> list[tuple[int, int]]:
    """Match results with faces that are not optional, by `RULE`; nearest pairs first.

    Args:
        truth: The N faces.
        boxes_xyxy: (M, 4) px, the results.

    Returns:
        Pairs of indices (face, result).
    """
    fits = _fits(truth.boxes_xyxy, boxes_xyxy) & ~truth.optional[:, None]
    distances = np.where(fits, _distances(truth.boxes_xyxy, boxes_xyxy), np.inf)
    pairs = []
    while np.isfinite(distances).any():
        face, result = divmod(int(distances.argmin()), distances.shape[1])
        pairs.append((face, result))
        distances[face, :] = distances[:, result] = np.inf
    return pairs


def _fits(faces: Float64, boxes: Float64) -> NDArray[np.bool_]:
    """Whether centre and size of each result are acceptable for each true face, (N, M)."""
    centres = (boxes[None, :, :2] + boxes[None, :, 2:]) / 2
    inside = (centres >= faces[:, None, :2]) & (centres <= faces[:, None, 2:])
    ratios = _sides(boxes)[None] / _sides(faces)[:, None]
    close = (ratios >= 1 / LARGEST_SIZE_RATIO) & (ratios <= LARGEST_SIZE_RATIO)
    return np.asarray(inside.all(axis=2) & close)


def _distances(faces: Float64, boxes: Float64) -> Float64:
    """Distances between centres, in sides of the true box, (N, M)."""
    offsets = faces[:, None].reshape(-1, 1, 2, 2).mean(axis=2) - boxes.reshape(1, -1, 2, 2).mean(2)
    return np.asarray(np.linalg.norm(offsets, axis=2) / _sides(faces)[:, None])


def _sides(boxes: Float64) -> Float64:
    """Square root of the area of each box."""
    return np.asarray(np.sqrt(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)))
