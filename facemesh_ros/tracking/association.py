"""Assigns observations to tracks: gating, linear assignment, and which faces are new."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import box_sizes, overlaps, suppress_duplicates
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.struct_of_arrays import Indices
from facemesh_ros.tracking.association_cost import UNASSIGNED_COST, association_costs
from facemesh_ros.tracking.face_traits import NEIGHBOUR_CONTAINMENT, FaceTraits, PairwiseOverlaps
from facemesh_ros.tracking.tracks import Tracks
from facemesh_ros.types import Float64

Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]

# Largest distance from the expected position, in face sizes, of a face that nothing occludes.
UNDISTURBED = 0.1


def reject_slipped(
    tracks: Tracks,
    followed: Indices,
    traits: FaceTraits,
    found: NDArray[np.bool_],
    present: Indices,
) -> Indices:
    """Drop observations that may only be a part of the face beside them.

    A crop beside a face shows part of it, and the landmarks then lie beside it too. So what
    overlaps a face that the detector has found must have been found as well, or be where expected;
    beside a new face, only being found counts: people who come to overlap were apart before.

    Args:
        tracks: All tracks.
        followed: (F,) which of them are followed.
        traits: Of N observations, those of the followed tracks first, in that order.
        found: (N,) whether the detector found it in this image.
        present: (P,) which of the N are faces.

    Returns:
        Those of `present` that remain.
    """
    count, boxes = len(followed), traits.xyxy
    expected = (tracks.traits.centroids + tracks.offsets)[followed]
    ways = traits.centroids[:count] - expected
    near = np.hypot(ways[:, 0], ways[:, 1]) < UNDISTURBED * box_sizes(boxes[:count])
    undisturbed = np.zeros(len(boxes), bool)
    undisturbed[:count] = near & (tracks.misses[followed] == 0)
    undisturbed, found, new = undisturbed[present], found[present], present >= count
    neighbours = overlaps(boxes[present], boxes[present])[1] > NEIGHBOUR_CONTAINMENT
    beside_found, beside_new = (neighbours[:, others].any(axis=1) for others in (found, new))
    return present[found | ~(beside_new | (beside_found & ~undisturbed))]


def assign_observations(
    tracks: Tracks,
    pairs: PairwiseOverlaps,
    traits: FaceTraits,
    found: NDArray[np.bool_],
    settings: PipelineSettings,
) -> tuple[Indices, Indices, Indices]:
    """Assign observations to tracks at the least total cost.

    Args:
        tracks: T tracks.
        pairs: Of the tracks and N observations.
        traits: Of the observations.
        found: (N,) whether the detector found it in this image.
        settings: Of now.

    Returns:
        (K,) tracks that were observed, ascending, (K,) the observation of each, and the
        observations that are new faces.
    """
    costs = association_costs(tracks, pairs, traits)
    known, observed = linear_assignment(costs, UNASSIGNED_COST)
    # Of two tracks on one face, the one that the last image showed has it, then the cheaper one.
    trusted = np.lexsort((costs[known, observed], tracks.misses[known] > 0))
    known, observed = known[trusted], observed[trusted]
    # An unassigned observation is a new face only if the detector found it: the ROI of a track may
    # have slipped to another face.
    unassigned = found.copy()
    unassigned[observed] = False
    ranked = np.concatenate([observed, np.flatnonzero(unassigned)])
    kept = suppress_duplicates(pairs.duplicates(ranked, settings.min_tracking_iou))
    assigned = kept[kept < len(observed)]
    new = ranked[kept[len(assigned) :]]
    # Tracks that were only remembered are followed again while there is room.
    resumed = ~tracks.followed[known[assigned]]
    free = settings.max_faces - np.count_nonzero(tracks.followed)
    admitted = assigned[~resumed | (np.cumsum(resumed) <= free)]
    admitted = admitted[known[admitted].argsort()]
    return known[admitted], observed[admitted], new


def linear_assignment(costs: Float64, unassigned_cost: float) -> Pairs:
    """Pair rows with columns, each used once at most, at the least total cost.

    Minimises the sum of costs[i, j] over all pairs plus `unassigned_cost` per row without a pair.

    Example:
        >>> rows, columns = linear_assignment(np.array([[1.0, 2.0], [2.0, 9.0]]), 10.0)
        >>> rows.tolist(), columns.tolist()
        ([0, 1], [1, 0])

    Args:
        costs: (N, M), 0 and up; infinite where two must not be paired.
        unassigned_cost: Cost of a row without a pair; no pair that costs more is made.

    Returns:
        (K,) rows, ascending, and (K,) their columns.

    Source: the Hungarian method by shortest augmenting paths (Jonker and Volgenant, 1987).
    """
    if not costs.size:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    allowed = np.where(costs <= unassigned_cost, costs, np.inf)
    rows = np.flatnonzero(allowed.min(axis=1) <= unassigned_cost)
    columns = allowed.argmin(axis=1)[rows]
    if len(set(columns.tolist())) == len(rows):  # The best of each row is then the best of all.
        return rows, columns
    count, width = costs.shape
    # Each row may also take a column of its own, which stands for no pair.
    own = np.full((count, count), np.inf)
    np.fill_diagonal(own, unassigned_cost)
    columns = _assigned_columns(np.concatenate([allowed, own], axis=1))
    rows = np.flatnonzero(columns < width)
    return rows, columns[rows]


def _assigned_columns(costs: Float64) -> NDArray[np.intp]:
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
    """Give one more row a column along the shortest augmenting path; prices are updated."""
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
