"""What is known of the faces that are followed: a struct of arrays with a track axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.core.motion import Motion
from facemesh_ros.core.structs import join, select
from facemesh_ros.core.types import FaceState, Float32, Float64, Rois, UInt8


@dataclass(slots=True)
class Sightings:
    """What the landmark model says of N crops of one frame.

    Attributes:
        points: (N, L, 3) px in the image.
        presences: (N,) probability that a face is there, [0, 1].
        scores: (N,) of the detector, NaN where a followed face was expected.
        rois: The crops.
    """

    points: Float32
    presences: Float32
    scores: Float32
    rois: Rois

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, chosen: slice | NDArray[np.intp] | NDArray[np.bool_]) -> Sightings:
        return select(self, chosen)

    def __add__(self, others: Sightings) -> Sightings:
        return join(self, others)


@dataclass(slots=True)
class Tracks:
    """N faces; those unseen for long are only remembered.

    Attributes:
        ids: (N,) int64, 1 and up.
        ages: (N,) uint32, images since the track began.
        hits: (N,) images in a row that showed it, up to its confirmation.
        misses: (N,) images in a row that did not.
        followed: (N,) whether its ROI is looked at; the others are only remembered.
        unseen_s: (N,) time since it was seen last.
        hidden_s: (N,) how much of that somebody else was before it.
        steps: (N, 2) px, the way that it is taken to have gone since it was seen last.
        tones: (N, 3) its mean colour, see `tones_from_landmarks`.
        points: (N, L, 3) px, where its landmarks were measured or are expected.
        steady: (N, L, 3) px, the same as consumers see them, filtered over time.
        jitters_px: (N,) how much the filter took away of late.
        presences: (N,) what the landmark model said last.
        scores: (N,) of the detector in this image, NaN if it was not asked.
        rois: The crops that the landmarks come from.
        motion: How it moves.
    """

    ids: NDArray[np.int64]
    ages: NDArray[np.uint32]
    hits: NDArray[np.int64]
    misses: NDArray[np.int64]
    followed: NDArray[np.bool_]
    unseen_s: NDArray[np.float64]
    hidden_s: NDArray[np.float64]
    steps: Float64
    tones: Float32
    points: Float32
    steady: Float32
    jitters_px: Float32
    presences: Float32
    scores: Float32
    rois: Rois
    motion: Motion

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Tracks:
        return select(self, chosen)

    def __add__(self, others: Tracks) -> Tracks:
        return join(self, others)

    @staticmethod
    def none(landmark_count: int) -> Tracks:
        """Return no tracks."""
        points, numbers = np.empty((0, landmark_count, 3), np.float32), np.empty(0, np.float32)
        tones = np.empty((0, 3), np.float32)
        return Tracks.of(Sightings(points, numbers, numbers, Rois.none()), tones, 1)

    @staticmethod
    def of(sightings: Sightings, tones: Float32, first_id: int) -> Tracks:
        """Return new tracks of faces that nobody knew, and (N, 3) of their tones."""
        count = len(sightings)
        return Tracks(
            ids=first_id + np.arange(count),
            ages=np.ones(count, np.uint32),
            hits=np.ones(count, np.int64),
            misses=np.zeros(count, np.int64),
            followed=np.ones(count, bool),
            unseen_s=np.zeros(count),
            hidden_s=np.zeros(count),
            steps=np.zeros((count, 2)),
            tones=tones,
            points=sightings.points,
            steady=sightings.points.copy(),
            jitters_px=np.zeros(count, np.float32),
            presences=sightings.presences,
            scores=sightings.scores,
            rois=sightings.rois,
            motion=Motion.at_rest(count),
        )

    def states(self, min_birth_frames: int) -> UInt8:
        """Return the (N,) states as consumers see them."""
        states = np.full(len(self), FaceState.TRACKED, np.uint8)
        states[self.misses > 0] = FaceState.COASTING
        states[self.hits < min_birth_frames] = FaceState.TENTATIVE
        return states
