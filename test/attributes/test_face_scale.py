"""How large a face is, over time: the prior, irises, and what a mode promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from posed_faces import SeenFace, seen_face, turned

from facemesh_ros.attributes.face_scale import (
    CANONICAL_SIGMA,
    IRISES_UNSEEN,
    NO_IRISES,
    FaceScale,
    ScaleEstimate,
)
from facemesh_ros.attributes.size_filter import IRIS_SIGMA, IRIS_SPREAD, RANGE_SIGMA
from facemesh_ros.types import Frame, MetricSource, PixelOrder

IMAGE = np.zeros((480, 640, 3), np.uint8)


def shown(scale: FaceScale, face: SeenFace, second: float, mode: str = 'auto') -> ScaleEstimate:
    frame = Frame(IMAGE, PixelOrder.RGB, int(second * 1e9))
    return scale.update(face.landmarks, face.posed, frame, mode)


def watched(face: SeenFace, seconds: float, mode: str = 'auto') -> ScaleEstimate:
    scale = FaceScale()
    for second in np.arange(0, seconds, 1 / 30):
        estimate = shown(scale, face, second, mode)
    return estimate


def test_without_irises_the_face_is_an_average_one() -> None:
    estimate = watched(seen_face(1.07, irises=False), 1.0)
    assert (estimate.source, estimate.factor) == (MetricSource.CANONICAL, 1.0)
    assert estimate.sigma == pytest.approx(CANONICAL_SIGMA, rel=0.02)


def test_canonical_mode_looks_at_no_irises() -> None:
    estimate = watched(seen_face(0.9), 1.0, 'canonical')
    assert (estimate.source, estimate.factor) == (MetricSource.CANONICAL, 1.0)
    assert estimate.sigma == CANONICAL_SIGMA


@given(
    size=st.floats(0.85, 1.15),
    distance_m=st.floats(0.3, 0.7),
    yaw_deg=st.floats(-5, 5),
    pitch_deg=st.floats(-5, 5),
)
def test_irises_alone_say_how_large_a_face_is(
    size: float, distance_m: float, yaw_deg: float, pitch_deg: float
) -> None:
    """Up to what turning shortens them by."""
    face = seen_face(size, (0.02, 0.01, distance_m), turned(yaw_deg, pitch_deg))
    estimate = watched(face, 0.5, 'iris')
    assert estimate.source == MetricSource.IRIS
    assert estimate.factor == pytest.approx(size, rel=0.01)


@given(size=st.floats(0.85, 1.15))
def test_irises_and_prior_share_by_their_certainty(size: float) -> None:
    estimate = watched(seen_face(size), 5.0)
    assert estimate.source == MetricSource.IRIS
    share = math.log(estimate.factor) / math.log(size) if abs(size - 1) > 0.01 else 0.6
    assert 0.5 < share < 0.7
    assert 0.03 < estimate.sigma < 0.04


def test_a_person_s_own_iris_limits_what_irises_can_tell() -> None:
    assert watched(seen_face(), 60.0, 'iris').sigma > 0.5 / 11.7


def test_one_image_says_little_and_its_neighbours_say_the_same() -> None:
    """Ten images within a third of a second are worth less than two measurements."""
    once, soon, later = (watched(seen_face(), s, 'iris').sigma for s in (1 / 30, 1 / 3, 10.0))
    two = math.hypot(IRIS_SPREAD, IRIS_SIGMA / math.sqrt(2), RANGE_SIGMA)
    assert once > soon > two > later


@pytest.mark.parametrize(
    'face',
    [
        seen_face(opening_m=0.004),
        seen_face(position_m=(0, 0, 1.1)),
        seen_face(rotation=turned(25)),
        seen_face(irises=False),
    ],
    ids=['closed', 'small', 'turned', 'no irises'],
)
def test_irises_that_do_not_tell_leave_the_size_as_it_was(face: SeenFace) -> None:
    assert watched(face, 1.0).source == MetricSource.CANONICAL
    scale = FaceScale()
    for index in range(30):
        before = shown(scale, seen_face(1.1), index / 30)
    after = shown(scale, face, 1.5)
    assert (after.source, after.factor) == (
        MetricSource.IRIS,
        pytest.approx(before.factor, rel=1e-3),
    )


def test_iris_mode_says_what_it_lacks() -> None:
    far = watched(seen_face(position_m=(0, 0, 1.5)), 0.2, 'iris')
    assert (far.source, far.problem) == (MetricSource.NONE, IRISES_UNSEEN)
    mesh = watched(seen_face(irises=False), 0.2, 'iris')
    assert (mesh.source, mesh.problem) == (MetricSource.NONE, NO_IRISES)
    assert math.isnan(mesh.factor)
    assert watched(seen_face(), 0.2, 'iris').problem == ''


def test_a_wrong_size_is_unlearned() -> None:
    """Such as that of a face which another one took the place of."""
    scale = FaceScale()
    for index in range(600):
        shown(scale, seen_face(1.15), index / 30)
    for index in range(600, 1200):
        estimate = shown(scale, seen_face(0.9), index / 30)
    assert estimate.factor < 1.0


@given(seconds=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=5))
def test_no_stamps_break_it(seconds: list[float]) -> None:
    scale = FaceScale()
    for second in seconds:
        estimate = shown(scale, seen_face(1.05), second)
        assert 1.0 < estimate.factor < 1.05 * 1.001
        assert 0 < estimate.sigma < CANONICAL_SIGMA
