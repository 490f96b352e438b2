"""Multi-face tracker: predicts where faces are, assigns observations, keeps ids."""

from __future__ import annotations

import math
from dataclasses import replace
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from facemesh_ros import native
from facemesh_ros.geometry.boxes import overlaps
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.struct_of_arrays import ALL_ROWS, Indices, Rows, put
from facemesh_ros.tracking.association import assign_observations, reject_slipped
from facemesh_ros.tracking.association_cost import MAX_OCCLUDED_S, MAX_UNSEEN_S
from facemesh_ros.tracking.face_traits import (
    FaceTraits,
    PairwiseOverlaps,
    look_abruptly_different,
    same_face,
)
from facemesh_ros.tracking.kalman import LONG_GAP_S
from facemesh_ros.tracking.tracks import Tracks
from facemesh_ros.types import FaceDetections, Float32, Observations, Rois

NO_ROIS = Rois.none()
# Time constant of a track's mean appearance.
AVERAGING_S = 0.5
# Images between two looks at tracks, and until a look at one in doubt is repeated.
LOOK_SPACING, DOUBTFUL_LOOK_SPACING = 4, 4


class FaceIds:
    """Counts up from 1 and issues no number twice; the streams of a process may share one."""

    def __init__(self) -> None:
        self._issued = 0
        self._lock = Lock()

    def take(self, count: int) -> int:
        """Issue `count` numbers in a row and return the first."""
        with self._lock:
            first = self._issued + 1
            self._issued += count
        return first

    def restart(self) -> None:
        """Begin at 1 again; no stream may still show a face."""
        with self._lock:
            self._issued = 0


class Tracker:
    """The faces of one stream, by ids that are never issued twice.

    For each image call `predict`, `match_detections` if a detector has run, `update` and
    `adopt_smoothed`; then read `published`.

    Attributes:
        after_long_gap: Whether the last image is so long ago that faces may have moved far.
    """

    def __init__(self, landmark_count: int, ids: FaceIds) -> None:
        self._ids = ids
        self._landmark_count = landmark_count
        self.reset()

    def reset(self) -> None:
        """Forget all faces; ids go on counting."""
        self._tracks = Tracks.none(self._landmark_count)
        self._interval_s, self._images_since_look = 0.0, 0
        self._all_seen = self._unambiguous = True
        self._followed: Rows = ALL_ROWS
        self.after_long_gap = False

    @property
    def all_in_sight(self) -> bool:
        """Whether there are tracks, and the last image showed all of them."""
        return self._all_seen and len(self._tracks.ids) > 0

    @property
    def lost_rois(self) -> Rois:
        """Where faces are expected that the last image did not show, the last lost first."""
        if self._all_seen:
            return NO_ROIS
        tracks = self._tracks
        lost = np.flatnonzero(tracks.misses)
        latest = lost[np.argsort(tracks.unseen_s[lost], kind='stable')]
        return rois_from_landmarks(tracks.points[latest], tracks.offsets[latest])

    @property
    def expected_xyxy(self) -> Float32:
        """(N, 4) px, boxes in which the followed faces are expected."""
        return self._tracks.expected_xyxy[self._followed]

    @property
    def rotations_rad(self) -> Float32:
        """(N,) how far the followed faces were last turned in the image, clockwise positive."""
        return self._tracks.rois.rotations_rad[self._followed]

    def published(self, min_iou: float) -> Tracks:
        """Return the followed tracks, sorted by id, all where expected, one per face.

        Of two tracks in one position the one seen last is published; the other, which may be
        occluded, is still followed.

        Args:
            min_iou: IoU above which two boxes are the same face.
        """
        if self._unambiguous:
            return self._tracks
        return self._tracks[self._followed].extrapolated().without_duplicates(min_iou)

    def predict(self, interval_s: float) -> Rois:
        """Move all tracks on to the next image.

        Args:
            interval_s: Time since the last image.

        Returns:
            ROIs in which the followed faces are expected.
        """
        self._interval_s, self.after_long_gap = interval_s, interval_s > LONG_GAP_S
        self._images_since_look += 1
        tracks, followed = self._tracks, self._followed
        tracks.predict(interval_s)
        # Crops that tremble make landmarks tremble: cut around the smoothed ones, those of a face
        # at rest have a fifth (v2) to a third (attention) less noise.
        return rois_from_landmarks(tracks.smoothed[followed], tracks.offsets[followed])

    def match_detections(self, detections: FaceDetections, min_iou: float) -> FaceDetections:
        """Give followed tracks the score of their detection; return the unmatched detections.

        After a long gap the predicted ROIs may miss the faces; so all detections count as
        unmatched, and `update` compares them with the tracks.
        """
        if self.after_long_gap or not len(detections) or not len(expected := self.expected_xyxy):
            return detections
        iou, containment = overlaps(detections.boxes_xyxy, expected)
        same = same_face(iou, containment, min_iou)
        matched: NDArray[np.bool_] = same.max(axis=1)
        # A detection is of one face: of the boxes that it overlaps, the nearest.
        nearest = np.where(same, iou + containment, -1).argmax(axis=1)
        scores = self._tracks.scores[self._followed].copy()
        # Best scores come first, so the last to be written is the best.
        for index in np.flatnonzero(matched)[::-1]:
            scores[nearest[index]] = detections.scores[index]
        self._tracks.scores = put(self._tracks.scores, self._followed, scores)
        return detections[~matched]

    def due_look(self, period: int) -> int | None:
        """Return which of the followed tracks the detector is to look at in this image, if any.

        That whose last look is longest ago, if that is too long; one in doubt sooner. Whatever the
        number of tracks, looks are `LOOK_SPACING` images apart.

        Args:
            period: Images after which the detector is to look at a track again.
        """
        if self._images_since_look < LOOK_SPACING or self.after_long_gap:
            return None
        tracks, followed = self._tracks, self._followed
        if (
            max(tracks.look_ages.tolist(), default=0) < LOOK_SPACING
        ):  # as in most images of most streams
            return None
        overdue = tracks.look_ages.astype(np.int64) - period
        overdue = np.where(tracks.doubts > 0, overdue + period - DOUBTFUL_LOOK_SPACING, overdue)
        overdue = np.where(tracks.misses > 0, -1, overdue)[followed]
        return int(overdue.argmax()) if overdue.max(initial=-1) >= 0 else None

    def take_look(self, followed: int, score: float) -> None:
        """Take what the detector says of a followed track, 0 if it found nothing."""
        self._images_since_look = 0
        row = np.arange(len(self._tracks))[self._followed][followed : followed + 1]
        self._tracks.look(row, np.full(1, score, np.float32))

    def update(
        self,
        observations: Observations,
        traits: FaceTraits,
        settings: PipelineSettings,
        image_wh: tuple[int, int],
    ) -> tuple[NDArray[np.int64], Float32]:
        """Assign observations to tracks, begin new tracks and end old ones.

        Args:
            observations: Of the ROIs from `predict`, in that order, then of new faces, the most
                trusted first.
            traits: Of the observations.
            settings: Of now.
            image_wh: Image width and height in px.

        Returns:
            (K,) ids and (K, L, 3) px landmarks of the tracks that this image shows.
        """
        self._unambiguous = self._is_unambiguous(observations, traits, settings)
        if self._unambiguous:
            self._average_appearances(ALL_ROWS, traits.appearances)
            self._tracks.observe(observations, traits)
            return self._tracks.ids, self._tracks.points
        self._assign(observations, traits, settings, image_wh)
        seen = self._tracks.misses == 0
        return self._tracks.ids[seen], self._tracks.points[seen]

    def _is_unambiguous(
        self, observations: Observations, traits: FaceTraits, settings: PipelineSettings
    ) -> bool:
        """Return whether the observations certainly are the expected faces, one by one."""
        tracks = self._tracks
        return (
            self._all_seen
            and self._interval_s <= MAX_UNSEEN_S
            and len(observations.presences) == len(tracks.ids)
            and all(observations.are_faces.tolist())
            and not any(tracks.refuted.tolist())
            and PairwiseOverlaps(tracks.expected_xyxy, traits.xyxy).is_unambiguous(
                settings.min_tracking_iou
            )
            and not any(
                look_abruptly_different(tracks.traits.appearances, traits.appearances).tolist()
            )
        )

    def adopt_smoothed(self, landmarks: Float32, jitters_px: Float32) -> None:
        """Take the filtered landmarks of the tracks that this image shows.

        Lost tracks keep their last ones, moved to where they are expected.

        Args:
            landmarks: (K, L, 3) px.
            jitters_px: (K,) RMS of what the filter removed lately.
        """
        tracks = self._tracks
        if not self._all_seen:
            seen = np.flatnonzero(tracks.misses == 0)
            landmarks = put(tracks.smoothed, seen, landmarks)
            jitters_px = put(tracks.jitters_px, seen, jitters_px)
        tracks.smoothed, tracks.jitters_px = landmarks, jitters_px

    def _assign(
        self,
        observations: Observations,
        traits: FaceTraits,
        settings: PipelineSettings,
        image_wh: tuple[int, int],
    ) -> None:
        """Update the tracks where observations may be of any of them, of none, or new."""
        tracks = self._tracks
        followed = np.flatnonzero(tracks.followed)
        expected = len(followed)
        tracks.presences = put(tracks.presences, followed, observations.presences[:expected])
        scores = np.concatenate([tracks.scores[followed], observations.scores[expected:]])
        observations, found = replace(observations, scores=scores), ~np.isnan(scores)
        are_faces = observations.are_faces.copy()
        are_faces[:expected] &= ~tracks.refuted[followed]
        present = np.flatnonzero(are_faces)
        present = reject_slipped(tracks, followed, traits, found, present)
        observations, traits = observations[present], traits[present]
        pairs = PairwiseOverlaps(tracks.expected_xyxy, traits.xyxy)
        known, observed, new = assign_observations(tracks, pairs, traits, found[present], settings)
        missed, coexisted = np.delete(np.arange(len(tracks)), known), tracks.coexisted
        isolated = pairs.isolated(observed, missed)
        self._average_appearances(known[isolated], traits.appearances[observed[isolated]])
        rows = ALL_ROWS if len(known) == len(tracks) else known
        seen = tracks[rows]
        seen.observe(observations[observed], traits[observed])
        self._tracks = put(tracks, rows, seen)
        if len(missed):
            occluded = pairs.occluded(observed, missed, coexisted[np.ix_(missed, known)])
            centres = pairs.centres[missed]
            inside = np.all((centres >= 0) & (centres < image_wh), axis=1)
            self._miss(missed, occluded, inside, settings)
        new = new[: max(0, settings.max_faces - np.count_nonzero(self._tracks.followed))]
        if len(new):
            first_id = self._ids.take(len(new))
            self._tracks += Tracks.begun(observations[new], traits[new], first_id)
        self._all_seen = not self._tracks.misses.any()
        self._followed = ALL_ROWS if self._all_seen else np.flatnonzero(self._tracks.followed)

    def _average_appearances(self, rows: Rows, appearances: Float32) -> None:
        """Let the mean appearances of some tracks follow those that they have now."""
        weight = -math.expm1(-self._interval_s / AVERAGING_S)
        before = self._tracks.appearances[rows]
        mean = native.average_appearances(before, appearances, weight)
        self._tracks.appearances = put(self._tracks.appearances, rows, mean)

    def _miss(
        self,
        missed: Indices,
        occluded: NDArray[np.bool_],
        inside: NDArray[np.bool_],
        settings: PipelineSettings,
    ) -> None:
        """Count an image without some tracks, and end those that are gone for too long.

        Args:
            missed: (M,) the tracks that were not observed.
            occluded: (M,) whether another face is in front of them.
            inside: (M,) whether they are expected within the image.
            settings: Of now.
        """
        tracks = self._tracks
        followed = inside & (tracks.misses[missed] < settings.max_coast_frames)
        followed &= ~tracks.refuted[missed]
        # A new face that is gone from where it was may have moved on faster than is known yet: for
        # one image the detector looks around it, and it then begins to be confirmed anew.
        is_new = tracks.hits[missed] < settings.min_birth_frames
        followed &= ~is_new
        tracks.hits = put(
            tracks.hits, missed[is_new], np.zeros(np.count_nonzero(is_new), np.int64)
        )
        tracks.miss(missed, self._interval_s * occluded.astype(np.float64), followed)
        # Where images are far apart, a single one without the face is no proof that it is gone.
        gone = (tracks.unseen_s - tracks.occluded_s > MAX_UNSEEN_S) & (tracks.misses > 1)
        gone |= tracks.unseen_s > MAX_OCCLUDED_S
        gone[missed] |= is_new & (tracks.misses[missed] > 1)
        if gone.any():
            self._tracks = tracks[~gone]
