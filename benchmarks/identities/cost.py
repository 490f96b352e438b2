"""What the tracker and the filter cost, without any network."""

from __future__ import annotations

from statistics import median
from time import perf_counter

import numpy as np

from benchmarks.identities.report import CostRow
from facemesh_ros.geometry.boxes import tight_boxes
from facemesh_ros.geometry.canonical_face import LEFT_EYE_OUTER_CORNER, RIGHT_EYE_OUTER_CORNER
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.smoothing.landmark_smoother import LandmarkSmoother
from facemesh_ros.tracking.tracker import FaceIds, Tracker
from facemesh_ros.types import NO_DETECTIONS, Float32, Observations, Rois

LANDMARKS, SIZE_PX, RATE_HZ = 478, 100.0, 30
IMAGES, WARM_UP = 600, 60
IMAGE_WH = (1280, 720)


def cost_of(faces: int) -> CostRow:
    """Follow so many faces that walk about and take the time of every image."""
    settings = PipelineSettings(max_faces=max(faces, 1))
    tracker, smoother = Tracker(LANDMARKS, FaceIds()), LandmarkSmoother(settings.filter)
    tracker_s, filter_s = [], []
    for index in range(IMAGES):
        points = _faces(faces, index)
        start = perf_counter()
        expected = tracker.predict(1 / RATE_HZ)
        _ = tracker.expected_xyxy  # the pipeline reads it for the search
        tracker.match_detections(NO_DETECTIONS, settings.min_tracking_iou)
        scores = np.full(faces, np.nan if len(expected) else 0.9, np.float32)
        observations = Observations(points, np.ones(faces, np.float32), scores, _rois(points))
        comparison = tracker.compare(observations, settings)
        colors = np.zeros((faces, 3), np.float32) if comparison.needs_colors else None
        ids, seen = tracker.update(observations, comparison, colors, settings, IMAGE_WH)
        between = perf_counter()
        stamp_ns = round(index * 1e9 / RATE_HZ)
        tracker.adopt_smoothed(*smoother.update(ids, seen, stamp_ns, settings.filter))
        filtered = perf_counter()
        followed = tracker.published(settings.min_tracking_iou)
        followed.states(settings.min_birth_frames)
        end = perf_counter()
        filter_s.append(filtered - between)
        tracker_s.append(end - start - filter_s[-1])
    tracker_ms, filter_ms = (1e3 * median(each[WARM_UP:]) for each in (tracker_s, filter_s))
    return CostRow(faces, tracker_ms, tracker_ms + filter_ms)


def _faces(count: int, index: int) -> Float32:
    """Return (N, L, 3) px of faces in rows of four, each moving and a little noisy."""
    random = np.random.default_rng(7)
    shape = random.normal(0, 0.2, (LANDMARKS, 3))
    shape[[RIGHT_EYE_OUTER_CORNER, LEFT_EYE_OUTER_CORNER]] = (-0.4, -0.2, 0), (0.4, -0.2, 0)
    places = np.array([(200 + 250 * (k % 4), 180 + 300 * (k // 4), 0) for k in range(count)])
    way = 40 * np.sin(0.05 * index + np.arange(count))[:, None, None]
    noise = np.random.default_rng(index).normal(0, 0.1, (count, LANDMARKS, 3))
    return (places[:, None] + SIZE_PX * shape + way * [1, 0.5, 0] + noise).astype(np.float32)


def _rois(points: Float32) -> Rois:
    boxes = tight_boxes(points)
    return Rois(
        (boxes[:, :2] + boxes[:, 2:]) / 2,
        1.5 * (boxes[:, 2:] - boxes[:, :2]),
        np.zeros(len(points), np.float32),
    )
