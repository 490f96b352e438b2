"""Which known face each of those seen is, and which are new."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.core.assignment import cheapest_pairs
from facemesh_ros.core.encounter import Encounter
from facemesh_ros.core.likeness import ALONE, costs_of
from facemesh_ros.core.nms import firsts
from facemesh_ros.core.settings import PipelineSettings
from facemesh_ros.core.tracks import Tracks
from facemesh_ros.core.types import Float32

Indices = NDArray[np.intp]


def who_is_who(
    tracks: Tracks,
    encounter: Encounter,
    tones: Float32,
    pointed_at: NDArray[np.bool_],
    settings: PipelineSettings,
) -> tuple[Indices, Indices, Indices]:
    """Pair tracks with faces.

    Args:
        tracks: T that are known.
        encounter: Of the tracks with N faces that are seen.
        tones: (N, 3) of the faces.
        pointed_at: (N,) whether the detector found it; the others were seen where a track is
            expected.
        settings: Of now.

    Returns:
        (K,) the tracks that are seen, (K,) which face each of them is, and which faces are new.
    """
    costs = costs_of(tracks, encounter, tones)
    known, places = cheapest_pairs(costs, ALONE)
    # Of two on one face it is whose that was seen in the last image, then whose it is more.
    sure = np.lexsort((costs[known, places], tracks.misses[known] > 0))
    known, places = known[sure], places[sure]
    # Faces that nobody claims are new only if the detector found them: a followed ROI that slipped
    # to somebody else is no sighting.
    unclaimed = pointed_at.copy()
    unclaimed[places] = False
    ranked = np.concatenate([places, np.flatnonzero(unclaimed)])
    kept = firsts(encounter.same(ranked, settings.min_tracking_iou))
    claimed = kept[kept < len(places)]
    new = ranked[kept[len(claimed) :]]
    admitted = claimed[_admitted(tracks.followed, known[claimed], settings.max_faces)]
    return known[admitted], places[admitted], new


def _admitted(followed: NDArray[np.bool_], known: Indices, max_faces: int) -> NDArray[np.bool_]:
    """Tell who of those seen is followed: who was only remembered while there is room."""
    returning = ~followed[known]
    free = max_faces - np.count_nonzero(followed)
    admitted: NDArray[np.bool_] = ~returning | (np.cumsum(returning) <= free)
    return admitted
