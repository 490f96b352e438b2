"""The face pipeline, and the only place that knows the order of the stages.

predict tracks -> search new faces | landmarks of tracked faces -> landmarks of new faces, refined
-> assign to tracks -> smooth -> blendshapes -> metric pose, landmarks and gaze
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from facemesh_ros.attributes.head_estimator import HeadEstimator
from facemesh_ros.detection.merging import other_orientations, shown_by
from facemesh_ros.frame_clock import FrameClock, StampFaults
from facemesh_ros.geometry.boxes import tight_boxes
from facemesh_ros.geometry.rois import enlarged_upright, rois_from_detections
from facemesh_ros.image.crop import brightened
from facemesh_ros.landmarks.averaging import average_over_crops
from facemesh_ros.landmarks.face_gate import judge_faces
from facemesh_ros.landmarks.new_faces import NewFaces
from facemesh_ros.pipeline.components import Components, Stage, untimed
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.smoothing.landmark_smoother import LandmarkSmoother
from facemesh_ros.tracking.face_traits import FaceTraits
from facemesh_ros.tracking.tracker import FaceIds, Tracker
from facemesh_ros.types import (
    NO_DETECTIONS,
    FaceDetections,
    FaceLandmarks,
    Faces,
    Frame,
    Observations,
    Rois,
)

# A lost face is searched for in a square of so many times its crop's side.
LOST_FACE_MARGIN = 2.5
# How many detections that their first crops do not confirm get further looks in an image of a
# stream, so that no image costs much more than another, and in a picture.
MAX_FURTHER, MAX_FURTHER_STATIC = 1, 16
# After so many times `detector_interval` images without one, the detector looks at a track; where
# there is no room for new faces, and so no search finds it anyway, at greater intervals.
LOOK_INTERVALS = {False: 2, True: 6}
# Settings that differ for a picture which has nothing to do with others.
STATIC_IMAGE: dict[str, Any] = {'min_birth_frames': 1, 'filter': FilterSettings(type='none')}


class FacePipeline:
    """Finds and tracks the faces of one stream of frames.

    Attributes:
        settings: May be replaced between two frames.
    """

    def __init__(
        self,
        components: Components,
        settings: PipelineSettings,
        ids: FaceIds,
        stage: Stage = untimed,
    ) -> None:
        """Start without faces.

        Args:
            components: The parts that it is made of.
            settings: The first settings.
            ids: Issues the ids of new faces.
            stage: Entered around each stage with its name, to take the time.
        """
        self.settings = settings
        self._components = components
        self._stage = stage
        self._clock = FrameClock()
        self._tracker = Tracker(components.landmark_model.landmark_count, ids)
        self._new_faces = NewFaces()
        self._smoother = LandmarkSmoother(settings.filter)
        self._heads = HeadEstimator()
        self._image_wh = (0, 0)

    @property
    def detector_runs(self) -> dict[str, int]:
        """How often each detector has run so far, on an image or a part of it, by name."""
        return dict(self._components.search.detector_runs)

    @property
    def stamp_faults(self) -> StampFaults:
        """Faults of the stamps of its frames so far."""
        return self._clock.faults

    @property
    def metric_problem(self) -> str:
        """Why metres are missing or worse than asked for in the last frame; empty if not."""
        return self._heads.problem

    def reset(self) -> None:
        """Forget all faces before the next frame; ids go on counting."""
        self._clock.reset()

    def process_static_image(self, frame: Frame, *, averaged: bool = False) -> Faces:
        """Process a picture by itself: forget all faces, then search everywhere in it.

        Args:
            frame: The picture.
            averaged: Whether landmarks are a mean over several crops, which takes longer; without
                `second_look` they are not.
        """
        self.reset()
        return self.process(frame, static_image=True, averaged=averaged)

    def process(
        self, frame: Frame, *, static_image: bool = False, averaged: bool = False
    ) -> Faces:
        """Process the next frame of a stream.

        Faces are tracked from frame to frame, and the search for new ones is spread over several.
        All starts anew when the image size changes and where `FrameClock` says so.

        Args:
            frame: The image.
            static_image: Whether to search everywhere in this one image, however long it takes, to
                confirm a new face at once, and not to filter: for pictures that have little to do
                with those before and after.
            averaged: See `process_static_image`; for static images only.

        Returns:
            Up to `max_faces` faces, sorted by id; empty if none.
        """
        settings = replace(self.settings, **STATIC_IMAGE) if static_image else self.settings
        tracker, image_wh = self._tracker, frame.image_wh
        interval_s = self._clock.step(frame.stamp_ns)
        if interval_s is None or image_wh != self._image_wh:
            self._start_stream(image_wh)
        rois = tracker.predict(interval_s or 0.0)
        shown = brightened(frame)
        observations = self._observations(shown, rois, static_image=static_image)
        if averaged and settings.second_look:
            faces = observations[observations.are_faces]
            observations = average_over_crops(faces, self._predict_in(shown))
        traits = FaceTraits.measured(frame, observations.points)
        ids, points = tracker.update(observations, traits, settings, image_wh)
        with self._stage('filter'):
            if len(ids):
                tracker.adopt_smoothed(
                    *self._smoother.update(ids, points, self._clock.now_ns, settings.filter)
                )
        return self._faces(frame, settings)

    def _start_stream(self, image_wh: tuple[int, int]) -> None:
        self._image_wh = image_wh
        self._tracker.reset()
        self._new_faces.reset()
        self._smoother.reset()
        self._heads.reset()
        self._components.search.reset()

    def _observations(self, frame: Frame, rois: Rois, *, static_image: bool) -> Observations:
        """Run the landmark model on the predicted ROIs and, if there is room, on new faces."""
        observe_tracks = partial(self._observe_tracks, frame, rois)
        is_full = len(rois) >= self.settings.max_faces and not self._tracker.after_long_gap
        look_at = self._tracker.due_look(LOOK_INTERVALS[is_full] * self.settings.detector_interval)
        if is_full and look_at is None:
            return observe_tracks()
        search = partial(self._look_and_search, frame, static_image, is_full, look_at)
        unmatched, observations = self._components.pool.run_both(search, observe_tracks)
        if not len(unmatched):
            return observations
        with self._stage('new faces'):
            return self._with_new_faces(frame, observations, unmatched, static_image)

    def _look_and_search(
        self, frame: Frame, static_image: bool, is_full: bool, look_at: int | None
    ) -> FaceDetections:
        """Look at one of the followed tracks, if any, and search for others if there is room."""
        if look_at is not None:
            with self._stage('detect'):
                tracker = self._tracker
                box, rotation_rad = tracker.expected_xyxy[look_at], tracker.rotations_rad[look_at]
                search = self._components.search
                score = search.score_face(frame, box, float(rotation_rad), self.settings)
                tracker.take_look(look_at, score)
        return NO_DETECTIONS if is_full else self._search(frame, static_image)

    def _search(self, frame: Frame, static_image: bool) -> FaceDetections:
        """Return detections that are of no tracked face."""
        search, tracker, settings = self._components.search, self._tracker, self.settings
        lost = tracker.lost_rois
        with self._stage('detect'):
            if static_image:
                found = search.scan_image(frame, settings)
            else:
                found = search.scan_next(
                    frame,
                    settings,
                    known_xyxy=tracker.expected_xyxy,
                    whole_image=not tracker.all_in_sight or tracker.after_long_gap,
                    search_rois=(
                        enlarged_upright(lost[:1], LOST_FACE_MARGIN) if len(lost) else lost
                    ),
                )
        return tracker.match_detections(found, settings.min_tracking_iou)

    def _observe_tracks(self, frame: Frame, rois: Rois) -> Observations:
        with self._stage('landmarks'):
            landmarks = self._components.landmark_model.predict(frame, rois)
        return judge_faces(
            Observations.of_tracks(landmarks, rois), self.settings.min_presence_confidence
        )

    def _with_new_faces(
        self,
        frame: Frame,
        observations: Observations,
        detections: FaceDetections,
        static_image: bool,
    ) -> Observations:
        """Observe unmatched detections too, best first, until there are enough faces.

        What may be a face in another orientation comes last, where the better one was none.
        """
        max_faces = self.settings.max_faces
        counted = observations[:0] if self._tracker.after_long_gap else observations
        is_other = other_orientations(detections)
        for are_other in (False, True):
            part = detections[is_other == are_other]
            if are_other:
                part = part[~shown_by(part, counted.points[counted.are_faces])]
            for start in range(0, len(part), max_faces):
                if np.count_nonzero(counted.are_faces) >= max_faces:
                    return observations
                new = self._observe_new(frame, part[start : start + max_faces], static_image)
                counted, observations = counted + new, observations + new
        return observations

    def _observe_new(
        self, frame: Frame, detections: FaceDetections, static_image: bool
    ) -> Observations:
        rois = rois_from_detections(detections, square=self._components.square_roi)
        predict = self._predict_in(frame)
        first = Observations.of_detections(predict(rois), detections, rois)
        if not self.settings.second_look:
            return judge_faces(first, self.settings.min_presence_confidence)
        return self._new_faces.observe(
            first,
            detections.boxes_xyxy,
            predict,
            partial(self._components.search.score_new_faces, frame),
            image_wh=frame.image_wh,
            min_presence=self.settings.min_presence_confidence,
            now_ns=self._clock.now_ns,
            max_further=MAX_FURTHER_STATIC if static_image else MAX_FURTHER,
        )

    def _predict_in(self, frame: Frame) -> Callable[[Rois], FaceLandmarks]:
        return partial(self._components.landmark_model.predict, frame)

    def _faces(self, frame: Frame, settings: PipelineSettings) -> Faces:
        tracks = self._tracker.published(settings.min_tracking_iou)
        model = self._components.blendshape_model
        if model is None:
            blendshapes = np.empty((len(tracks.ids), 0), np.float32)
        else:
            with self._stage('blendshapes'):
                blendshapes = model.predict(tracks.smoothed)
        if frame.find_geometry is not None and len(tracks.ids):
            with self._stage('camera and depth'):
                camera, depth = frame.find_geometry()
                frame = frame.with_geometry(camera, depth)
        with self._stage('metric'):
            metric = self._heads.update(tracks.ids, tracks.smoothed, frame, settings.metric_mode)
        return Faces(
            ids=tracks.ids,
            states=tracks.states(settings.min_birth_frames),
            ages=tracks.ages,
            detection_scores=tracks.scores,
            last_detection_scores=tracks.look_scores,
            last_detection_ages=tracks.look_ages,
            presences=tracks.presences,
            boxes_xyxy=tight_boxes(tracks.smoothed),
            rois=tracks.rois,
            landmarks=tracks.smoothed,
            raw_landmarks=tracks.points,
            jitters_px=tracks.jitters_px,
            blendshapes=blendshapes,
            metric=metric,
            filtered=settings.filter.type != 'none',
        )
