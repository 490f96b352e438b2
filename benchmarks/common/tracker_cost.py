"""Time of the tracker and the temporal filter, without inference."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from facemesh_ros.geometry.boxes import tight_boxes
from facemesh_ros.geometry.rois import LEFT_EYE_CORNER, RIGHT_EYE_CORNER
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.smoothing.landmark_smoother import LandmarkSmoother
from facemesh_ros.tracking.face_ids import FaceIds
from facemesh_ros.tracking.tracker import Tracker
from facemesh_ros.types import NO_DETECTIONS, Float32, Observations, Rois

LANDMARKS, SIZE_PX, RATE_HZ = 478, 100.0, 30
IMAGES, WARM_UP = 600, 60
IMAGE_WH = (1280, 720)


def measure_tracker(faces: int) -> dict[str, Any]:
    """Track synthetic moving faces; returns the medians of an image, ms."""
    settings = PipelineSettings(max_faces=max(faces, 1))
    tracker, steadier = Tracker(LANDMARKS, FaceIds()), LandmarkSmoother(settings.filter)
    tracker_s, filter_s = [], []
    for index in range(IMAGES):
        points = _faces(faces, index)
        start = perf_counter()
        expected = tracker.expect(1 / RATE_HZ)
        _ = tracker.followed_xyxy  # the pipeline asks before it searches
        tracker.recognise(NO_DETECTIONS, settings.min_tracking_iou)
        scores = np.full(faces, np.nan if len(expected) else 0.9, np.float32)
        sightings = Observations(points, np.ones(faces, np.float32), scores, _rois(points))
        tracker.update(sightings, settings, IMAGE_WH, _grey)
        between = perf_counter()
        stamp_ns = round(index * 1e9 / RATE_HZ)
        tracker.steady(
            lambda ids, seen, now=stamp_ns: steadier.update(ids, seen, now, settings.filter)
        )
        filtered = perf_counter()
        followed = tracker.published(settings.min_tracking_iou)
        followed.states(settings.min_birth_frames)
        end = perf_counter()
        filter_s.append(filtered - between)
        tracker_s.append(end - start - filter_s[-1])
    tracker_ms, filter_ms = (1e3 * median(each[WARM_UP:]) for each in (tracker_s, filter_s))
    return {'faces': faces, 'tracker_ms': tracker_ms, 'with_filter_ms': tracker_ms + filter_ms}


def _faces(count: int, index: int) -> Float32:
    """Return (N, L, 3) px of faces in rows of four, each moving, with a little noise."""
    random = np.random.default_rng(7)
    shape = random.normal(0, 0.2, (LANDMARKS, 3))
    shape[[RIGHT_EYE_CORNER, LEFT_EYE_CORNER]] = (-0.4, -0.2, 0), (0.4, -0.2, 0)
    positions = np.array([(200 + 250 * (k % 4), 180 + 300 * (k // 4), 0) for k in range(count)])
    shift = 40 * np.sin(0.05 * index + np.arange(count))[:, None, None]
    noise = np.random.default_rng(index).normal(0, 0.1, (count, LANDMARKS, 3))
    return (positions[:, None] + SIZE_PX * shape + shift * [1, 0.5, 0] + noise).astype(np.float32)


def _grey(points: Float32) -> Float32:
    return np.zeros((len(points), 3), np.float32)


def _rois(points: Float32) -> Rois:
    boxes = tight_boxes(points)
    return Rois(
        (boxes[:, :2] + boxes[:, 2:]) / 2,
        1.5 * (boxes[:, 2:] - boxes[:, :2]),
        np.zeros(len(points), np.float32),
    )
