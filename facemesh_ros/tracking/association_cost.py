"""Association cost, tracks × observations, from position, size and appearance."""

from __future__ import annotations

import numpy as np

from facemesh_ros.tracking.face_traits import (
    GATE,
    FaceTraits,
    PairwiseOverlaps,
    appearance_differences,
    have_different_shapes,
    look_abruptly_different,
)
from facemesh_ros.tracking.tracks import Tracks
from facemesh_ros.types import Float64

# The gate grows by so many face sizes for each second unseen.
GATE_GROWTH_PER_S = 1.5
# Where faces overlap, landmarks slide from one to the other or lie on half of each. So a track in
# sight has a smaller gate there, unless the observation looks like it. An appearance, which may be
# of both faces, rules no pair out there.
CONTESTED_GATE = 0.3
# A track that the last image showed takes precedence over one that it did not by this much.
UNSEEN_COST = 0.5
# Cost of a difference in appearance of 1.
APPEARANCE_COST = 6.0
# The difference above which no unseen track is resumed: at once, and so much more after a second.
MAX_DIFFERENCE, DIFFERENCE_GROWTH_PER_S = 0.12, 0.13
# The more alike, the further a face may have jumped: so many face sizes for what looks the same,
# none from this difference on. Of pairs of people 2 in 1,000 are within 0.07, 2 in 100 within 0.1.
ALIKE_REACH, ALIKE_DIFFERENCE = 4.0, 0.14
# How long an unseen track is remembered, and how long while another face is in front of it.
MAX_UNSEEN_S, MAX_OCCLUDED_S = 1.0, 3.0
# More than any pair may cost.
UNASSIGNED_COST = (
    GATE + GATE_GROWTH_PER_S * MAX_OCCLUDED_S + ALIKE_REACH + UNSEEN_COST + APPEARANCE_COST + 1
)


def association_costs(tracks: Tracks, pairs: PairwiseOverlaps, traits: FaceTraits) -> Float64:
    """Return the (T, N) costs of assigning observations to tracks; infinite beyond the gate.

    With the distance d between the observation's centre and the track's path, and sizes s:

        cost = d / s_track + |ln(s_observation / s_track)|
               + 0.5 if the last image did not show the track + 6 min(1, difference in appearance)

    where the first two terms must be within the gate, 0.7 + 1.5 per second unseen. The difference
    is the less of that from the track as last seen and from its running mean.

    Example:
        A track of size 100 px is seen 10 px from where it is expected, 10 % larger, and looks the
        same: cost = 10 / 100 + ln 1.1 = 0.195. Unseen for an image, it would cost 0.695.

    Args:
        tracks: T tracks; one unseen for longer than an unseen track is remembered, because images
            are that far apart, counts as unseen in the last image.
        pairs: Of the tracks and N observations.
        traits: Of the observations.
    """
    count = len(tracks)
    sizes, observed_sizes = pairs.sizes[:count, None], pairs.sizes[count:]
    expected, observed = pairs.centres[:count], pairs.centres[count:]
    costs = _distances_from_paths(expected, tracks.offsets, observed) / sizes
    costs += np.abs(np.log(observed_sizes / sizes))
    unseen = ((tracks.misses > 0) | (tracks.unseen_s > MAX_UNSEEN_S))[:, None]
    contested = pairs.contested(tracks.coexisted)
    appearances = traits.appearances
    last, mean = tracks.traits.appearances[:, None], tracks.appearances[:, None]
    differences = appearance_differences(mean, appearances)
    # Where faces overlap, the last appearance may have been that of another.
    nearer = np.minimum(differences, appearance_differences(last, appearances))
    differences = np.where(contested, differences, nearer)
    # The time for which the region where a track may reappear has grown.
    searched_s = np.minimum(tracks.unseen_s, MAX_UNSEEN_S + tracks.occluded_s)[:, None]
    gates = GATE + GATE_GROWTH_PER_S * searched_s
    gates = gates + ALIKE_REACH * np.maximum(1 - differences / ALIKE_DIFFERENCE, 0)
    gates[contested & ~unseen & (differences > MAX_DIFFERENCE)] = CONTESTED_GATE
    limits = MAX_DIFFERENCE + DIFFERENCE_GROWTH_PER_S * np.minimum(searched_s, 1)
    is_abrupt = look_abruptly_different(last, appearances)
    is_abrupt &= look_abruptly_different(mean, appearances)
    is_abrupt &= have_different_shapes(tracks.traits.shapes[:, None], traits.shapes)
    is_other = np.where(unseen, differences > limits, is_abrupt)
    costs[(costs > gates) | (is_other & ~contested)] = np.inf
    costs += UNSEEN_COST * unseen + APPEARANCE_COST * np.minimum(differences, 1)
    return costs


def _distances_from_paths(ends: Float64, offsets: Float64, points: Float64) -> Float64:
    """Return (T, N) px from N points to the T segments from `ends - offsets` to `ends`.

    An occluded face may stop or turn back; so any point of its path is as good as the end.
    """
    path, end, point = (each.view(np.complex128) for each in (offsets, ends, points))
    ways = point[:, 0] - (end - path)
    parts = (ways * path.conj()).real / np.maximum((path * path.conj()).real, 1e-9)
    ways -= np.minimum(np.maximum(parts, 0), 1) * path
    distances: Float64 = np.abs(ways)
    return distances
