"""Faces that keep their id: where each is expected, and which of the faces seen it is."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.core.boxes import overlaps
from facemesh_ros.core.encounter import Encounter, same_face
from facemesh_ros.core.ids import FaceIds
from facemesh_ros.core.likeness import MEMORY_BEHIND_S, MEMORY_S
from facemesh_ros.core.outlines import outlines_of
from facemesh_ros.core.rois import rois_from_landmarks
from facemesh_ros.core.settings import PipelineSettings
from facemesh_ros.core.tracks import Sightings, Tracks
from facemesh_ros.core.types import FaceDetections, Float32, Rois
from facemesh_ros.core.who_is_who import who_is_who

# How slowly the tone that is known of a face follows what is seen of it.
TONE_S = 0.5

Indices = NDArray[np.intp]
Smoothing = Callable[[NDArray[np.int64], Float32], tuple[Float32, Float32]]


class Tracker:
    """The faces of one stream, by ids that are never given out twice."""

    def __init__(self, landmark_count: int, ids: FaceIds) -> None:
        self._ids = ids
        self._landmark_count = landmark_count
        self.reset()

    def reset(self) -> None:
        """Forget all faces; ids go on counting."""
        self._tracks = Tracks.none(self._landmark_count)
        self._interval_s = 0.0

    @property
    def in_sight(self) -> bool:
        """Whether faces are known and the last image showed all of them."""
        return len(self._tracks) > 0 and not self._tracks.misses.any()

    @property
    def lost(self) -> Rois:
        """Where faces are expected that the last image did not show, the last lost first."""
        tracks = self._tracks
        lost = np.flatnonzero(tracks.misses)
        latest = lost[np.argsort(tracks.unseen_s[lost], kind='stable')]
        return rois_from_landmarks(tracks.points[latest]).moved(tracks.steps[latest])

    @property
    def followed(self) -> Tracks:
        """The faces that are followed, in the order of their ids, all where they are expected."""
        return self._tracks[self._followed].where_expected()

    @property
    def followed_xyxy(self) -> Float32:
        """The boxes in which the followed faces are expected, (N, 4) px."""
        return self._tracks.expected.boxes_xyxy[self._followed]

    @property
    def _followed(self) -> Indices:
        return np.flatnonzero(self._tracks.followed)

    def expect(self, interval_s: float) -> Rois:
        """Move all faces on to the next image.

        Args:
            interval_s: Time since the last image.

        Returns:
            Where the followed faces are expected.
        """
        self._interval_s = interval_s
        tracks, followed = self._tracks, self._followed
        tracks.pass_time(interval_s)
        # Crops that tremble make landmarks tremble: from the steady ones, those of a face at rest
        # have a fifth (v2) to a third (attention) less noise.
        return rois_from_landmarks(tracks.steady[followed]).moved(tracks.steps[followed])

    def recognise(self, detections: FaceDetections, min_iou: float) -> FaceDetections:
        """Give followed faces the score of the detection that is theirs; return the others."""
        followed = self._followed
        if not len(followed) or not len(detections):
            return detections
        same = same_face(*overlaps(detections.boxes_xyxy, self.followed_xyxy), min_iou)
        known: NDArray[np.bool_] = same.max(axis=1)
        # Best scores come first, so the last to be written is the best.
        for index in np.flatnonzero(known)[::-1]:
            self._tracks.scores[followed[same[index]]] = detections.scores[index]
        return detections[~known]

    def update(
        self,
        sightings: Sightings,
        settings: PipelineSettings,
        image_wh: tuple[int, int],
        tones: Float32,
    ) -> None:
        """Find out who is who, begin new tracks and end old ones.

        Args:
            sightings: Of the faces that `expect` told, in that order, then of new ones, the most
                trusted first.
            settings: Of now.
            image_wh: Image width and height in px.
            tones: (N, 3) of the sightings, see `tones_from_landmarks`.
        """
        tracks, followed = self._tracks, self._followed
        tracks.presences[followed] = sightings.presences[: len(followed)]
        present = np.flatnonzero(sightings.presences > settings.min_presence_confidence)
        tones = tones[present]
        encounter = Encounter(tracks.expected, outlines_of(sightings.points[present]))
        known, places, strangers = who_is_who(
            tracks, encounter, tones, present >= len(followed), settings
        )
        missed = _others(len(tracks), known)
        clear = encounter.alone(places, missed)
        self._learn(known[clear], tones[places[clear]])
        tracks.see(known, encounter.seen[places], sightings, present[places])
        if len(missed):
            self._miss(missed, encounter, places, settings, image_wh)
        if len(strangers):
            self._begin(sightings[present[strangers]], tones[strangers], settings.max_faces)

    def steady(self, smoothing: Smoothing) -> None:
        """Let a filter steady the landmarks of the faces that are in sight, as consumers see them.

        Those out of sight keep what the filter said last, moved to where they are expected.

        Args:
            smoothing: Takes (N,) ids and (N, L, 3) px, returns (N, L, 3) px and (N,) px of jitter.
        """
        tracks = self._tracks
        seen = np.flatnonzero(tracks.misses == 0)
        if len(seen):
            steady, jitters_px = smoothing(tracks.ids[seen], tracks.points[seen])
            tracks.steady[seen], tracks.jitters_px[seen] = steady, jitters_px

    def _learn(self, known: Indices, tones: Float32) -> None:
        """Learn the tones of faces."""
        weight = -math.expm1(-self._interval_s / TONE_S)
        self._tracks.tones[known] += weight * (tones - self._tracks.tones[known])

    def _miss(
        self,
        missed: Indices,
        encounter: Encounter,
        seen: Indices,
        settings: PipelineSettings,
        image_wh: tuple[int, int],
    ) -> None:
        """Take note of who is not seen, and forget whoever is gone for long."""
        tracks = self._tracks
        tracks.miss(missed)
        tracks.hidden_s[missed[encounter.hidden(seen, missed)]] += self._interval_s
        centres = encounter.centres[missed]
        inside = ((centres >= 0) & (centres < image_wh)).all(axis=1)
        tracks.followed[missed] &= inside & (tracks.misses[missed] <= settings.max_coast_frames)
        gone = tracks.unseen_s - tracks.hidden_s > MEMORY_S
        gone |= tracks.unseen_s > MEMORY_BEHIND_S
        gone[missed] |= tracks.hits[missed] < settings.min_birth_frames
        if gone.any():
            self._tracks = tracks[~gone]

    def _begin(self, strangers: Sightings, tones: Float32, max_faces: int) -> None:
        free = max(0, max_faces - len(self._followed))
        if free:
            strangers = strangers[:free]
            first_id = self._ids.take(len(strangers))
            self._tracks += Tracks.of(strangers, tones[:free], first_id)


def _others(count: int, chosen: Indices) -> Indices:
    others = np.ones(count, bool)
    others[chosen] = False
    return np.flatnonzero(others)
