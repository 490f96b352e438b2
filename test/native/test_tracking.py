"""The tracker's native parts against their formulas in plain numpy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from native_calls import assert_other_shapes_are_refused

from facemesh_ros import native
from facemesh_ros.geometry.boxes import box_sizes, overlaps, tight_boxes
from facemesh_ros.tracking.face_traits import look_abruptly_different
from facemesh_ros.types import PixelOrder

PARTS = np.arange(24).reshape(6, 4) * 3
MODEL = (0.02, 6.0, 0.5, 0.3)
seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def seen(random, faces=3, wh=(60, 40)):
    """Return landmarks in and beside an image, (N, 90, 3) px."""
    points = random.uniform(-10, 1.2 * np.array([*wh, 9]), (faces, 90, 3))
    return points.astype(np.float32)


@given(seeds, st.sampled_from([PixelOrder.MONO, PixelOrder.BGR, PixelOrder.RGBA]), st.booleans())
def test_traits_follow_their_formulas(random, order, padded):
    image = random.integers(0, 256, (40, 60, order.channels), np.uint8)
    image = image[::2, 3:-5] if padded else image  # rows and columns that are not packed
    points = seen(random, wh=image.shape[1::-1])
    found = native.face_traits(image, order.value[:3], points, PARTS)
    centroids, boxes, appearances, shapes = found
    xy = points[..., :2].astype(np.float64)
    np.testing.assert_allclose(centroids, xy.mean(axis=1), rtol=1e-12)
    assert np.array_equal(boxes, np.concatenate([xy.min(axis=1), xy.max(axis=1)], axis=1))
    last = np.array(image.shape[1::-1]) - 1
    at = np.clip(np.floor(points[..., :2] + np.float32(0.5)), 0, last).astype(int)
    levels = image[at[..., 1], at[..., 0]][:, PARTS].astype(np.float64)[..., order.value[:3]]
    np.testing.assert_allclose(appearances, np.log1p(levels.mean(axis=2)), rtol=1e-5)
    sides = boxes[:, 2:] - boxes[:, :2]
    sizes = np.sqrt(np.maximum(np.prod(sides.astype(np.float64), axis=1), 1))
    expected = (xy[:, PARTS.ravel()] - centroids[:, None]) / sizes[:, None, None]
    np.testing.assert_allclose(shapes, expected.transpose(0, 2, 1), rtol=1e-4, atol=1e-6)


@given(seeds, st.integers(1, 4), st.floats(0, 1))
def test_faces_are_unambiguous_where_expected_and_apart(random, faces, nearness):
    apart = random.uniform(0, 400, (faces, 1, 3)).astype(np.float32)
    expected = tight_boxes(seen(random, faces) + apart)
    moved = expected + (30 * nearness * random.normal(size=(faces, 4))).astype(np.float32)
    sizes, others = box_sizes(expected), box_sizes(moved)
    middles = [(boxes[:, :2].astype(np.float64) + boxes[:, 2:]) / 2 for boxes in (expected, moved)]
    ways = np.linalg.norm(middles[1] - middles[0], axis=1)
    is_near = bool((ways / sizes + np.abs(np.log(others / sizes)) <= 0.7).all())
    both = np.concatenate([expected, moved])
    parts = overlaps(both, both)[1]
    same = np.eye(faces, dtype=bool)
    parts[np.block([[same, same], [same, same]])] = 0
    is_apart = bool(parts.max() <= 0.1)
    assert native.are_unambiguous(expected, moved, 0.7, 0.1) == (is_near and is_apart)


@given(seeds, st.integers(0, 3), st.floats(0, 1))
def test_tracks_move_on_as_in_numpy(random, count, interval_s):
    boxes = random.normal(300, 90, (count, 4)).astype(np.float32)
    offsets = random.normal(size=(count, 2))
    shifts = np.concatenate([offsets, offsets], axis=1).astype(np.float32)
    assert np.array_equal(native.moved_boxes(boxes, offsets), boxes + shifts)
    ages, look_ages = random.integers(0, 2**32, (2, count), np.uint32)
    unseen_s = random.uniform(0, 9, count)
    found = native.advance_ages(ages, look_ages, unseen_s, interval_s)
    expected = ages + np.uint32(1), look_ages + np.uint32(1), unseen_s + interval_s
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
    mean, now = random.normal(size=(2, count, 12, 3)).astype(np.float32)
    averaged = native.average_appearances(mean, now, interval_s)
    assert np.array_equal(averaged, mean + np.float32(interval_s) * (now - mean))


@given(seeds, st.integers(1, 4))
def test_changes_of_appearance_are_upper_medians(random, faces):
    before, now = random.normal(size=(2, faces, 12, 3)).astype(np.float32)
    changes = now - before
    relative = changes - changes.mean(axis=1, keepdims=True)
    for found, each in zip(
        native.appearance_changes(before, now), (changes, relative), strict=True
    ):
        largest = np.sort(np.abs(each).max(axis=2), axis=1)
        np.testing.assert_allclose(found, largest[:, 6], atol=1e-6)
    pairs = look_abruptly_different(before[:, None], now)
    assert np.array_equal(np.diagonal(pairs), look_abruptly_different(before, now))


@given(seeds, st.floats(0.001, 2))
def test_motion_is_a_kalman_filter(random, interval_s):
    """With position and velocity as vector and covariance as matrix, one track after another."""
    velocities, means = random.normal(0, 90, (2, 3, 2))
    roots = random.normal(size=(3, 2, 2))
    covariances = roots @ roots.transpose(0, 2, 1)
    variances = covariances.reshape(3, 4)[:, [0, 1, 3]]
    unseen, misses = np.array([False, True, False]), np.array([0, 4, 0])
    offsets = random.normal(size=(3, 2))
    noise, acceleration, coasting_s, averaging_s = MODEL
    *state, moved = native.predict_motion(
        velocities, means, variances, offsets, misses, interval_s, MODEL
    )
    step = np.array([[1, interval_s], [0, 1]])
    push = acceleration * np.array([interval_s**2 / 2, interval_s])
    expected = step @ covariances @ step.T + np.outer(push, push)
    np.testing.assert_allclose(state[2], expected.reshape(3, 4)[:, [0, 1, 3]], rtol=1e-9)
    slower = np.where(unseen, np.exp(-interval_s / coasting_s), 1)[:, None]
    np.testing.assert_allclose(state[0], slower * velocities, rtol=1e-12)
    assert np.array_equal(moved, offsets + state[0] * interval_s)
    share = 1 - np.exp(-interval_s / averaging_s)
    np.testing.assert_allclose(state[1], means + share * (velocities - means), atol=1e-9)
    before, now = random.normal(size=(2, 3, 2))
    corrected = native.correct_motion(*state, before, moved, now, MODEL)
    innovations = now - (before + moved)
    for row, covariance in enumerate(expected):
        gain = covariance[:, 0] / (covariance[0, 0] + noise**2)
        left = covariance - np.outer(gain, covariance[0])
        np.testing.assert_allclose(
            corrected[0][row], state[0][row] + gain[1] * innovations[row], rtol=1e-9
        )
        found = corrected[2][row]
        np.testing.assert_allclose(found, [left[0, 0], left[0, 1], left[1, 1]], atol=1e-9)
    assert np.array_equal(corrected[1], state[1])


def calls():
    """Return functions, each with arrays that fit."""
    image, points = np.zeros((9, 8, 3), np.uint8), seen(np.random.default_rng(1))
    boxes, looks = np.ones((3, 4), np.float32), np.ones((3, 12, 3), np.float32)
    state = {
        'velocities': np.ones((3, 2)),
        'mean_velocities': np.ones((3, 2)),
        'variances': np.ones((3, 3)),
    }
    return [
        (
            native.face_traits,
            {'image': image, 'order': (0, 1, 2), 'points': points, 'parts': PARTS},
        ),
        (
            native.are_unambiguous,
            {'expected': boxes, 'observed': boxes, 'gate': 0.7, 'containment': 0.1},
        ),
        (native.appearance_changes, {'before': looks, 'now': looks}),
        (native.average_appearances, {'mean': looks, 'now': looks, 'weight': 0.5}),
        (native.moved_boxes, {'boxes': boxes, 'offsets': np.ones((3, 2))}),
        (
            native.advance_ages,
            {
                'ages': np.ones(3, np.uint32),
                'look_ages': np.ones(3, np.uint32),
                'unseen_s': np.ones(3),
                'interval_s': 0.1,
            },
        ),
        (
            native.predict_motion,
            {
                **state,
                'offsets': np.ones((3, 2)),
                'misses': np.zeros(3, np.int64),
                'interval_s': 0.1,
                'model': MODEL,
            },
        ),
        (
            native.correct_motion,
            {
                **state,
                **dict.fromkeys(('before', 'offsets', 'now'), np.ones((3, 2))),
                'model': MODEL,
            },
        ),
    ]


@pytest.mark.parametrize('call', calls(), ids=lambda call: call[0].__name__)
def test_arrays_of_other_shapes_are_refused(call):
    assert_other_shapes_are_refused(*call)


def test_landmarks_and_colours_that_there_are_not_are_refused():
    _, arrays = calls()[0]
    for other in ({'parts': PARTS + 80}, {'order': (0, 1, 3)}, {'parts': PARTS[:0]}):
        with pytest.raises(ValueError, match=r'parts|order'):
            native.face_traits(**{**arrays, **other})


def test_threads_may_measure_at_once():
    image = np.random.default_rng(2).integers(0, 256, (40, 60, 3), np.uint8)
    faces = [seen(np.random.default_rng(seed)) for seed in range(40)]

    def measured(points):
        return native.face_traits(image, (0, 1, 2), points, PARTS)

    with ThreadPoolExecutor(4) as threads:
        for found, expected in zip(
            threads.map(measured, faces), map(measured, faces), strict=True
        ):
            assert all(map(np.array_equal, found, expected))
