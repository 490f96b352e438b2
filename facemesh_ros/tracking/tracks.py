"""What is known of the faces that are followed: a struct of arrays with a track axis."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import overlaps, suppress_duplicates, tight_boxes
from facemesh_ros.struct_of_arrays import Indices, Rows, join, put, select
from facemesh_ros.tracking.kalman import LONG_S, TrackMotion
from facemesh_ros.tracking.pairwise_overlaps import same_face
from facemesh_ros.tracking.track_boxes import TrackBoxes, track_boxes_from_landmarks
from facemesh_ros.types import FaceState, Float32, Float64, Observations, Rois, UInt8


@dataclass(slots=True)
class Tracks:
    """N faces; those unseen for long are only remembered.

    Its arrays are replaced, never changed: what was handed out stays as it was.

    Attributes:
        ids: (N,) int64, 1 and up.
        ages: (N,) uint32, images since the track began.
        hits: (N,) images in a row that showed it, up to its confirmation.
        misses: (N,) images in a row that did not.
        followed: (N,) whether its ROI is looked at; the others are only remembered.
        unseen_s: (N,) time since it was seen last.
        hidden_s: (N,) how much of that somebody else was before it.
        steps: (N, 2) px, the way that it is taken to have gone since it was seen last.
        outlines: Of the landmarks as measured last.
        tones: (N, 3) its mean colour, see `tones_from_landmarks`.
        points: (N, L, 3) px, its landmarks as measured last.
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
    outlines: TrackBoxes
    tones: Float32
    points: Float32
    steady: Float32
    jitters_px: Float32
    presences: Float32
    scores: Float32
    rois: Rois
    motion: TrackMotion

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, chosen: Rows | NDArray[np.bool_]) -> Tracks:
        return select(self, chosen)

    def __add__(self, others: Tracks) -> Tracks:
        return join(self, others)

    @property
    def expected(self) -> TrackBoxes:
        """Where they are expected now."""
        return self.outlines.moved(self.steps)

    @property
    def met(self) -> NDArray[np.bool_]:
        """(N, N) whether both were known while both were in sight, as time passes to an image.

        Who came when another was lost already does not stand before him.
        """
        before = self.ages.astype(np.int64)[:, None] - 1 > self.misses
        return before & before.T

    @staticmethod
    def none(landmark_count: int) -> Tracks:
        """Return no tracks."""
        points, numbers = np.empty((0, landmark_count, 3), np.float32), np.empty(0, np.float32)
        tones = np.empty((0, 3), np.float32)
        return Tracks.of(Observations(points, numbers, numbers, Rois.none()), tones, 1)

    @staticmethod
    def of(sightings: Observations, tones: Float32, first_id: int) -> Tracks:
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
            outlines=track_boxes_from_landmarks(sightings.points),
            tones=tones,
            points=sightings.points,
            steady=sightings.points,
            jitters_px=np.zeros(count, np.float32),
            presences=sightings.presences,
            scores=sightings.scores,
            rois=sightings.rois,
            motion=TrackMotion.at_rest(count),
        )

    def pass_time(self, interval_s: float) -> None:
        """Move all of them on to the next image."""
        if interval_s > LONG_S:
            # What a face was doing so long ago says nothing of where it is.
            self.motion = TrackMotion.at_rest(len(self))
        self.motion.pass_time(interval_s)
        self.motion.slow_down(self.misses > 0, interval_s)
        self.steps = self.steps + self.motion.velocities * interval_s
        self.unseen_s = self.unseen_s + interval_s
        self.ages = self.ages + np.uint32(1)
        self.scores = np.full_like(self.scores, np.nan)

    def see(self, known: Rows, outlines: TrackBoxes, sightings: Observations) -> None:
        """Take note of K of them that are seen.

        Args:
            known: Who.
            outlines: Of the K faces.
            sightings: The K faces.
        """
        expected = (self.outlines.centroids + self.steps)[known]
        self.motion.measure(known, outlines.centroids - expected)
        self.outlines = put(self.outlines, known, outlines)
        self.points = put(self.points, known, sightings.points)
        self.steady = put(self.steady, known, sightings.points)
        self.presences = put(self.presences, known, sightings.presences)
        self.rois = put(self.rois, known, sightings.rois)
        # Of what a detector said before the face was recognised and after, the better.
        self.scores = put(self.scores, known, np.fmax(self.scores[known], sightings.scores))
        self.hits = put(self.hits, known, self.hits[known] + 1)
        count = len(sightings)
        self.misses = put(self.misses, known, np.zeros(count, np.int64))
        self.unseen_s = put(self.unseen_s, known, np.zeros(count))
        self.hidden_s = put(self.hidden_s, known, np.zeros(count))
        self.steps = put(self.steps, known, np.zeros((count, 2)))
        self.followed = put(self.followed, known, np.ones(count, bool))

    def miss(self, missed: Indices) -> None:
        """Take note of those that are not seen."""
        self.motion.lose(missed[self.misses[missed] == 0])
        self.misses = put(self.misses, missed, self.misses[missed] + 1)

    def where_expected(self) -> Tracks:
        """Return the same with the landmarks of those out of sight where they are expected."""
        away = np.flatnonzero(self.misses)
        if not len(away):
            return self
        steps = np.zeros((len(self), 1, 3), np.float32)
        steps[away, 0, :2] = self.steps[away]
        return replace(self, points=self.points + steps, steady=self.steady + steps)

    def one_in_each_place(self, min_iou: float) -> Tracks:
        """Return those that do not stand where another is: of two who was seen last, then longest.

        Args:
            min_iou: Overlap of two boxes from which they are of one face.
        """
        boxes = tight_boxes(self.steady)
        trusted = np.lexsort((-self.hits, self.misses))
        same = same_face(*overlaps(boxes, boxes), min_iou)
        return self[np.sort(trusted[suppress_duplicates(same[np.ix_(trusted, trusted)])])]

    def states(self, min_birth_frames: int) -> UInt8:
        """Return the (N,) states as consumers see them."""
        states = np.full(len(self), FaceState.TRACKED.value, np.uint8)
        states[self.misses > 0] = FaceState.COASTING.value
        states[self.hits < min_birth_frames] = FaceState.TENTATIVE.value
        return states
