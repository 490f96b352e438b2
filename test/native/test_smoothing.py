"""The native filters against their formulas, written out for one face in plain numpy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros import native
from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing.canonical_fit import canonical_fit
from facemesh_ros.smoothing.landmark_groups import (
    EXPRESSION_OF_GROUP,
    NOISE_OF_GROUP,
    landmark_groups,
)
from facemesh_ros.smoothing.rigid import RigidFilter

ROOT = 0.5**0.5
# The coordinates of a change of the head's affine map, as sums of elements (row, column) of D F⁻¹:
# shift, shift, depth shift, zoom, roll, stretch, stretch, tilt, tilt, depth tilt (2), depth
# stretch; the component of each, and its noise relative to a skin landmark's.
FORMS = (
    {(0, 3): 1.0},
    {(1, 3): 1.0},
    {(2, 3): 1.0},
    {(0, 0): ROOT, (1, 1): ROOT},
    {(1, 0): ROOT, (0, 1): -ROOT},
    {(0, 0): ROOT, (1, 1): -ROOT},
    {(0, 1): ROOT, (1, 0): ROOT},
    {(0, 2): 1.0},
    {(1, 2): 1.0},
    {(2, 0): 1.0},
    {(2, 1): 1.0},
    {(2, 2): 1.0},
)
COMPONENT = np.array([0, 0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 7])
NOISE = np.array([1.05, 1.05, 1.2, 2.2, 3.5, 2.2, 2.2, 5.5, 5.5, 9.1, 9.1, 4.7])
ZOOM = 3
QUIET_ZOOM = 0.1015 * 6 * (2.1 * 2.2) ** 2 / 2
FACE = 1000 * load_topology(468).canonical_vertices_m * [1, -1, -1]


def form_matrix():
    matrix = np.zeros((12, 3, 4))
    for row, form in zip(matrix, FORMS, strict=True):
        for element, factor in form.items():
            row[element] = factor
    return matrix.reshape(12, 12)


class FormulaFilter:
    """docs/filtering.md for one face that is seen at a steady rate."""

    def __init__(self, chosen: FilterSettings, landmark_count: int) -> None:
        self.chosen, self.groups = chosen, landmark_groups(landmark_count)
        self.noise_of_group = np.array(list(NOISE_OF_GROUP.values()))
        self.at_rest = np.array(list(EXPRESSION_OF_GROUP.values()))
        self.canonical, self.forms = canonical_fit(), form_matrix()
        self.state = None

    def update(self, points, interval_s):
        y = points.astype(np.float64).T
        affine = y[:, :468] @ self.canonical.fit
        axes = affine[:2, :3] / self.canonical.extents_m
        size = np.sqrt(0.5 * (axes**2).sum()) * self.canonical.eye_distance_m
        frame = np.zeros((4, 4))
        frame[:3, :3], frame[3, 3] = affine[:, :3], size
        shape = np.linalg.solve(affine[:, :3], y - affine[:, 3:])
        if self.state is None:
            self._start(shape, size, affine)
        self._noise(shape, size, affine, interval_s)
        self._head(affine, frame, interval_s)
        self._shape(shape, size, affine, interval_s)
        return (self.state['affine'][:, :3] @ self.means + self.state['affine'][:, 3:]).T

    def _start(self, shape, size, affine):
        self.sigma, self.factor, self.growth, self.size = 6e-4, 2.0, 0.0, size
        self.skin, self.means = shape[:, self.groups == 0], shape
        self.counts, self.part_activities = np.zeros(8), np.zeros(8)
        r = self._variances()
        self.state = {'affine': affine, 'velocity': np.zeros((3, 4))}
        self.p, self.c, self.v = r, np.zeros(12), 10 * r
        self.activities, self.is_moving = np.zeros(12), False

    def _variances(self):
        noise = self.chosen.noise_margin * self.sigma * NOISE
        noise[ZOOM] *= self.factor
        return noise**2

    def _noise(self, shape, size, affine, interval_s):
        skin = shape[:, self.groups == 0]
        changes = affine[:2, :3] @ (skin - self.skin)
        variance = (changes**2).sum() / (4 * skin.shape[1] * size**2)
        growth = (size - self.size) / (size * interval_s)
        loud = ((growth - self.growth) * interval_s) ** 2
        is_loud = loud > QUIET_ZOOM * (self.factor * self.sigma) ** 2
        pace = 1.8 * interval_s
        sigma = self.sigma * np.exp(pace * ((variance > self.sigma**2) + 0.12 - 1))
        factor = self.factor * np.exp(pace * (is_loud + 0.25 - 1))
        self.sigma, self.factor = np.clip(sigma, 2e-4, 5e-3), np.clip(factor, 1, 4)
        self.skin, self.size, self.growth = skin, size, growth

    def _head(self, measured, frame, interval_s):
        r = self._variances()
        v = self.v + 1e-5**2 * interval_s
        p = self.p + interval_s * (2 * self.c + interval_s * v)
        c = self.c + interval_s * v
        predicted = self.state['affine'] + interval_s * self.state['velocity']
        innovations = self.forms @ ((measured - predicted) @ np.linalg.inv(frame)).ravel()
        activities = self.activities * np.exp(-interval_s / 0.3)
        thresholds = 16 * (1.5 / 16) ** activities
        squares = np.array([(innovations[k == COMPONENT] ** 2).mean() for k in COMPONENT])
        surplus = np.maximum(squares / thresholds - (p + r), 0)
        p, c, v = (
            p + surplus,
            c + surplus / interval_s,
            v + surplus * (4 / 3) / interval_s**2,
        )
        gains, velocity_gains = p / (p + r), c / (p + r)
        for name, gain in (('affine', gains), ('velocity', velocity_gains)):
            change = (self.forms.T @ (gain * innovations)).reshape(3, 4) @ frame
            before = predicted if name == 'affine' else self.state['velocity']
            self.state[name] = before + change
        self.activities = np.maximum(activities, gains)
        is_moving = self.activities.max() > 0.5
        self.has_stopped = self.is_moving and not is_moving
        self.is_moving = is_moving
        least = 1 / 1.5 if self.has_stopped else 0.5 * self.activities.max()
        self.p = np.maximum((1 - gains) * p, least * r)
        self.c, self.v = (1 - gains) * c, v - velocity_gains * c

    def _shape(self, shape, size, affine, interval_s):
        changes = shape - self.means
        squares = ((affine[:2, :3] @ changes) ** 2).sum(axis=0)
        noise_px = self.chosen.noise_margin * self.sigma * size * self.noise_of_group
        for group in range(8):
            if not (members := self.groups == group).any():
                continue
            power = squares[members].mean() / (2 * noise_px[group] ** 2)
            activity = self.part_activities[group] * np.exp(-interval_s / 0.3)
            threshold = self.at_rest[group] * self.at_rest[group] ** -activity
            moving = 1 - min(threshold / max(power, 1e-300), 1) ** 2
            count = min(self.counts[group], 1.5) if self.has_stopped else self.counts[group]
            rest = 1 - np.exp(-max(power, 1) * interval_s / self.chosen.rest_time_s)
            gain = max(moving, 1 / (count + 1), rest)
            self.means = self.means + gain * np.where(members, changes, 0)
            self.counts[group], self.part_activities[group] = 1 / gain, max(activity, moving)


def swaying(seed, images, rate_hz, speed):
    """Return a face that turns, comes nearer, blinks and stops, with noise, (F, 468, 3) px."""
    random = np.random.default_rng(seed)
    frames = []
    for time_s in np.arange(images) / rate_hz:
        phase = speed * min(time_s, 0.6 * images / rate_hz)
        sin, cos = np.sin(0.4 * np.sin(phase)), np.cos(0.4 * np.sin(phase))
        turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
        face = (1 + 0.1 * np.sin(phase)) * FACE @ turn.T + [300 + 20 * phase, 200, 0]
        face[[159, 160, 158], 1] += 3 * (time_s % 1 < 0.1)
        frames.append(face + random.normal(0, 0.2, face.shape))
    return np.array(frames, np.float32)


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 99),
    rate_hz=st.sampled_from([10.0, 30.0, 90.0]),
    speed=st.sampled_from([0.0, 1.0, 6.0]),
    margin=st.sampled_from([0.5, 1.4]),
)
def test_the_default_filter_follows_its_formulas(seed, rate_hz, speed, margin):
    chosen, frames = FilterSettings(noise_margin=margin), swaying(seed, 40, rate_hz, speed)
    smooth, formula = RigidFilter(chosen), FormulaFilter(chosen, 468)
    for index, points in enumerate(frames):
        stamp_ns = round(index * 1e9 / rate_hz)
        interval_s = (stamp_ns - round((index - 1) * 1e9 / rate_hz)) / 1e9 if index else 1 / 30
        found = smooth.update(np.array([3]), points[None], stamp_ns)[0]
        np.testing.assert_allclose(found, formula.update(points, interval_s), rtol=0, atol=1e-3)
    assert np.abs(found - points).max() > 0.01  # it does filter


def filters():
    """Return one of each, and what calls it with ids and landmarks."""
    rigid, one_euro, meter = (
        RigidFilter(FilterSettings()),
        native.OneEuroFilter(0.05, 80, 1),
        native.JitterMeter(),
    )
    return {
        'rigid': lambda ids, faces: rigid.update(ids, faces, 0),
        'one_euro': lambda ids, faces: one_euro.update(ids, faces, 0),
        'jitter': lambda ids, faces: meter.update(ids, faces, faces, 0),
    }


@pytest.mark.parametrize('name', list(filters()))
@pytest.mark.parametrize(
    ('ids', 'shape'),
    [(2, (1, 468, 3)), (1, (1, 468, 2)), (1, (468, 3)), (1, (1, 0, 3)), (1, (1, 468))],
)
def test_other_shapes_are_refused(name, ids, shape):
    with pytest.raises(ValueError, match=r'shape|landmarks|468'):
        filters()[name](np.arange(ids), np.zeros(shape, np.float32))


@pytest.mark.parametrize(
    'changed',
    [
        {'fit': np.zeros((467, 4))},
        {'extents_m': np.ones(2)},
        {'group_of_landmark': np.zeros(467, np.uint8)},
        {'group_of_landmark': np.full(468, 2, np.uint8)},
        {'group_of_landmark': np.ones(468, np.uint8)},
        {'at_rest': np.ones(1)},
    ],
    ids=str,
)
def test_tables_that_do_not_fit_are_refused(changed):
    canonical = canonical_fit()
    tables = {
        'fit': canonical.fit,
        'extents_m': canonical.extents_m,
        'eye_distance_m': canonical.eye_distance_m,
        'group_of_landmark': np.zeros(468, np.uint8),
        'noise': np.ones(2),
        'at_rest': np.ones(2),
        'noise_margin': 1.0,
        'rest_time_s': 1.0,
    }
    native.RigidFilter(**tables)
    with pytest.raises(ValueError, match=r'shape|group|skin|landmarks'):
        native.RigidFilter(**{**tables, **changed})


@pytest.mark.parametrize('name', list(filters()))
def test_threads_may_share_a_filter(name):
    """Each has faces of its own, so that the result does not depend on whose turn it is."""
    together, alone = filters()[name], filters()[name]
    streams = [swaying(seed, 30, 30.0, 1.0)[:, None] for seed in range(4)]

    def run(stream):
        return [together(np.array([stream]), faces) for faces in streams[stream]]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(run, range(4)))
    for stream, faces in enumerate(streams):
        expected = [alone(np.array([stream]), each) for each in faces]
        assert np.array_equal(found[stream], expected)
