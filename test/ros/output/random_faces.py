"""Faces to be published."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from facemesh_ros.messages.scene import SceneFaces
from facemesh_ros.types import Faces, Float64, MetricFaces, MetricSource, Rois

LANDMARKS = 478


def random_faces(
    ids: list[int],
    seed: int,
    landmarks: int = LANDMARKS,
    blendshapes: int = 0,
    *,
    metric: bool = False,
) -> Faces:
    """Faces of random numbers, in which every field differs.

    With `metric`, some are in space, and of some of these the gaze is known.
    """
    random, count = np.random.default_rng(seed), len(ids)

    def some(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    return Faces(
        ids=np.array(sorted(ids), np.int64),
        states=random.integers(0, 3, count, np.uint8),
        ages=random.integers(1, 2**32, count, np.uint32),
        detection_scores=np.where(random.integers(0, 2, count), some(count), np.float32(np.nan)),
        last_detection_scores=some(count),
        last_detection_ages=random.integers(0, 2**32, count, np.uint32),
        presences=some(count),
        boxes_xyxy=some(count, 4),
        rois=Rois(some(count, 2), some(count, 2), some(count)),
        landmarks=some(count, landmarks, 3),
        raw_landmarks=some(count, landmarks, 3),
        jitters_px=some(count),
        blendshapes=some(count, blendshapes),
        metric=_random_metric(random, count, landmarks)
        if metric
        else MetricFaces.unknown(count, landmarks),
        filtered=bool(random.integers(0, 2)),
    )


def random_scene(
    ids: list[int], seed: int, landmarks: int = LANDMARKS, *, gazes: bool = True
) -> SceneFaces:
    """Faces in space, somewhere in front of the camera."""
    random, count = np.random.default_rng(seed), len(ids)
    positions_m = random.normal(size=(count, 3)) * 0.2 + (0, 0, 1.5)
    directions = random_rotations(random, 2 * count)[:, 0].reshape(count, 2, 3)
    points_m = positions_m[:, None] + 0.05 * random.normal(size=(count, landmarks, 3))
    return SceneFaces(
        ids=np.array(sorted(ids), np.int64),
        names=np.array([f'f{number:05d}' for number in sorted(ids)], np.str_),
        points_m=points_m.astype(np.float32),
        distances_m=np.linalg.norm(positions_m, axis=1),
        positions_m=positions_m,
        rotations=random_rotations(random, count),
        gazes=directions if gazes else np.full((count, 2, 3), np.nan),
    )


def random_rotations(random: np.random.Generator, count: int) -> Float64:
    """Rotation matrices (N, 3, 3) of random directions."""
    frames, _ = np.linalg.qr(random.normal(size=(count, 3, 3)))
    return np.asarray(frames * np.linalg.det(frames)[:, None, None])


def _random_metric(random: np.random.Generator, count: int, landmarks: int) -> MetricFaces:
    sources = random.integers(0, 4, count, np.uint8)
    known = sources != MetricSource.NONE
    gazed = known & (random.integers(0, 2, count) == 1)

    def some(chosen: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.where(chosen.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)

    def gazes() -> np.ndarray:
        return some(gazed, random_rotations(random, count)[:, 0]).astype(np.float32)

    numbers = random.normal(size=(count, landmarks, 3)) * 0.05 + (0, 0, 0.6)
    return MetricFaces(
        sources=sources,
        landmarks_m=some(known, numbers).astype(np.float32),
        positions_m=some(known, random.normal(size=(count, 3)) * 0.2 + (0, 0, 5)),
        rotations=some(known, random_rotations(random, count)),
        covariances=some(known, random.normal(size=(count, 6, 6))),
        reprojection_errors_px=some(known, random.normal(size=count)).astype(np.float32),
        gazes_left=gazes(),
        gazes_right=gazes(),
        gaze_sigmas_rad=some(gazed, random.normal(size=count)).astype(np.float32),
    )


# Faces of one to three images that follow each other.
face_streams = st.lists(
    st.builds(
        random_faces,
        st.lists(st.integers(1, 5), max_size=3, unique=True),
        st.integers(0, 2**31),
        blendshapes=st.sampled_from([0, 52]),
        metric=st.booleans(),
    ),
    min_size=1,
    max_size=3,
)
