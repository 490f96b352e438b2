"""Faces that keep their id: where each is expected, and which of the faces seen it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.core.assignment import cheapest_pairs
from facemesh_ros.core.boxes import (
    box_centres,
    containment_matrix,
    iou_matrix,
    planes,
    tight_boxes,
)
from facemesh_ros.core.ids import FaceIds
from facemesh_ros.core.likeness import ALONE, CROWDED, MEMORY_BEHIND_S, MEMORY_S, costs_of
from facemesh_ros.core.nms import firsts
from facemesh_ros.core.rois import rois_from_landmarks
from facemesh_ros.core.settings import PipelineSettings
from facemesh_ros.core.tracks import Sightings, Tracks
from facemesh_ros.core.types import FaceDetections, Float32, Rois

# Part of the smaller of two boxes from which they are of one face.
SAME_FACE = 0.7
Steadier = Callable[[NDArray[np.int64], Float32], tuple[Float32, Float32]]
# The same from which somebody who is not seen is taken to be behind the other.
BEHIND = 0.3
# How slowly the tone that is known of a face follows what is seen of it.
TONE_S = 0.5


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
        lost = np.flatnonzero(self._tracks.misses > 0)
        latest = lost[np.argsort(self._tracks.unseen_s[lost], kind='stable')]
        return rois_from_landmarks(self._tracks.points[latest])

    @property
    def followed(self) -> Tracks:
        """The faces that are followed, in the order of their ids."""
        return self._tracks[self._tracks.followed]

    @property
    def followed_xyxy(self) -> Float32:
        """The boxes in which the followed faces are expected, (N, 4) px."""
        return tight_boxes(self._tracks.points[self._tracks.followed])

    def expect(self, interval_s: float) -> Rois:
        """Move all faces on to the next image.

        Args:
            interval_s: Time since the last image.

        Returns:
            Where the followed faces are expected.
        """
        self._interval_s = interval_s
        tracks = self._tracks
        tracks.motion.pass_time(interval_s)
        tracks.motion.slow_down(tracks.misses > 0, interval_s)
        steps = tracks.motion.velocities * interval_s
        # With a z of 0 the sum runs along whole landmarks, which is several times faster.
        moved = np.zeros((len(tracks), 1, 3), np.float32)
        moved[:, 0, :2] = steps
        for points in (tracks.points, tracks.steady):
            points += moved
        tracks.steps += steps
        tracks.unseen_s += interval_s
        tracks.ages += 1
        tracks.scores = np.full(len(tracks), np.nan, np.float32)
        # Crops that tremble make landmarks tremble: from the steady ones, those of a face at rest
        # have a fifth (v2) to a third (attention) less noise.
        return rois_from_landmarks(tracks.steady[tracks.followed])

    def recognise(self, detections: FaceDetections, min_iou: float) -> FaceDetections:
        """Give followed faces the score of the detection that is theirs; return the others."""
        followed = np.flatnonzero(self._tracks.followed)
        if not len(followed) or not len(detections):
            return detections
        same = _same_face(detections.boxes_xyxy, self.followed_xyxy, min_iou)
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
        followed = np.flatnonzero(self._tracks.followed)
        self._tracks.presences[followed] = sightings.presences[: len(followed)]
        present = np.flatnonzero(sightings.presences > settings.min_presence_confidence)
        seen, tones = sightings[present], tones[present]
        boxes = tight_boxes(seen.points)
        known, places, strangers = self._who_is_who(
            boxes, tones, present >= len(followed), settings.min_tracking_iou
        )
        admitted = self._admitted(known, settings.max_faces)
        known, places = known[admitted], places[admitted]
        clear = self._clear(known, boxes[places])
        self._learn(known[clear], tones[places[clear]])
        self._see(known, seen[places])
        self._miss(known, settings, image_wh)
        self._begin(seen[strangers], tones[strangers], settings.max_faces)

    def steady(self, steadier: Steadier) -> None:
        """Let a filter steady the landmarks of the faces that are in sight, as consumers see them.

        Those out of sight keep what the filter said last, moved to where they are expected.

        Args:
            steadier: Takes (N,) ids and (N, L, 3) px, returns (N, L, 3) px and (N,) px of jitter.
        """
        tracks = self._tracks
        seen = tracks.misses == 0
        if seen.any():
            steady, jitters_px = steadier(tracks.ids[seen], tracks.points[seen])
            tracks.steady[seen], tracks.jitters_px[seen] = steady, jitters_px

    def _who_is_who(
        self, boxes: Float32, tones: Float32, pointed_at: NDArray[np.bool_], min_iou: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """Return the tracks that are seen, which sighting each of them is, and which are new."""
        costs = costs_of(self._tracks, boxes, tones)
        tracks, places = cheapest_pairs(costs, ALONE)
        # Of two on one face it is whose that was seen in the last image, then whose it is more.
        unseen = self._tracks.misses[tracks] > 0
        sure = np.lexsort((costs[tracks, places], unseen))
        tracks, places = tracks[sure], places[sure]
        # Faces that nobody claims are new only if the detector found them: a followed ROI that
        # slipped to somebody else is no sighting.
        rest = _others(len(boxes), places)
        new = rest[pointed_at[rest]]
        ranked = np.concatenate([places, new])
        kept = firsts(_same_face(boxes[ranked], boxes[ranked], min_iou))
        claimed = kept[kept < len(places)]
        return tracks[claimed], places[claimed], ranked[kept[kept >= len(places)]]

    def _admitted(self, known: NDArray[np.intp], max_faces: int) -> NDArray[np.bool_]:
        """Tell who of those seen is followed: who was only remembered while there is room."""
        followed = self._tracks.followed
        returning = ~followed[known]
        admitted: NDArray[np.bool_] = np.cumsum(returning) <= max_faces - followed.sum()
        return admitted | ~returning

    def _clear(self, known: NDArray[np.intp], boxes: Float32) -> NDArray[np.bool_]:
        """Tell which of those seen nobody hides, and take note of who is behind them."""
        tracks = self._tracks
        missed = _others(len(tracks), known)
        lost = tight_boxes(tracks.points[missed])
        overlaps = containment_matrix(boxes, np.concatenate([boxes, lost]))
        behind = (overlaps[:, len(boxes) :] > BEHIND).any(axis=0)
        tracks.hidden_s[missed[behind]] += self._interval_s
        clear: NDArray[np.bool_] = (overlaps > CROWDED).sum(axis=1) == 1
        return clear

    def _learn(self, known: NDArray[np.intp], tones: Float32) -> None:
        """Learn the tones of faces."""
        tracks = self._tracks
        weight = -np.expm1(-self._interval_s / TONE_S)
        tracks.tones[known] += weight * (tones - tracks.tones[known])

    def _see(self, known: NDArray[np.intp], seen: Sightings) -> None:
        tracks = self._tracks
        surprises = (planes(seen.points) - planes(tracks.points[known])).mean(axis=2)
        tracks.motion.measure(known, surprises)
        tracks.points[known] = tracks.steady[known] = seen.points
        tracks.presences[known] = seen.presences
        tracks.rois.put(known, seen.rois)
        pointed_at = ~np.isnan(seen.scores)
        tracks.scores[known[pointed_at]] = seen.scores[pointed_at]
        tracks.hits[known] += 1
        tracks.misses[known] = 0
        tracks.unseen_s[known] = tracks.hidden_s[known] = 0
        tracks.steps[known] = 0
        tracks.followed[known] = True

    def _miss(
        self, known: NDArray[np.intp], settings: PipelineSettings, image_wh: tuple[int, int]
    ) -> None:
        """Take note of who is not seen, and forget whoever is gone for long."""
        tracks = self._tracks
        missed = _others(len(tracks), known)
        if not len(missed):
            return
        tracks.motion.lose(missed[tracks.misses[missed] == 0])
        tracks.misses[missed] += 1
        centres = box_centres(tight_boxes(tracks.points[missed]))
        inside = ((centres >= 0) & (centres < image_wh)).all(axis=1)
        tracks.followed[missed] &= inside & (tracks.misses[missed] <= settings.max_coast_frames)
        gone = tracks.unseen_s - tracks.hidden_s > MEMORY_S
        gone |= tracks.unseen_s > MEMORY_BEHIND_S
        gone[missed] |= tracks.hits[missed] < settings.min_birth_frames
        if gone.any():
            self._tracks = tracks[~gone]

    def _begin(self, strangers: Sightings, tones: Float32, max_faces: int) -> None:
        free = max(0, max_faces - int(self._tracks.followed.sum()))
        admitted = np.arange(len(strangers))[:free]
        if len(admitted):
            first_id = self._ids.take(len(admitted))
            self._tracks += Tracks.of(strangers[admitted], tones[admitted], first_id)


def _others(count: int, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
    others = np.ones(count, bool)
    others[chosen] = False
    return np.flatnonzero(others)


def _same_face(boxes_xyxy: Float32, others_xyxy: Float32, min_iou: float) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = (iou_matrix(boxes_xyxy, others_xyxy) > min_iou) | (
        containment_matrix(boxes_xyxy, others_xyxy) > SAME_FACE
    )
    return same
