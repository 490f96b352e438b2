"""The order of the stages: expected and found faces, landmarks, second look, ids, expressions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.frame_clock import FrameClock, StampFaults
from facemesh_ros.geometry.boxes import tight_boxes
from facemesh_ros.geometry.rois import enlarged_upright, rois_from_detections
from facemesh_ros.landmarks.refinement import refine_landmarks
from facemesh_ros.pipeline.stages import Components, Stage, untimed
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.smoothing.landmark_smoother import LandmarkSmoother
from facemesh_ros.tracking.appearance import mean_colors
from facemesh_ros.tracking.face_ids import FaceIds
from facemesh_ros.tracking.tracker import Tracker
from facemesh_ros.types import (
    FaceDetections,
    Faces,
    Float32,
    Frame,
    Observations,
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
        self, stages: Components, settings: PipelineSettings, ids: FaceIds, stage: Stage = untimed
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
        self._time = FrameClock()
        self._tracker = Tracker(stages.landmarker.landmark_count, ids)
        self._steadier = LandmarkSmoother(settings.filter)
        self._image_wh = (0, 0)

    @property
    def detector_runs(self) -> dict[str, int]:
        """How often each detector has looked at an image, or at a part of it, by name."""
        return dict(self._stages.search.detector_runs)

    @property
    def stamp_faults(self) -> StampFaults:
        """What was wrong with the stamps of its images so far."""
        return self._time.faults

    def reset(self) -> None:
        """Forget all faces before the next image; ids go on counting."""
        self._time.reset()

    def process(self, frame: Frame, *, static_image: bool = False) -> Faces:
        """Take the next image of a stream.

        Faces are followed from image to image, and the search for new ones is spread over several.
        It starts anew when the size of the images changes and where `FrameClock` says so.

        Args:
            frame: The image.
            static_image: Whether to search everywhere in this one image, however long it takes, to
                wait for no other image before a new face counts, and to filter nothing: what a
                picture needs that others have little to do with.

        Returns:
            Up to `max_faces` faces, sorted by id; empty if none.
        """
        settings = replace(self.settings, **ALONE) if static_image else self.settings
        interval_s = self._time.step(frame.stamp_ns)
        if interval_s is None or frame.image_wh != self._image_wh:
            self._start_anew(frame)
        expected = self._tracker.expect(interval_s or 0.0)
        sightings = self._sightings(frame, expected, static_image=static_image)
        self._tracker.update(
            sightings,
            settings,
            frame.image_wh,
            lambda points: mean_colors(frame, points),
        )
        with self._stage('filter'):
            self._steady(settings.filter)
        return self._faces(settings)

    def process_static_image(self, frame: Frame) -> Faces:
        """Take a picture by itself: forget all faces, then search everywhere in it."""
        self.reset()
        return self.process(frame, static_image=True)

    def _start_anew(self, frame: Frame) -> None:
        self._image_wh = frame.image_wh
        self._tracker.reset()
        self._steadier.reset()
        self._stages.search.reset()

    def _sightings(self, frame: Frame, expected: Rois, *, static_image: bool) -> Observations:
        """Look where faces are expected and, if there is room for more, search meanwhile."""
        if len(expected) >= self.settings.max_faces and not self._tracker.long_ago:
            return self._followed(frame, expected)
        strangers, sightings = self._stages.pool.run_both(
            lambda: self._strangers(frame, static_image=static_image),
            lambda: self._followed(frame, expected),
        )
        if not len(strangers):
            return sightings
        with self._stage('new faces'):
            return self._with_new(frame, sightings, strangers)

    def _strangers(self, frame: Frame, *, static_image: bool) -> FaceDetections:
        """Search, and take away who is followed already."""
        search, tracker, settings = self._stages.search, self._tracker, self.settings
        with self._stage('detect'):
            if static_image:
                found = search.scan_image(frame, settings)
            else:
                found = search.scan_next(
                    frame,
                    settings,
                    known_xyxy=tracker.followed_xyxy,
                    whole_image=not tracker.in_sight or tracker.long_ago,
                    search_rois=enlarged_upright(tracker.lost[:1], SEARCHED_AROUND),
                )
        return tracker.recognise(found, settings.min_tracking_iou)

    def _followed(self, frame: Frame, expected: Rois) -> Observations:
        with self._stage('landmarks'):
            return self._seen(frame, expected, np.full(len(expected), np.nan, np.float32))

    def _with_new(
        self, frame: Frame, sightings: Observations, strangers: FaceDetections
    ) -> Observations:
        """Look at strangers too, until enough of them are faces."""
        wanted = self.settings.max_faces
        counted = sightings[:0] if self._tracker.long_ago else sightings
        for start in range(0, len(strangers), wanted):
            if self._present(counted).sum() >= wanted:
                break
            new = self._new(frame, strangers[start : start + wanted])
            counted, sightings = counted + new, sightings + new
        return sightings

    def _new(self, frame: Frame, strangers: FaceDetections) -> Observations:
        rois = rois_from_detections(strangers, square=self._stages.square_roi)
        first = self._seen(frame, rois, strangers.scores)
        if not self.settings.second_look:
            return first
        return refine_landmarks(
            first,
            lambda crops: self._stages.landmarker.predict(frame, crops),
            self.settings.min_presence_confidence,
        )

    def _seen(self, frame: Frame, rois: Rois, scores: Float32) -> Observations:
        located = self._stages.landmarker.predict(frame, rois)
        return Observations(located.points, located.presences, scores, rois)

    def _present(self, sightings: Observations) -> NDArray[np.bool_]:
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
            return self._stages.expressions.predict(points)
