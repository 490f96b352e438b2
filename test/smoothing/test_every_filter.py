"""Properties of every filter: faces are independent, intervals are true ones, tracks never mix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing.landmark_smoother import filter_from_settings

pytestmark = pytest.mark.filterwarnings('error')
SECOND_NS = 1_000_000_000
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=6)


def assert_close(found, expected, within_px=1e-3):
    """As pytest.approx, which takes seconds for arrays of this size."""
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=within_px)


def swaying(head, frames, rate_hz=30.0, seed=0):
    """Return a head that sways, tilts and turns, with noise."""
    times = np.arange(frames) / rate_hz
    clean = [
        head.landmarks(
            (320 + 60 * np.sin(3 * time), 240 + 10 * np.sin(5 * time)),
            1 + 0.1 * np.sin(2 * time),
            0.2 * np.sin(4 * time),
            0.3 * np.sin(time),
        )
        for time in times
    ]
    return np.stack(clean) + head.noise(seed, frames)


@pytest.fixture(scope='module')
def four_heads(head):
    """Four heads that sway beside each other, (F, 4, 478, 3)."""
    return np.stack([swaying(head, 25, seed=seed) + seed * 7 for seed in range(4)], axis=1)


@shared
@given(rate_hz=st.floats(5, 120), start_ns=st.sampled_from([0, 1, 10**18]))
def test_a_face_that_does_not_move_is_unchanged(kind, head, filtered, rate_hz, start_ns):
    frames = np.stack([head.landmarks()] * 20)
    stamps_ns = [start_ns + round(index * 1e9 / rate_hz) for index in range(20)]
    assert_close(filtered(frames, kind, stamps_ns=stamps_ns)[:, 0], frames)


@shared
@given(
    angle_rad=st.floats(-3.1, 3.1),
    scale=st.floats(0.2, 5),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
)
def test_rigid_is_equivariant_to_rotation_scale_and_shift(
    four_heads, filtered, angle_rad, scale, shift
):
    cos, sin = scale * np.cos(angle_rad), scale * np.sin(angle_rad)
    rotation = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, scale]])
    frames = four_heads[:, 0]
    expected = filtered(frames)[:, 0] @ rotation + [*shift, 0]
    changed = filtered(frames @ rotation + [*shift, 0])[:, 0]
    assert_close(changed, expected, within_px=2e-2 * scale)


@shared
@given(scale=st.floats(0.2, 5), shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)))
def test_one_euro_is_equivariant_to_scale_and_shift(four_heads, filtered, scale, shift):
    frames = four_heads[:, 0]
    expected = scale * filtered(frames, 'one_euro')[:, 0] + [*shift, 0]
    changed = filtered(scale * frames + [*shift, 0], 'one_euro')[:, 0]
    assert_close(changed, expected, within_px=2e-2 * scale)


@shared
@given(order=st.permutations(range(4)))
def test_faces_are_filtered_independently(kind, four_heads, filtered, order):
    alone = np.concatenate([filtered(four_heads[:, face], kind) for face in range(4)], axis=1)
    together = filtered(four_heads[:, order], kind, ids=np.array(order) + 5)
    assert_close(together, alone[:, order])


def test_the_order_of_tracks_may_change_and_tracks_may_pause(kind, head):
    frames = np.stack([swaying(head, 40, seed=seed) for seed in (1, 2, 3)], axis=1)
    seen = [np.random.default_rng(5).permutation(3)[: 1 + index % 3] for index in range(40)]
    mixed, alone = (filter_from_settings(FilterSettings(type=kind)) for _ in range(2))
    expected = {}
    for face in range(3):
        alone.reset()
        for index in (index for index in range(40) if face in seen[index]):
            expected[index, face] = alone.update(
                np.array([face]), frames[index, [face]], index * SECOND_NS // 30
            )[0]
    for index, faces in enumerate(seen):
        found = mixed.update(faces, frames[index, faces], index * SECOND_NS // 30)
        for face, landmarks in zip(faces, found, strict=True):
            assert_close(landmarks, expected[index, face])


def test_reset_forgets_everything(kind, head):
    smoother, fresh = (filter_from_settings(FilterSettings(type=kind)) for _ in range(2))
    first, second = swaying(head, 20), swaying(head, 20, seed=3) + np.float32(4)
    for index, face in enumerate(first):
        smoother.update(np.array([1]), face[None], index * SECOND_NS // 30)
    smoother.reset()
    for index, face in enumerate(second):
        stamp_ns = (20 + index) * SECOND_NS // 30
        found = smoother.update(np.array([1]), face[None], stamp_ns)
        assert np.array_equal(found, fresh.update(np.array([1]), face[None], stamp_ns))


@pytest.mark.parametrize(
    'later_ns', [-1, -SECOND_NS, SECOND_NS // 2 + 1, 60 * SECOND_NS], ids=lambda each: f'{each} ns'
)
def test_time_that_goes_back_or_a_long_gap_restarts_a_track(kind, head, later_ns):
    smoother = filter_from_settings(FilterSettings(type=kind))
    start_ns = 100 * SECOND_NS
    for index, face in enumerate(swaying(head, 20)):
        last_ns = start_ns + index * SECOND_NS // 30
        smoother.update(np.array([1]), face[None], last_ns)
    moved = head.landmarks((330, 245))[None]
    assert smoother.update(np.array([1]), moved, last_ns + later_ns) == pytest.approx(
        moved, abs=1e-3
    )


def test_a_track_continues_after_a_short_gap(head):
    noisy = head.landmarks() + head.noise(1, 100)
    smoother = filter_from_settings(FilterSettings())
    for index, face in enumerate(noisy[:90]):
        smoother.update(np.array([1]), face[None], index * SECOND_NS // 30)
    smoother.update(np.array([2]), noisy[[90]], 3 * SECOND_NS)
    found = smoother.update(np.array([1]), noisy[[95]], 3 * SECOND_NS + SECOND_NS // 3)[0]
    error = np.abs(found - head.landmarks()).mean()
    assert error < 0.5 * np.abs(noisy[95] - head.landmarks()).mean()


def test_a_track_restarts_when_it_jumps_to_another_face(kind, head):
    smoother = filter_from_settings(FilterSettings(type=kind))
    for index in range(20):
        smoother.update(np.array([1]), head.landmarks((150, 240))[None], index * SECOND_NS // 30)
    for index in range(20, 30):
        other = head.landmarks((500, 200), 1.2)[None]
        found = smoother.update(np.array([1]), other, index * SECOND_NS // 30)
        assert_close(found, other)


@shared
@given(intervals_ms=st.lists(st.floats(0, 210), min_size=20, max_size=20), zero=st.booleans())
def test_any_stamps_give_landmarks_between_the_measured_ones(
    kind, head, filtered, intervals_ms, zero
):
    stamps_ns = [0 if zero else round(1e6 * at) for at in np.cumsum(intervals_ms)]
    frames = np.stack([head.landmarks((300 + (index > 10) * 20, 240)) for index in range(20)])
    found = filtered(frames, kind, stamps_ns=stamps_ns)[:, 0]
    assert np.isfinite(found).all()
    # A step is the hardest input for a constant velocity model.
    assert_close(found.min(axis=0), frames.min(axis=0), within_px=8)
    assert_close(found.max(axis=0), frames.max(axis=0), within_px=8)


@pytest.mark.parametrize('degenerate', ['one point', 'one plane', 'not a number', 'infinite'])
def test_degenerate_landmarks_pass_unchanged_and_affect_no_other_face(head, degenerate):
    bad = head.landmarks()
    if degenerate == 'one point':
        bad[:] = 7
    elif degenerate == 'one plane':
        bad[:, 2] = 0
    else:
        bad[5] = np.nan if degenerate == 'not a number' else np.inf
    smoother = filter_from_settings(FilterSettings())
    both = np.stack([head.landmarks(), bad])
    for index in range(3):
        found = smoother.update(np.array([1, 2]), both, index * SECOND_NS // 30)
        assert np.array_equal(found[1], bad, equal_nan=True)
        assert_close(found[0], both[0])
    good = head.landmarks((325, 240))[None]
    assert_close(smoother.update(np.array([2]), good, SECOND_NS // 8), good)


def test_no_faces_are_no_error(kind):
    smoother = filter_from_settings(FilterSettings(type=kind))
    none = np.empty((0, 478, 3), np.float32)
    assert smoother.update(np.empty(0, np.int64), none, 0).shape == (0, 478, 3)


def test_other_landmark_counts_are_refused():
    smoother = filter_from_settings(FilterSettings())
    with pytest.raises(ValueError, match='468 or 478; got 68'):
        smoother.update(np.array([1]), np.zeros((1, 68, 3), np.float32), 0)
