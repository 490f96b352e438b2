"""How unlike a known face each of the faces seen is: by place, size and tone."""

from __future__ import annotations

import numpy as np

from facemesh_ros.tracking.pairwise_overlaps import PairwiseOverlaps
from facemesh_ros.tracking.tracks import Tracks
from facemesh_ros.types import Float32, Float64

# How far from where it is expected a face may be seen, in its own size: at once, and more for
# each second without sight of it. A change of its size by a factor e counts like its own size.
REACH, REACH_PER_S = 0.7, 1.5
# Where faces overlap, landmarks slide from one to the other or lie on half of each. So who is in
# sight there is looked for nearer, and a tone, which may be of both, rules nobody out.
CROWDED_REACH = 0.3
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


def association_costs(tracks: Tracks, encounter: PairwiseOverlaps, tones: Float32) -> Float64:
    """Return (T, N) how unlike each track each face is; infinite where it cannot be.

    Who was seen in the last image, but too long ago for somebody out of sight to be remembered, is
    compared as if out of sight.

    Args:
        tracks: T that are known.
        encounter: Of the tracks with N faces that are seen.
        tones: (N, 3) of the faces.
    """
    known = len(tracks)
    sizes, new_sizes = encounter.sizes[:known, None], encounter.sizes[known:]
    expected, places = encounter.centres[:known], encounter.centres[known:]
    costs = _distances(expected, tracks.steps, places) / sizes
    costs += np.abs(np.log(new_sizes / sizes))
    unseen = ((tracks.misses > 0) | (tracks.unseen_s > MEMORY_S))[:, None]
    crowded = encounter.crowded(tracks.met)
    reaches = REACH + REACH_PER_S * _searched_s(tracks)[:, None]
    reaches = np.where(crowded & ~unseen, CROWDED_REACH, reaches)
    differences = np.abs(tones - tracks.tones[:, None]).max(axis=2)
    other = unseen & ~crowded & (differences > UNLIKE)
    costs[(costs > reaches) | other] = np.inf
    costs += UNSEEN_COST * unseen + TONE_COST * np.minimum(differences, 1)
    return costs


def _searched_s(tracks: Tracks) -> Float64:
    """Return (T,) s for which the places where a track may be seen again have widened."""
    return np.minimum(tracks.unseen_s, MEMORY_S + tracks.hidden_s)


def _distances(expected: Float64, steps: Float64, places: Float64) -> Float64:
    """Return (T, N) px from the ways that faces have gone, out of sight, to where N are seen.

    Who is hidden may stop or turn back; so any place on the way is as good as its end.
    """
    way, end, place = (each.view(np.complex128) for each in (steps, expected, places))
    ways = place[:, 0] - (end - way)
    parts = (ways * way.conj()).real / np.maximum((way * way.conj()).real, 1e-9)
    ways -= np.minimum(np.maximum(parts, 0), 1) * way
    distances: Float64 = np.abs(ways)
    return distances
