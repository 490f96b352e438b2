"""Boxes (N, 4) of x0 y0 x1 y1 px: sizes, overlaps, duplicates, boxes around landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros import native
from facemesh_ros.types import Float32, Float64


def tight_boxes(points: Float32) -> Float32:
    """Return the (N, 4) boxes around landmarks (N, L, 2 or more) px.

    Example:
        >>> tight_boxes(np.float32([[(3, 9), (-2, 4), (8, 5)]])).tolist()
        [[-2.0, 4.0, 8.0, 9.0]]
    """
    return native.tight_boxes(points)


def box_centres(boxes_xyxy: Float32) -> Float64:
    """Return the (N, 2) centres, px."""
    return (boxes_xyxy[:, :2].astype(np.float64) + boxes_xyxy[:, 2:]) / 2


def box_sizes(boxes_xyxy: Float32) -> Float64:
    """Return √area of N boxes, (N,) px; a pixel at least.

    Example:
        >>> box_sizes(np.float32([(0, 0, 40, 10), (7, 7, 7, 7)])).tolist()
        [20.0, 1.0]
    """
    return np.sqrt(np.maximum(_areas(boxes_xyxy), 1).astype(np.float64))


def overlaps(boxes_xyxy: Float32, others_xyxy: Float32) -> tuple[Float32, Float32]:
    """Return the overlap of each pair of boxes A and B in two measures.

    IoU = |A ∩ B| / |A ∪ B|, and containment = |A ∩ B| / min(|A|, |B|), which is 1 for a box within
    another; both are 0 where the divisor is.

    Args:
        boxes_xyxy: (N, 4) px.
        others_xyxy: (M, 4) px.

    Returns:
        IoU and containment, (N, M) each, in [0, 1].

    Example:
        >>> iou, containment = overlaps(np.float32([(0, 0, 2, 2)]), np.float32([(1, 0, 2, 2)]))
        >>> iou.item(), containment.item()
        (0.5, 1.0)
    """
    return native.overlaps(boxes_xyxy, others_xyxy)


def suppress_duplicates(is_duplicate: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Keep the first item of each group of duplicates (greedy non-maximum suppression).

    Args:
        is_duplicate: (N, N) whether two items are of one object, the most trusted first.

    Returns:
        (K,) indices, ascending, of the items that duplicate none kept before them.

    Example: the second is a duplicate of the first, the third only of the second.
        >>> suppress_duplicates(np.array([(1, 1, 0), (1, 1, 1), (0, 1, 1)], bool)).tolist()
        [0, 2]
    """
    kept: list[int] = []
    for index, row in enumerate(is_duplicate.tolist()):
        if not any(row[other] for other in kept):
            kept.append(index)
    return np.asarray(kept, np.intp)


def _areas(boxes_xyxy: Float32) -> Float32:
    sides = np.maximum(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0)
    areas: Float32 = sides[:, 0] * sides[:, 1]
    return areas
