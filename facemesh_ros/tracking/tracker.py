"""Faces that keep their id: where each is expected, and which of the faces seen it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import overlaps
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.struct_of_arrays import EVERY_ROW, Indices, Rows, put
from facemesh_ros.tracking.association import assign_detections, themselves
from facemesh_ros.tracking.association_cost import MEMORY_BEHIND_S, MEMORY_S
from facemesh_ros.tracking.gating import plausible
from facemesh_ros.tracking.kalman import LONG_S
from facemesh_ros.tracking.pairwise_overlaps import PairwiseOverlaps, same_face
from facemesh_ros.tracking.track_boxes import track_boxes_from_landmarks
from facemesh_ros.tracking.tracks import Tracks
from facemesh_ros.types import FaceDetections, Float32, Float64, Observations, Rois

# How slowly the tone that is known of a face follows what is seen of it, and how often that is
# looked at while nobody is near anybody.
TONE_S, LOOK_S = 0.5, 0.2

Smoothing = Callable[[NDArray[np.int64], Float32], tuple[Float32, Float32]]
# Gives the (N, 3) tones of landmarks (N, L, 3) px, see `tones_from_landmarks`.
Tones = Callable[[Float32], Float32]


class FaceIds:
    """Counts up from 1 and gives no number twice; the streams of a process may share one."""

    def __init__(self) -> None:
        self._issued = 0
        self._lock = Lock()

    def take(self, count: int) -> int:
        """Give out `count` numbers in a row and return the first."""
        with self._lock:
            first = self._issued + 1
            self._issued += count
        return first


class Tracker:
    """The faces of one stream, by ids that are never given out twice."""

    def __init__(self, landmark_count: int, ids: FaceIds) -> None:
        self._ids = ids
        self._landmark_count = landmark_count
        self.reset()

    def reset(self) -> None:
        """Forget all faces; ids go on counting."""
        self._tracks = Tracks.none(self._landmark_count)
        self._interval_s = self._untoned_s = 0.0
        self._all_seen = self._apart = True

    @property
    def in_sight(self) -> bool:
        """Whether faces are known and the last image showed all of them."""
        return len(self._tracks) > 0 and self._all_seen

    @property
    def long_ago(self) -> bool:
        """Whether so much time has passed since the last image that faces may have moved far."""
        return self._interval_s > LONG_S

    @property
    def lost(self) -> Rois:
        """Where faces are expected that the last image did not show, the last lost first."""
        tracks = self._tracks
        lost = np.flatnonzero(tracks.misses)
        latest = lost[np.argsort(tracks.unseen_s[lost], kind='stable')]
        return rois_from_landmarks(tracks.points[latest]).moved(tracks.steps[latest])

    def published(self, min_iou: float) -> Tracks:
        """Return the faces that are followed, in the order of their ids, all where expected.

        Of two at one place it is the one that is seen or was seen last; the other, who may be
        behind it, is followed on.

        To be read before the next image; the arrays then stay, but what it holds is replaced.

        Args:
            min_iou: Overlap of two boxes from which they are of one face.
        """
        if self._apart:
            return self._tracks
        return self._tracks[self._followed].where_expected().one_in_each_place(min_iou)

    @property
    def followed_xyxy(self) -> Float32:
        """The boxes in which the followed faces are expected, (N, 4) px."""
        return self._tracks.expected.boxes_xyxy[self._followed]

    @property
    def _followed(self) -> Rows:
        return EVERY_ROW if self._all_seen else np.flatnonzero(self._tracks.followed)

    def expect(self, interval_s: float) -> Rois:
        """Move all faces on to the next image.

        Args:
            interval_s: Time since the last image.

        Returns:
            Where the followed faces are expected.
        """
        self._interval_s = interval_s
        self._untoned_s += interval_s
        tracks, followed = self._tracks, self._followed
        tracks.pass_time(interval_s)
        # Crops that tremble make landmarks tremble: from the steady ones, those of a face at rest
        # have a fifth (v2) to a third (attention) less noise.
        return rois_from_landmarks(tracks.steady[followed]).moved(tracks.steps[followed])

    def recognise(self, detections: FaceDetections, min_iou: float) -> FaceDetections:
        """Give followed faces the score of the detection that is theirs; return the others.

        Long after the last image crops may lie beside the faces that they are for; so all are
        looked for anew, and compared with those that were known.
        """
        if self.long_ago or not len(detections) or not len(followed_xyxy := self.followed_xyxy):
            return detections
        iou, contained = overlaps(detections.boxes_xyxy, followed_xyxy)
        same = same_face(iou, contained, min_iou)
        known: NDArray[np.bool_] = same.max(axis=1)
        # One detection is of one face: of those it overlaps, the nearest.
        nearest = np.where(same, iou + contained, -1).argmax(axis=1)
        # Best scores come first, so the last to be written is the best.
        scores = self._tracks.scores[self._followed].copy()
        for index in np.flatnonzero(known)[::-1]:
            scores[nearest[index]] = detections.scores[index]
        self._tracks.scores = put(self._tracks.scores, self._followed, scores)
        return detections[~known]

    def update(
        self,
        sightings: Observations,
        settings: PipelineSettings,
        image_wh: tuple[int, int],
        tones: Tones,
    ) -> None:
        """Find out who is who, begin new tracks and end old ones.

        Args:
            sightings: Of the faces that `expect` told, in that order, then of new ones, the most
                trusted first.
            settings: Of now.
            image_wh: Image width and height in px.
            tones: Tells those of the sightings.
        """
        tracks = self._tracks
        present = sightings.presences > settings.min_presence_confidence
        close = self._interval_s <= MEMORY_S
        if close and self._all_seen and len(sightings) == len(tracks) and present.all():
            encounter = PairwiseOverlaps(
                tracks.expected, track_boxes_from_landmarks(sightings.points)
            )
            if themselves(encounter, settings):
                self._apart = True
                self._see_all(sightings, encounter, tones)
                return
        self._apart = False
        self._see_some(sightings, np.flatnonzero(present), settings, image_wh, tones)

    def _see_all(self, sightings: Observations, encounter: PairwiseOverlaps, tones: Tones) -> None:
        """Everybody is where they are expected, and nobody else is there."""
        if self._untoned_s >= LOOK_S:
            self._learn(EVERY_ROW, tones(sightings.points))
        self._tracks.see(EVERY_ROW, encounter.seen, sightings)

    def _see_some(
        self,
        sightings: Observations,
        present: Indices,
        settings: PipelineSettings,
        image_wh: tuple[int, int],
        tones: Tones,
    ) -> None:
        tracks, followed = self._tracks, np.flatnonzero(self._tracks.followed)
        tracks.presences = put(tracks.presences, followed, sightings.presences[: len(followed)])
        seen = track_boxes_from_landmarks(sightings.points)
        found = ~np.isnan(sightings.scores)
        found[: len(followed)] = ~np.isnan(tracks.scores[followed])
        present = plausible(tracks, followed, seen, found, present)
        shown = sightings[present]
        encounter = PairwiseOverlaps(tracks.expected, seen[present])
        seen_tones = tones(shown.points)
        known, places, strangers = assign_detections(
            tracks, encounter, seen_tones, present >= len(followed), settings
        )
        missed = _others(len(tracks), known)
        met = tracks.met
        clear = encounter.alone(places, missed)
        self._learn(known[clear], seen_tones[places[clear]])
        tracks.see(known, encounter.seen[places], shown[places])
        if len(missed):
            hidden = encounter.hidden(places, missed, met[np.ix_(missed, known)])
            self._miss(missed, encounter.centres[missed], hidden, settings, image_wh)
        if len(strangers):
            self._begin(shown[strangers], seen_tones[strangers], settings.max_faces)
        self._all_seen = not self._tracks.misses.any()

    def steady(self, smoothing: Smoothing) -> None:
        """Let a filter steady the landmarks of the faces that are in sight, as consumers see them.

        Those out of sight keep what the filter said last, moved to where they are expected.

        Args:
            smoothing: Takes (N,) ids and (N, L, 3) px, returns (N, L, 3) px and (N,) px of jitter.
        """
        tracks = self._tracks
        seen = EVERY_ROW if self._all_seen else np.flatnonzero(tracks.misses == 0)
        ids = tracks.ids[seen]
        if len(ids):
            steady, jitters_px = smoothing(ids, tracks.points[seen])
            tracks.steady = put(tracks.steady, seen, steady)
            tracks.jitters_px = put(tracks.jitters_px, seen, jitters_px)

    def _learn(self, known: Rows, tones: Float32) -> None:
        """Learn the tones of faces."""
        weight = -math.expm1(-self._untoned_s / TONE_S)
        before = self._tracks.tones[known]
        self._tracks.tones = put(self._tracks.tones, known, before + weight * (tones - before))
        self._untoned_s = 0.0

    def _miss(
        self,
        missed: Indices,
        centres: Float64,
        hidden: NDArray[np.bool_],
        settings: PipelineSettings,
        image_wh: tuple[int, int],
    ) -> None:
        """Take note of who is not seen, and forget whoever is gone for long."""
        tracks = self._tracks
        tracks.miss(missed)
        hidden_s = tracks.hidden_s[missed] + self._interval_s * hidden
        tracks.hidden_s = put(tracks.hidden_s, missed, hidden_s)
        inside = ((centres >= 0) & (centres < image_wh)).all(axis=1)
        held = inside & (tracks.misses[missed] <= settings.max_coast_frames)
        tracks.followed = put(tracks.followed, missed, tracks.followed[missed] & held)
        # Where images are far apart, a single one that does not show a face is no proof.
        gone = (tracks.unseen_s - tracks.hidden_s > MEMORY_S) & (tracks.misses > 1)
        gone |= tracks.unseen_s > MEMORY_BEHIND_S
        gone[missed] |= tracks.hits[missed] < settings.min_birth_frames
        if gone.any():
            self._tracks = tracks[~gone]

    def _begin(self, strangers: Observations, tones: Float32, max_faces: int) -> None:
        free = max(0, max_faces - np.count_nonzero(self._tracks.followed))
        if free:
            strangers = strangers[:free]
            first_id = self._ids.take(len(strangers))
            self._tracks += Tracks.of(strangers, tones[:free], first_id)


def _others(count: int, chosen: Indices) -> Indices:
    others = np.ones(count, bool)
    others[chosen] = False
    return np.flatnonzero(others)
