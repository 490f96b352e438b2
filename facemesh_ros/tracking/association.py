"""Which known face each of those seen is, and which are new."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import suppress_duplicates
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.struct_of_arrays import Indices
from facemesh_ros.tracking.association_cost import ALONE, REACH, association_costs
from facemesh_ros.tracking.linear_assignment import linear_assignment
from facemesh_ros.tracking.pairwise_overlaps import CROWDED, PairwiseOverlaps
from facemesh_ros.tracking.tracks import Tracks
from facemesh_ros.types import Float32


def themselves(encounter: PairwiseOverlaps, settings: PipelineSettings) -> bool:
    """Tell whether N faces seen are the N expected, one by one, beyond doubt.

    That is what `assign_detections` would find, in a sixth of the time: each is where it is
    expected, and nobody is near anybody else.
    """
    if not encounter.apart(min(CROWDED, settings.min_tracking_iou)):
        return False
    half = len(encounter.expected)
    sizes, now = encounter.sizes[:half], encounter.sizes[half:]
    ways = encounter.centres[half:] - encounter.centres[:half]
    costs = np.hypot(ways[:, 0], ways[:, 1]) / sizes + np.abs(np.log(now / sizes))
    return bool((costs <= REACH).all())


def assign_detections(
    tracks: Tracks,
    encounter: PairwiseOverlaps,
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
    costs = association_costs(tracks, encounter, tones)
    known, places = linear_assignment(costs, ALONE)
    # Of two on one face it is whose that was seen in the last image, then whose it is more.
    sure = np.lexsort((costs[known, places], tracks.misses[known] > 0))
    known, places = known[sure], places[sure]
    # Faces that nobody claims are new only if the detector found them: a followed ROI that slipped
    # to somebody else is no sighting.
    unclaimed = pointed_at.copy()
    unclaimed[places] = False
    ranked = np.concatenate([places, np.flatnonzero(unclaimed)])
    kept = suppress_duplicates(encounter.same(ranked, settings.min_tracking_iou))
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
