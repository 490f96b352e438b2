"""Which of the landmarks of an image may be faces of their own, and not a slip to another face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import box_sizes, overlaps
from facemesh_ros.struct_of_arrays import Indices
from facemesh_ros.tracking.pairwise_overlaps import CROWDED
from facemesh_ros.tracking.track_boxes import TrackBoxes
from facemesh_ros.tracking.tracks import Tracks

# How far from where it is expected a face is that nothing has drawn aside, in its own size.
STEADY = 0.1


def plausible(
    tracks: Tracks, followed: Indices, seen: TrackBoxes, found: NDArray[np.bool_], present: Indices
) -> Indices:
    """Leave out those that may only be a part of somebody beside them.

    A crop beside a face shows part of it, and landmarks then lie beside it too. So who overlaps a
    face that the detector has found must have been found as well, or be where expected, and that
    is not enough beside a new face: two people who come to overlap were apart before.

    Args:
        tracks: All that are known.
        followed: Which of them are followed.
        seen: N, the followed ones in that order, then new ones.
        found: (N,) whether the detector has found it in this image.
        present: Which of the N are faces.

    Returns:
        Those of them that remain.
    """
    count = len(followed)
    new, steady = present >= count, np.zeros(len(seen), bool)
    steady[:count] = _steady(tracks[followed], seen[:count])
    found, steady = found[present], steady[present]
    boxes = seen.boxes_xyxy[present]
    crowded = overlaps(boxes, boxes)[1] > CROWDED
    beside, beside_new = (crowded[:, others].any(axis=1) for others in (found, new))
    return present[found | ~(beside_new | (beside & ~steady))]


def _steady(tracks: Tracks, seen: TrackBoxes) -> NDArray[np.bool_]:
    """Tell which of N tracks were in sight in the last image, and are seen where expected."""
    ways = seen.centroids - tracks.expected.centroids
    near = np.hypot(ways[:, 0], ways[:, 1]) < STEADY * box_sizes(seen.boxes_xyxy)
    steady: NDArray[np.bool_] = near & (tracks.misses == 0)
    return steady
