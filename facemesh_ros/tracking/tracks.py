"""The tracked faces: a struct of arrays with one row per track."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import isnan

import numpy as np
from numpy.typing import NDArray

from facemesh_ros import native
from facemesh_ros.geometry.boxes import overlaps, suppress_duplicates, tight_boxes
from facemesh_ros.struct_of_arrays import Indices, StructOfArrays, put
from facemesh_ros.tracking.face_traits import FaceTraits, same_face
from facemesh_ros.tracking.kalman import LONG_GAP_S, TrackMotion
from facemesh_ros.types import (
    FaceLandmarks,
    FaceState,
    Float32,
    Float64,
    Observations,
    Rois,
    UInt8,
    unscored,
)

TENTATIVE, TRACKED, COASTING = (int(state) for state in FaceState)

# The detector score at which a look at a track says nothing, from which on it leaves no doubt, and
# how many looks that find nothing end a track. Measured in a window of its own: 102 faces of 24 px
# and more score 0.62 and more, those of 13 clips, turning, signing and laughing, 0.66 and more in
# every image; a face of 17 px in the dark 0.15 to 0.7, below 0.35 in at most 3 images in a row.
NEUTRAL_SCORE, CERTAIN_SCORE, REFUTING_DOUBT = 0.35, 0.6, 3.0


@dataclass(slots=True)
class Tracks(StructOfArrays):
    """N tracks; those unseen for long are only remembered.

    Its arrays are replaced, never changed: what was handed out stays as it was.

    Attributes:
        ids: (N,) int64, 1 and up.
        ages: (N,) uint32, images since the track began.
        hits: (N,) images that showed it; before its confirmation, those in a row.
        misses: (N,) images in a row that did not.
        followed: (N,) whether the landmark model runs on its ROI; others are only remembered.
        unseen_s: (N,) time since it was last observed.
        occluded_s: (N,) how much of that another face was in front of it.
        offsets: (N, 2) px, its predicted displacement since it was last observed.
        traits: As last measured.
        appearances: (N, 12, 3) running mean of its appearance while no other face overlaps it.
        points: (N, L, 3) px, landmarks as last measured.
        smoothed: (N, L, 3) px, landmarks as published, filtered over time.
        jitters_px: (N,) RMS of what the filter removed lately.
        presences: (N,) as last predicted by the landmark model.
        scores: (N,) of the detector in this image, NaN if it found none.
        look_scores: (N,) of the detector's last look at it, 0 if that found none.
        look_ages: (N,) uint32, images since that look.
        doubts: (N,) how strongly looks lately disagree with it, see `look`.
        rois: The crops that the landmarks come from.
        motion: Velocity and its uncertainty.
    """

    ids: NDArray[np.int64]
    ages: NDArray[np.uint32]
    hits: NDArray[np.int64]
    misses: NDArray[np.int64]
    followed: NDArray[np.bool_]
    unseen_s: Float64
    occluded_s: Float64
    offsets: Float64
    traits: FaceTraits
    appearances: Float32
    points: Float32
    smoothed: Float32
    jitters_px: Float32
    presences: Float32
    scores: Float32
    look_scores: Float32
    look_ages: NDArray[np.uint32]
    doubts: Float64
    rois: Rois
    motion: TrackMotion

    @property
    def expected_xyxy(self) -> Float32:
        """(N, 4) px, boxes where the faces are expected now."""
        return native.moved_boxes(self.traits.xyxy, self.offsets)

    @property
    def coexisted(self) -> NDArray[np.bool_]:
        """(N, N) whether each began before the other was last seen, as `predict` leaves them.

        A face that came when another was already lost does not occlude it.
        """
        began_before = self.ages.astype(np.int64)[:, None] - 1 > self.misses
        return began_before & began_before.T

    @staticmethod
    def none(landmark_count: int) -> Tracks:
        """Return no tracks."""
        points, numbers = np.empty((0, landmark_count, 3), np.float32), np.empty(0, np.float32)
        nothing = Observations.of_tracks(FaceLandmarks(points, numbers), Rois.none())
        return Tracks.begun(nothing, FaceTraits.none(), 1)

    @staticmethod
    def begun(observations: Observations, traits: FaceTraits, first_id: int) -> Tracks:
        """Return new tracks of N observations, with ids in a row."""
        count = len(traits)
        return Tracks(
            ids=first_id + np.arange(count),
            ages=np.ones(count, np.uint32),
            hits=np.ones(count, np.int64),
            misses=np.zeros(count, np.int64),
            followed=np.ones(count, bool),
            unseen_s=np.zeros(count),
            occluded_s=np.zeros(count),
            offsets=np.zeros((count, 2)),
            traits=traits,
            appearances=traits.appearances,
            points=observations.points,
            smoothed=observations.points,
            jitters_px=np.zeros(count, np.float32),
            presences=observations.presences,
            scores=observations.scores,
            look_scores=observations.scores,
            look_ages=np.zeros(count, np.uint32),
            doubts=np.zeros(count),
            rois=observations.rois,
            motion=TrackMotion.at_rest(count),
        )

    def predict(self, interval_s: float) -> None:
        """Move the tracks on to where they are expected in the next image."""
        if interval_s > LONG_GAP_S:
            self.motion = TrackMotion.at_rest(len(self))
        self.offsets = self.motion.predict(interval_s, self.offsets, self.misses)
        self.ages, self.look_ages, self.unseen_s = native.advance_ages(
            self.ages, self.look_ages, self.unseen_s, interval_s
        )
        self.scores = unscored(len(self.ids))

    def observe(self, observations: Observations, traits: FaceTraits) -> None:
        """Take the observations of all tracks, row by row."""
        at_hand = _just_seen(len(self.ids))
        self.motion.correct(self.traits.centroids, self.offsets, traits.centroids)
        self.traits, self.rois, self.presences = traits, observations.rois, observations.presences
        self.points = self.smoothed = observations.points
        # A track may have been matched with a detection before: the better score stays.
        if observations.scores is not unscored(len(self.ids)):
            self.scores = np.fmax(self.scores, observations.scores)
        found = [row for row, score in enumerate(self.scores.tolist()) if not isnan(score)]
        if found:
            self.look(np.array(found), self.scores[found])
        self.hits = self.hits + 1
        self.misses, self.followed, self.unseen_s, self.offsets = at_hand
        self.occluded_s = self.unseen_s

    def look(self, rows: Indices, scores: Float32) -> None:
        """Take what the detector says of some tracks: their doubts add up as long as it disagrees.

            doubt <- max(0, doubt + 1 - score / NEUTRAL_SCORE), 0 from CERTAIN_SCORE on

        Args:
            rows: K of the tracks.
            scores: (K,) of the detector, 0 where it looked and found nothing.

        Source: the cumulative sum that detects a change (Page, 1954).
        """
        doubts = np.maximum(self.doubts[rows] + 1 - scores / NEUTRAL_SCORE, 0)
        doubts[scores >= CERTAIN_SCORE] = 0
        self.doubts = put(self.doubts, rows, doubts)
        self.look_scores = put(self.look_scores, rows, scores)
        self.look_ages = put(self.look_ages, rows, np.zeros(len(rows), np.uint32))

    @property
    def refuted(self) -> NDArray[np.bool_]:
        """(N,) whether looks disagree with the track so long that it is none."""
        refuted: NDArray[np.bool_] = self.doubts >= REFUTING_DOUBT
        return refuted

    def miss(self, rows: Indices, occluded_s: Float64, followed: NDArray[np.bool_]) -> None:
        """Count an image that did not show some of the tracks.

        Args:
            rows: K of the tracks.
            occluded_s: (K,) for how long another face was in front of them since the last image.
            followed: (K,) whether their ROI is still worth running the landmark model on.
        """
        self.motion.use_mean_velocities(rows[self.misses[rows] == 0])
        self.misses = put(self.misses, rows, self.misses[rows] + 1)
        self.occluded_s = put(self.occluded_s, rows, self.occluded_s[rows] + occluded_s)
        self.followed = put(self.followed, rows, self.followed[rows] & followed)

    def extrapolated(self) -> Tracks:
        """Return the same with the landmarks of lost tracks moved to where they are expected."""
        lost = np.flatnonzero(self.misses)
        if not len(lost):
            return self
        offsets = np.zeros((len(self), 1, 3), np.float32)
        offsets[lost, 0, :2] = self.offsets[lost]
        return replace(self, points=self.points + offsets, smoothed=self.smoothed + offsets)

    def without_duplicates(self, min_iou: float) -> Tracks:
        """Return one track per face: the one seen last, then the one seen longest.

        Args:
            min_iou: IoU above which two boxes are the same face.
        """
        boxes = tight_boxes(self.smoothed)
        order = np.lexsort((-self.hits, self.misses))
        same = same_face(*overlaps(boxes, boxes), min_iou)
        return self[np.sort(order[suppress_duplicates(same[np.ix_(order, order)])])]

    def states(self, min_birth_frames: int) -> UInt8:
        """Return the (N,) states as published."""
        return np.array(
            [
                TENTATIVE if hits < min_birth_frames else COASTING if misses else TRACKED
                for hits, misses in zip(self.hits.tolist(), self.misses.tolist(), strict=True)
            ],
            np.uint8,
        )


@lru_cache(maxsize=32)
def _just_seen(
    count: int,
) -> tuple[NDArray[np.int64], NDArray[np.bool_], Float64, Float64]:
    """Return misses, followed, unseen_s and offsets of tracks that an image shows; read-only."""
    nothing: Float64 = np.zeros(count)
    arrays = np.zeros(count, np.int64), np.ones(count, bool), nothing, np.zeros((count, 2))
    for array in arrays:
        array.setflags(write=False)
    return arrays
