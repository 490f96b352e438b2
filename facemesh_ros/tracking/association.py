"""Which known face each of those seen is, and which are new."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import keep_firsts
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.struct_of_arrays import Indices
from facemesh_ros.tracking.association_cost import ALONE, REACH, association_costs
from facemesh_ros.tracking.pairwise_overlaps import CROWDED, PairwiseOverlaps
from facemesh_ros.tracking.tracks import Tracks
from facemesh_ros.types import Float32, Float64

Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]


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
    kept = keep_firsts(encounter.same(ranked, settings.min_tracking_iou))
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


def linear_assignment(costs: Float64, alone: float) -> Pairs:
    """Pair rows with columns, each used once at most, at the least total cost.

    Args:
        costs: (N, M), 0 and up; infinite where two must not be paired.
        alone: What a row costs that stays alone; no pair that costs more is made.

    Returns:
        (K,) rows, ascending, and (K,) their columns.

    Source: the Hungarian method by shortest augmenting paths (Jonker and Volgenant, 1987).
    """
    if not costs.size:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    allowed = np.where(costs <= alone, costs, np.inf)
    rows = np.flatnonzero(allowed.min(axis=1) <= alone)
    columns = allowed.argmin(axis=1)[rows]
    if len(set(columns.tolist())) == len(rows):  # then the best of each row is the best of all
        return rows, columns
    count, others = costs.shape
    # Each row may also take a column of its own, which stands for staying alone.
    own = np.full((count, count), np.inf)
    np.fill_diagonal(own, alone)
    columns = _assigned(np.concatenate([allowed, own], axis=1))
    rows = np.flatnonzero(columns < others)
    return rows, columns[rows]


def _assigned(costs: Float64) -> NDArray[np.intp]:
    """Return the column of each row; there must be a finite one for each."""
    count, width = costs.shape
    row_prices, column_prices = np.zeros(count), np.zeros(width)
    row_of = np.full(width, -1, np.intp)
    for row in range(count):
        _augment(costs, row, row_of, row_prices, column_prices)
    columns = np.empty(count, np.intp)
    taken = np.flatnonzero(row_of >= 0)
    columns[row_of[taken]] = taken
    return columns


def _augment(
    costs: Float64,
    start: int,
    row_of: NDArray[np.intp],
    row_prices: Float64,
    column_prices: Float64,
) -> None:
    """Give one more row a column along the cheapest chain of exchanges, prices kept up to date."""
    width = costs.shape[1]
    lengths, before = np.full(width, np.inf), np.full(width, -1, np.intp)
    settled = np.zeros(width, bool)
    row, column, length = start, -1, 0.0
    while True:
        detour = length + costs[row] - row_prices[row] - column_prices
        shorter = ~settled & (detour < lengths)
        lengths[shorter], before[shorter] = detour[shorter], column
        column = int(np.where(settled, np.inf, lengths).argmin())
        length = float(lengths[column])
        if row_of[column] < 0:
            break
        settled[column] = True
        row = int(row_of[column])
    row_prices[start] += length
    row_prices[row_of[settled]] += length - lengths[settled]
    column_prices[settled] -= length - lengths[settled]
    while column >= 0:
        previous = int(before[column])
        row_of[column] = row_of[previous] if previous >= 0 else start
        column = previous
