"""Benchmark of the temporal filters: its images show its true landmarks, its scores are right."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('scipy')

from face_motions import MOTIONS, Pose
from face_warps import Expression, FaceWarp
from filter_quality.scores import clip_score, score
from filter_quality.sequences import MotionSequence
from rendered_faces import EYE_DISTANCE_PX, Portrait

from facemesh_ros.geometry.canonical_face import load_topology

EXPRESSIONS = {
    'turn': Expression(yaw_rad=0.3, pitch_rad=-0.1),
    'open mouth': Expression(mouth_opening=0.16),
    'shut eyes': Expression(eye_closing=1.0),
    'all': Expression(yaw_rad=-0.2, mouth_opening=0.1, eye_closing=0.5),
}
RATE_HZ = 30.0


@pytest.fixture(scope='module')
def landmarks() -> np.ndarray:
    """The canonical face in a picture of 300 x 300, (468, 3) px."""
    vertices = load_topology(468).canonical_vertices_m * [1, -1, -1]
    return (vertices * 1000 + [150, 150, 0]).astype(np.float32)


@pytest.fixture(scope='module')
def portrait(landmarks) -> Portrait:
    # Colours that say where in the picture they are.
    across = np.linspace(0, 255, 300)
    picture = np.stack(np.broadcast_arrays(across, across[:, None], 0), axis=-1).astype(np.uint8)
    return Portrait(picture, landmarks, FaceWarp(picture, landmarks))


@pytest.mark.parametrize('expression', EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_a_deformed_image_shows_each_landmark_at_its_deformed_position(
    landmarks, portrait, expression
):
    points = landmarks[:, :2].astype(np.float64)
    moved = portrait.warp.moved(points, expression)
    assert np.abs(moved - points).max() > 3
    # Sources are calculated for whole images; interpolate the four pixels around each landmark.
    height, width = portrait.picture.shape[:2]
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float64)
    sources = portrait.warp.sources(grid, expression)
    columns, rows = np.floor(moved).astype(int).T
    parts = moved - np.floor(moved)
    left, right = (
        sources[rows, columns + step] * (1 - parts[:, 1:])
        + sources[rows + 1, columns + step] * parts[:, 1:]
        for step in (0, 1)
    )
    seen = left * (1 - parts[:, :1]) + right * parts[:, :1]
    errors = np.linalg.norm(seen - points, axis=1)
    assert np.median(errors) < 0.1
    assert np.quantile(errors, 0.95) < 1


@pytest.mark.parametrize('motion', ['still', 'zoom', 'roll', 'pan', 'lively'])
def test_the_image_shows_the_truth(landmarks, portrait, motion):
    pose = MOTIONS[motion](0.7)
    truth, image = portrait.truth(pose), portrait.image(pose)
    inside = ((truth >= 1) & (truth < np.array(image.shape[1::-1]) - 2)).all(axis=1)
    columns, rows = np.rint(truth[inside]).astype(int).T
    colours = image[rows, columns, :2].astype(float) / 255 * 299
    errors = np.linalg.norm(colours - landmarks[inside, :2], axis=1)
    assert np.median(errors) < 1.5


def swinging(landmarks, late_frames=0.0):
    times_s = np.arange(150) / RATE_HZ
    shifts = 100 * np.sin(2 * (times_s - late_frames / RATE_HZ))
    faces = np.repeat(landmarks[None], 150, axis=0)
    faces[:, :, 0] += shifts[:, None]
    faces[:, 159, 1] += np.cos(9 * times_s)  # the eyes are not quite at rest
    return faces, times_s


@pytest.mark.parametrize('late_frames', [0.0, 0.5, -1.0])
def test_lag_is_counted_in_images(landmarks, late_frames):
    truth, times_s = swinging(landmarks)
    late, _ = swinging(landmarks, late_frames)
    linear = np.repeat(np.eye(2)[None], len(times_s), axis=0)
    sequence = MotionSequence(truth, truth[..., :2].astype(np.float64), linear, times_s)
    assert score('pan', sequence, late).lag_frames == pytest.approx(late_frames, abs=0.02)
    assert clip_score(truth, late, RATE_HZ).lag_frames == pytest.approx(late_frames, abs=0.02)


def test_a_constant_bias_of_the_model_is_no_error(landmarks):
    truth, times_s = swinging(landmarks)
    linear = np.repeat(np.eye(2)[None], len(times_s), axis=0)
    sequence = MotionSequence(truth, truth[..., :2].astype(np.float64), linear, times_s)
    bias = np.random.default_rng(0).normal(0, 3, landmarks.shape).astype(np.float32)
    assert score('pan', sequence, truth + bias).error == pytest.approx(0, abs=1e-2)


def test_jitter_at_rest_is_the_noise(landmarks):
    faces = np.repeat(landmarks[None], 150, axis=0)
    unit = np.linalg.norm(landmarks[263] - landmarks[33]) / 100
    noisy = faces + np.random.default_rng(1).normal(0, unit / 2**0.5, faces.shape)
    linear = np.repeat(np.eye(2)[None], 150, axis=0)
    sequence = MotionSequence(
        noisy, faces[..., :2].astype(np.float64), linear, np.arange(150) / RATE_HZ
    )
    assert score('still', sequence, noisy).jitter == pytest.approx(1, rel=0.05)
    assert score('slow', sequence, noisy).jitter == pytest.approx(1, rel=0.05)


def test_a_face_is_shown_at_its_size(portrait):
    truth = portrait.truth(Pose())
    assert np.linalg.norm(truth[263] - truth[33]) == pytest.approx(EYE_DISTANCE_PX, rel=1e-3)
