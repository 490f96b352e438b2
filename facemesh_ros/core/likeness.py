"""How unlike a known face each of the faces seen is: by place, size and tone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.core.boxes import box_centres, box_sizes, containment_matrix, tight_boxes
from facemesh_ros.core.tracks import Tracks
from facemesh_ros.core.types import Float32, Float64

# How far from where it is expected a face may be seen, in its own size: at once, and more for
# each second without sight of it. A change of its size by a factor e counts like its own size.
REACH, REACH_PER_S = 0.7, 1.5
# Part of the smaller of two boxes from which one face may hide some of the other. There landmarks
# slide from one to the other or lie on half of each. So who is in sight there is looked for
# nearer, and a tone, which may be of both, rules nobody out.
CROWDED, CROWDED_REACH = 0.1, 0.3
# A face that was seen in the last image has that much of a claim before one that was not.
UNSEEN_COST = 0.5
# What a difference of tones by 1 counts, and from which difference on nobody comes back as
# another: the largest measured of one face is 0.24, half of all pairs of people differ by more.
TONE_COST, UNLIKE = 2.0, 0.4
# How long a face that is not published any more is remembered, and how long if all the while
# somebody else is before it.
MEMORY_S, MEMORY_BEHIND_S = 1.0, 3.0
# More than any pair may cost.
ALONE = REACH + REACH_PER_S * MEMORY_BEHIND_S + UNSEEN_COST + TONE_COST + 1


def costs_of(tracks: Tracks, boxes_xyxy: Float32, tones: Float32) -> Float64:
    """Return (T, N) how unlike each track each face is; infinite where it cannot be.

    Args:
        tracks: T that are known.
        boxes_xyxy: (N, 4) px, tight around the landmarks.
        tones: (N, 3) of the faces.
    """
    expected = tight_boxes(tracks.points)
    sizes, new_sizes = box_sizes(expected)[:, None], box_sizes(boxes_xyxy)[None]
    costs = _distances(box_centres(expected), tracks.steps, box_centres(boxes_xyxy)) / sizes
    costs += np.abs(np.log(new_sizes / sizes))
    unseen = (tracks.misses > 0)[:, None]
    crowded = _shared(containment_matrix(expected, boxes_xyxy) > CROWDED)
    reaches = REACH + REACH_PER_S * tracks.unseen_s[:, None]
    reaches = np.where(crowded & ~unseen, CROWDED_REACH, reaches)
    differences = np.abs(tones[None] - tracks.tones[:, None]).max(axis=2)
    other = unseen & ~crowded & (differences > UNLIKE)
    costs[(costs > reaches) | other] = np.inf
    costs += UNSEEN_COST * unseen + TONE_COST * np.minimum(differences, 1)
    return costs


def _shared(claims: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell for (T, N) pairs whether anybody else claims the same."""
    shared: NDArray[np.bool_] = claims.sum(axis=0) - claims > 0
    return shared


def _distances(expected: Float64, steps: Float64, places: Float64) -> Float64:
    """Return (T, N) px from the ways that faces have gone, out of sight, to where N are seen.

    Who is hidden may stop or turn back; so any place on the way is as good as its end.
    """
    ways = places[None] - (expected - steps)[:, None]
    lengths = np.maximum((steps**2).sum(axis=1), 1e-9)[:, None]
    parts = np.clip((ways * steps[:, None]).sum(axis=2) / lengths, 0, 1)
    distances: Float64 = np.linalg.norm(ways - parts[..., None] * steps[:, None], axis=2)
    return distances
