"""Association cost, tracks × observations, from position, size and colour."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import box_centres, box_sizes, overlaps
from facemesh_ros.struct_of_arrays import Indices
from facemesh_ros.tracking.tracks import Tracks, same_face
from facemesh_ros.types import Float32, Float64

# Largest distance from the expected position, in face sizes: at once, and more for each second
# unseen. A change of size by a factor e counts like one face size.
GATE, GATE_GROWTH_PER_S = 0.7, 1.5
# Where faces overlap, landmarks slide from one to the other or lie on half of each. So a track in
# sight has a smaller gate there, and a colour, which may be of both faces, rules no pair out.
CONTESTED_GATE = 0.3
# A track that the last image showed takes precedence over one that it did not by this much.
UNSEEN_COST = 0.5
# Cost of a colour difference of 1, and the difference above which no unseen track is resumed: the
# largest measured of one face is 0.24, half of all pairs of people differ by more than 0.3.
COLOR_COST, MAX_COLOR_DIFFERENCE = 2.0, 0.4
# How long an unseen track is remembered, and how long while another face is in front of it.
MAX_UNSEEN_S, MAX_OCCLUDED_S = 1.0, 3.0
# More than any pair may cost.
UNASSIGNED_COST = GATE + GATE_GROWTH_PER_S * MAX_OCCLUDED_S + UNSEEN_COST + COLOR_COST + 1
# Containment above which one face may occlude part of the other and attract its landmarks.
NEIGHBOUR_CONTAINMENT = 0.1
# Containment above which an unseen face is taken to be behind the other.
OCCLUDED_CONTAINMENT = 0.3


def association_costs(tracks: Tracks, pairs: PairwiseOverlaps, colors: Float32) -> Float64:
    """Return the (T, N) costs of assigning observations to tracks; infinite beyond the gate.

    With the distance d between the observation's centre and the track's path, and sizes s:

        cost = d / s_track + |ln(s_observation / s_track)|
               + 0.5 if the last image did not show the track + 2 min(1, |color difference|)

    where the first two terms must be within the gate, 0.7 + 1.5 per second unseen.

    Example:
        A track of size 100 px is seen 10 px from where it is expected, 10 % larger, in the same
        colour: cost = 10 / 100 + ln 1.1 = 0.195. Unseen for an image, it would cost 0.695.

    Args:
        tracks: T tracks; one unseen for longer than an unseen track is remembered, because images
            are that far apart, counts as unseen in the last image.
        pairs: Of the tracks and N observations.
        colors: (N, 3) of the observations.
    """
    count = len(tracks)
    sizes, observed_sizes = pairs.sizes[:count, None], pairs.sizes[count:]
    expected, observed = pairs.centres[:count], pairs.centres[count:]
    costs = _distances_from_paths(expected, tracks.offsets, observed) / sizes
    costs += np.abs(np.log(observed_sizes / sizes))
    unseen = ((tracks.misses > 0) | (tracks.unseen_s > MAX_UNSEEN_S))[:, None]
    contested = pairs.contested(tracks.coexisted)
    # The time for which the region where a track may reappear has grown.
    searched_s = np.minimum(tracks.unseen_s, MAX_UNSEEN_S + tracks.occluded_s)
    gates = GATE + GATE_GROWTH_PER_S * searched_s[:, None]
    gates = np.where(contested & ~unseen, CONTESTED_GATE, gates)
    differences = np.abs(colors - tracks.colors[:, None]).max(axis=2)
    another = unseen & ~contested & (differences > MAX_COLOR_DIFFERENCE)
    costs[(costs > gates) | another] = np.inf
    costs += UNSEEN_COST * unseen + COLOR_COST * np.minimum(differences, 1)
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


class PairwiseOverlaps:
    """Overlaps of the boxes of T tracks, where expected, and N observations, all with all.

    Attributes:
        centres: (T + N, 2) px, of all boxes, the tracks' first.
        sizes: (T + N,) px.
    """

    def __init__(self, expected_xyxy: Float32, observed_xyxy: Float32) -> None:
        self._boxes = np.concatenate([expected_xyxy, observed_xyxy])
        self._count = len(expected_xyxy)
        self.centres, self.sizes = box_centres(self._boxes), box_sizes(self._boxes)

    @cached_property
    def _overlaps(self) -> tuple[Float32, Float32]:
        return overlaps(self._boxes, self._boxes)

    def is_unambiguous(self, min_iou: float) -> bool:
        """Return whether N observations certainly are the N tracks that they were expected of.

        `assign_observations` would find the same in six times the time: each is where it is
        expected, and no two faces are near each other.
        """
        count = self._count
        if count > 1:
            containment = self._overlaps[1].reshape(2, count, 2, count).max(axis=(0, 2))
            np.fill_diagonal(containment, 0)
            if containment.max() > min(NEIGHBOUR_CONTAINMENT, min_iou):
                return False
        sizes, observed_sizes = self.sizes[:count], self.sizes[count:]
        ways = self.centres[count:] - self.centres[:count]
        costs = np.hypot(ways[:, 0], ways[:, 1]) / sizes + np.abs(np.log(observed_sizes / sizes))
        return bool((costs <= GATE).all())

    def contested(self, coexisted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return for (T, N) pairs whether another track is expected over the observation.

        Args:
            coexisted: (T, T) which tracks count, see `Tracks.coexisted`.
        """
        near = self._overlaps[1][: self._count, self._count :] > NEIGHBOUR_CONTAINMENT
        contested: NDArray[np.bool_] = (coexisted & ~np.eye(self._count, dtype=bool)) @ near
        return contested

    def duplicates(self, observed: Indices, min_iou: float) -> NDArray[np.bool_]:
        """Return for (K, K) pairs of observations whether both are the same face."""
        rows = observed + self._count
        pairs = rows[:, None], rows
        iou, containment = self._overlaps
        return same_face(iou[pairs], containment[pairs], min_iou)

    def isolated(self, observed: Indices, missed: Indices) -> NDArray[np.bool_]:
        """Return for K observations whether no other of them and no missed track overlaps."""
        rows = observed + self._count
        others = np.concatenate([rows, missed])
        neighbours = (self._overlaps[1][rows[:, None], others] > NEIGHBOUR_CONTAINMENT).sum(axis=1)
        isolated: NDArray[np.bool_] = neighbours == 1
        return isolated

    def occluded(
        self, observed: Indices, missed: Indices, coexisted: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Return for M missed tracks whether one of K observations occludes them.

        Args:
            observed: (K,) observations.
            missed: (M,) tracks.
            coexisted: (M, K) whether the missed track and that of the observation did.
        """
        parts = self._overlaps[1][missed[:, None], observed + self._count]
        behind = (parts > OCCLUDED_CONTAINMENT) & coexisted
        occluded: NDArray[np.bool_] = behind.max(axis=1, initial=False)
        return occluded
