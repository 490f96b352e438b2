"""The order of the stages: expected and found faces, landmarks, second look, ids, expressions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.core.boxes import tight_boxes
from facemesh_ros.core.filtering.settings import FilterSettings
from facemesh_ros.core.ids import FaceIds
from facemesh_ros.core.rois import rois_from_detections, surroundings
from facemesh_ros.core.second_look import look_again
from facemesh_ros.core.settings import PipelineSettings
from facemesh_ros.core.stages import Stage, Stages, untimed
from facemesh_ros.core.steadier import Steadier
from facemesh_ros.core.stream_time import StampFaults, StreamTime
from facemesh_ros.core.tones import tones_from_landmarks
from facemesh_ros.core.tracker import Tracker
from facemesh_ros.core.tracks import Sightings
from facemesh_ros.core.types import (
    FaceDetections,
    Faces,
    Float32,
    Frame,
    Rois,
)

# A face that was lost is searched for in a square of so many times its crop's side.
SEARCHED_AROUND = 2.5
# What is other for a picture that has nothing to do with those before and after it.
ALONE: dict[str, Any] = {'min_birth_frames': 1, 'filter': FilterSettings(type='none')}


class FacePipeline:
    """Finds and follows the faces of one stream of frames.

    Attributes:
        settings: May be replaced between two frames.
    """

    def __init__(
        self, stages: Stages, settings: PipelineSettings, ids: FaceIds, stage: Stage = untimed
    ) -> None:
        """Begin without faces.

        Args:
            stages: What it is made of.
            settings: The first settings.
            ids: Where new faces get their numbers from.
            stage: Entered around each stage with its name, for whoever keeps the time.
        """
        self.settings = settings
        self._stages = stages
        self._stage = stage
        self._time = StreamTime()
        self._tracker = Tracker(stages.landmarker.landmark_count, ids)
        self._steadier = Steadier(settings.filter)
        self._image_wh = (0, 0)

    @property
    def looks(self) -> dict[str, int]:
        """How often each detector has looked at an image, or at a part of it, by name."""
        return dict(self._stages.search.looks)

    @property
    def stamp_faults(self) -> StampFaults:
        """What was wrong with the stamps of its images so far."""
        return self._time.faults

    def reset(self) -> None:
        """Forget all faces before the next image; ids go on counting."""
        self._time.reset()

    def process(self, frame: Frame, *, thorough: bool = False) -> Faces:
        """Take the next image of a stream.

        Faces are followed from image to image, and the search for new ones is spread over several.
        It starts anew when the size of the images changes and where `StreamTime` says so.

        Args:
            frame: The image.
            thorough: Whether to search everywhere in this one image, however long that takes, to
                wait for no other image before a new face counts, and to filter nothing: what a
                picture needs that others have little to do with.

        Returns:
            Up to `max_faces` faces, sorted by id; empty if none.
        """
        settings = replace(self.settings, **ALONE) if thorough else self.settings
        interval_s = self._time.step(frame.stamp_ns)
        if interval_s is None or frame.image_wh != self._image_wh:
            self._start_anew(frame)
        expected = self._tracker.expect(interval_s or 0.0)
        sightings = self._sightings(frame, expected, thorough=thorough)
        self._tracker.update(
            sightings,
            settings,
            frame.image_wh,
            lambda points: tones_from_landmarks(frame, points),
        )
        with self._stage('filter'):
            self._steady(settings.filter)
        return self._faces(settings)

    def examine(self, frame: Frame) -> Faces:
        """Take a picture by itself: forget all faces, then search everywhere in it."""
        self.reset()
        return self.process(frame, thorough=True)

    def _start_anew(self, frame: Frame) -> None:
        self._image_wh = frame.image_wh
        self._tracker.reset()
        self._steadier.reset()
        self._stages.search.reset()

    def _sightings(self, frame: Frame, expected: Rois, *, thorough: bool) -> Sightings:
        """Look where faces are expected and, if there is room for more, search meanwhile."""
        if len(expected) >= self.settings.max_faces and not self._tracker.long_ago:
            return self._followed(frame, expected)
        strangers, sightings = self._stages.team.both(
            lambda: self._strangers(frame, thorough=thorough),
            lambda: self._followed(frame, expected),
        )
        if not len(strangers):
            return sightings
        with self._stage('new faces'):
            return self._with_new(frame, sightings, strangers)

    def _strangers(self, frame: Frame, *, thorough: bool) -> FaceDetections:
        """Search, and take away who is followed already."""
        search, tracker, settings = self._stages.search, self._tracker, self.settings
        with self._stage('detect'):
            if thorough:
                found = search.everywhere(frame, settings)
            else:
                found = search.next(
                    frame,
                    settings,
                    known_xyxy=tracker.followed_xyxy,
                    anywhere=not tracker.in_sight or tracker.long_ago,
                    near=surroundings(tracker.lost[:1], SEARCHED_AROUND),
                )
        return tracker.recognise(found, settings.min_tracking_iou)

    def _followed(self, frame: Frame, expected: Rois) -> Sightings:
        with self._stage('landmarks'):
            return self._seen(frame, expected, np.full(len(expected), np.nan, np.float32))

    def _with_new(
        self, frame: Frame, sightings: Sightings, strangers: FaceDetections
    ) -> Sightings:
        """Look at strangers too, until enough of them are faces."""
        wanted = self.settings.max_faces
        counted = sightings[:0] if self._tracker.long_ago else sightings
        for start in range(0, len(strangers), wanted):
            if self._present(counted).sum() >= wanted:
                break
            new = self._new(frame, strangers[start : start + wanted])
            counted, sightings = counted + new, sightings + new
        return sightings

    def _new(self, frame: Frame, strangers: FaceDetections) -> Sightings:
        rois = rois_from_detections(strangers, square=self._stages.square_roi)
        first = self._seen(frame, rois, strangers.scores)
        if not self.settings.second_look:
            return first
        return look_again(
            first,
            lambda crops: self._stages.landmarker.locate(frame, crops),
            self.settings.min_presence_confidence,
        )

    def _seen(self, frame: Frame, rois: Rois, scores: Float32) -> Sightings:
        located = self._stages.landmarker.locate(frame, rois)
        return Sightings(located.points, located.presences, scores, rois)

    def _present(self, sightings: Sightings) -> NDArray[np.bool_]:
        present: NDArray[np.bool_] = sightings.presences > self.settings.min_presence_confidence
        return present

    def _steady(self, settings: FilterSettings) -> None:
        self._tracker.steady(
            lambda ids, points: self._steadier.update(ids, points, self._time.now_ns, settings)
        )

    def _faces(self, settings: PipelineSettings) -> Faces:
        tracks = self._tracker.published(settings.min_tracking_iou)
        return Faces(
            ids=tracks.ids,
            states=tracks.states(settings.min_birth_frames),
            ages=tracks.ages,
            detection_scores=tracks.scores,
            presences=tracks.presences,
            boxes_xyxy=tight_boxes(tracks.steady),
            rois=tracks.rois,
            landmarks=tracks.steady,
            raw_landmarks=tracks.points,
            jitters_px=tracks.jitters_px,
            blendshapes=self._blendshapes(tracks.steady),
            filtered=settings.filter.type != 'none',
        )

    def _blendshapes(self, points: Float32) -> Float32:
        if self._stages.expressions is None:
            return np.empty((len(points), 0), np.float32)
        with self._stage('blendshapes'):
            return self._stages.expressions.score(points)
