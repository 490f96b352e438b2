"""What tells faces apart from image to image: position, extent and appearance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from facemesh_ros import native
from facemesh_ros.geometry.boxes import box_centres, box_sizes, overlaps
from facemesh_ros.geometry.canonical_face import canonical_face_m
from facemesh_ros.struct_of_arrays import Indices, StructOfArrays
from facemesh_ros.types import Float32, Float64, Frame, PixelOrder

# Largest distance from the expected position and change of size, in face sizes, of one face from
# image to image.
GATE = 0.7
# Containment above which one face may occlude part of the other and attract its landmarks.
NEIGHBOUR_CONTAINMENT = 0.1
# Containment above which an unseen face is taken to be behind the other.
OCCLUDED_CONTAINMENT = 0.3
# Containment (intersection over the smaller box) above which two boxes are the same face.
DUPLICATE_CONTAINMENT = 0.7
# A face is described by so many parts, left to right times bottom to top; one landmark in so many
# is enough for the mean of a part.
PARTS_WH, STRIDE = (3, 4), 4
# What looks more unlike than this from one image to the next is another person, or none. Measured
# on 19 tracks in 13 clips, 0.03 to 0.1 s apart: one face differs by up to 0.075 (99 %) and 0.11
# (all); two people by more than 0.12 in 96 of 100 pairs. Brightness changes at once, too: without
# it one face differs by up to 0.07 (99 %), two people by more than 0.06 in 95 of 100 pairs.
ABRUPT_DIFFERENCE, ABRUPT_RELATIVE_DIFFERENCE = 0.12, 0.06
# Unless the landmarks stay where they were relative to each other: then the light has changed, on
# one side only. Measured as RMS in face sizes: a lamp beside or above a face changes them by up to
# 0.006, 99.5 of 100 pairs of people in like directions differ by more than 0.017.
SAME_SHAPE = 0.012


@dataclass(frozen=True, slots=True)
class FaceTraits(StructOfArrays):
    """What the tracker compares of N faces.

    Attributes:
        centroids: (N, 2) px, the mean of the landmarks.
        xyxy: (N, 4) px, tight around the landmarks.
        appearances: (N, 12, 3) natural logarithms of the mean red, green and blue of its parts.
        shapes: (N, 2, 120) landmarks of the parts about their centroid, in face sizes.
    """

    centroids: Float64
    xyxy: Float32
    appearances: Float32
    shapes: Float32

    @staticmethod
    def none() -> FaceTraits:
        """Return those of no faces."""
        nothing = Frame(np.zeros((1, 1), np.uint8), PixelOrder.MONO)
        return FaceTraits.measured(nothing, np.empty((0, *canonical_face_m().shape), np.float32))

    @staticmethod
    def measured(frame: Frame, points: Float32) -> FaceTraits:
        """Return the traits of faces by their landmarks, (N, L, 3) px.

        appearance = ln(1 + mean of the pixels at the landmarks), part by part, channel by channel.
        """
        order = frame.order.value[:3]
        return FaceTraits(*native.face_traits(frame.image, order, points, _landmarks_of_parts()))


def appearance_differences(appearances: Float32, others: Float32) -> Float32:
    """Return how unlike faces look, from (..., 12, 3) each.

    The median over the parts of the largest difference of a channel: what covers less than half of
    a face hardly counts. Measured as `ABRUPT_DIFFERENCE`: half a second apart one face differs by
    up to 0.15 (99 %), 0.27 (all, when it turns away or the light changes); half of all pairs of
    people by more than 0.31. With one mean colour 15 % of the pairs lie below what 99 % of one
    face's differences do; with these 6 %.
    """
    return _changes(appearances, others)[0]


def look_abruptly_different(appearances: Float32, others: Float32) -> NDArray[np.bool_]:
    """Return whether (..., 12, 3) appearances of consecutive images are of different faces."""
    differences, relative = _changes(appearances, others)
    abrupt: NDArray[np.bool_] = differences > ABRUPT_DIFFERENCE
    abrupt &= relative > ABRUPT_RELATIVE_DIFFERENCE
    return abrupt


def _changes(appearances: Float32, others: Float32) -> tuple[Float32, Float32]:
    """Return upper medians over the parts of the largest change of a channel, (...).

    The second is of changes against their means over all parts.
    """
    if appearances.shape != others.shape:
        appearances, others = np.broadcast_arrays(appearances, others)
    if others.ndim == 3:
        return native.appearance_changes(appearances, others)
    each = (-1, *others.shape[-2:])
    before, now = appearances.reshape(each), others.reshape(each)
    differences, relative = native.appearance_changes(before, now)
    pairs = others.shape[:-2]
    return differences.reshape(pairs), relative.reshape(pairs)


def have_different_shapes(shapes: Float32, others: Float32) -> NDArray[np.bool_]:
    """Return whether the landmarks of faces lie differently, from (..., 2, 120) of each."""
    squares = ((others - shapes) ** 2).sum(axis=-2).mean(axis=-1)
    different: NDArray[np.bool_] = squares > SAME_SHAPE**2
    return different


@cache
def _landmarks_of_parts() -> Indices:
    """Return the (12, 10) landmarks of each part of the face."""
    face = canonical_face_m()
    parts = [
        column[np.argsort(face[column, 2], kind='stable')].reshape(PARTS_WH[1], -1)[:, ::STRIDE]
        for column in np.argsort(face[:, 1], kind='stable').reshape(PARTS_WH[0], -1)
    ]
    return np.concatenate(parts)


def same_face(iou: Float32, containment: Float32, min_iou: float) -> NDArray[np.bool_]:
    """Return whether two boxes are the same face, from their `overlaps`."""
    same: NDArray[np.bool_] = (iou > min_iou) | (containment > DUPLICATE_CONTAINMENT)
    return same


class PairwiseOverlaps:
    """Overlaps of the boxes of T tracks, where expected, and N observations, all with all."""

    def __init__(self, expected_xyxy: Float32, observed_xyxy: Float32) -> None:
        self._expected_xyxy, self._observed_xyxy = expected_xyxy, observed_xyxy
        self._count = len(expected_xyxy)

    @cached_property
    def _boxes(self) -> Float32:
        return np.concatenate([self._expected_xyxy, self._observed_xyxy])

    @cached_property
    def centres(self) -> Float64:
        """(T + N, 2) px, of all boxes, the tracks' first."""
        return box_centres(self._boxes)

    @cached_property
    def sizes(self) -> Float64:
        """(T + N,) px."""
        return box_sizes(self._boxes)

    @cached_property
    def _overlaps(self) -> tuple[Float32, Float32]:
        return overlaps(self._boxes, self._boxes)

    def is_unambiguous(self, min_iou: float) -> bool:
        """Return whether N observations certainly are the N tracks that they were expected of.

        `assign_observations` would find the same in many times the time: each is where it is
        expected, and no two faces are near each other. With the distance d of the centres and
        sizes s, d / s_track + |ln(s_observation / s_track)| is within the gate.
        """
        return native.are_unambiguous(
            self._expected_xyxy,
            self._observed_xyxy,
            gate=GATE,
            containment=min(NEIGHBOUR_CONTAINMENT, min_iou),
        )

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
