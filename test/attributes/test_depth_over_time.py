"""What a depth image has taught of a face, and how calm it stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from posed_faces import CAMERA, IMAGE_WH, SeenFace, rendered_depth, seen_face

from facemesh_ros.attributes.face_scale import CONTRADICTED, NO_DEPTH, FaceScale, ScaleEstimate
from facemesh_ros.types import DepthImage, Float32, Frame, MetricSource, PixelOrder

IMAGE = np.zeros(IMAGE_WH[::-1], np.uint8)
AT = (0.0, 0.0, 0.95)  # too far for irises
SIZE = 1.08


class Stream:
    """Images of one face, 30 a second, each with a depth image or none."""

    def __init__(self, mode: str = 'auto') -> None:
        self.mode, self.scale, self.number = mode, FaceScale(), 0

    def show(self, face: SeenFace, depth_m: Float32 | None) -> ScaleEstimate:
        stamp_ns = self.number * 33_333_333
        self.number += 1
        depth = None if depth_m is None else DepthImage(depth_m, stamp_ns)
        frame = Frame(IMAGE, PixelOrder.MONO, stamp_ns, CAMERA, depth)
        return self.scale.update(face.landmarks, face.posed, frame, self.mode)

    def show_for(self, seconds: float, face: SeenFace, depth_m: Float32 | None) -> ScaleEstimate:
        for _ in range(round(seconds * 30)):
            estimate = self.show(face, depth_m)
        return estimate


@pytest.fixture(scope='module')
def face() -> SeenFace:
    return seen_face(SIZE, AT)


@pytest.fixture(scope='module')
def depth_m(face: SeenFace) -> Float32:
    return rendered_depth(face.points_m)


def test_jitter_of_depth_hardly_moves_the_face(face: SeenFace, depth_m: Float32) -> None:
    """Of 1 % of the distance: 10 mm here."""
    stream, draw = Stream(), np.random.default_rng(3)
    jitter = draw.normal(1, 0.01, 300).astype(np.float32)
    factors = [stream.show(face, depth_m * once).factor for once in jitter]
    assert np.std(factors[30:]) < 0.5 * SIZE * 0.01
    assert np.mean(factors[30:]) == pytest.approx(SIZE, rel=0.003)


@settings(max_examples=15)
@given(learned=st.floats(0.9, 1.1), true=st.floats(0.9, 1.1), seconds=st.floats(0.1, 8))
def test_a_wrong_size_is_corrected_within_a_second(
    learned: float, true: float, seconds: float
) -> None:
    """As of a depth image that had been wrong, or a face whose place another one took."""
    one, other = seen_face(learned, AT), seen_face(true, AT)
    stream = Stream()
    stream.show_for(seconds, one, rendered_depth(one.points_m))
    estimate = stream.show_for(1.2, other, rendered_depth(other.points_m))
    assert estimate.source == MetricSource.DEPTH
    assert estimate.factor == pytest.approx(true, rel=0.01)


def test_one_image_that_contradicts_is_refused(face: SeenFace, depth_m: Float32) -> None:
    stream = Stream()
    before = stream.show_for(3, face, depth_m)
    odd = stream.show(face, depth_m * np.float32(1.11))
    assert (odd.source, odd.problem) == (MetricSource.CANONICAL, CONTRADICTED)
    assert odd.factor == pytest.approx(before.factor, rel=0.003)
    assert stream.show(face, depth_m).source == MetricSource.DEPTH


def test_what_depth_taught_stays_when_it_is_gone(face: SeenFace, depth_m: Float32) -> None:
    stream = Stream()
    seen = stream.show_for(10, face, depth_m)
    soon = stream.show(face, None)
    later = stream.show_for(30, face, None)
    assert (seen.source, soon.source) == (MetricSource.DEPTH, MetricSource.CANONICAL)
    assert soon.factor == pytest.approx(seen.factor, rel=0.001)
    assert later.factor == pytest.approx(SIZE, rel=0.01)
    assert seen.sigma < soon.sigma <= later.sigma < 0.03


def test_depth_mode_has_no_metres_without_depth(face: SeenFace, depth_m: Float32) -> None:
    stream = Stream('depth')
    first = stream.show(face, None)
    assert (first.source, first.problem) == (MetricSource.NONE, NO_DEPTH)
    assert stream.show(face, depth_m).source == MetricSource.DEPTH
    assert stream.show(face, None).problem == NO_DEPTH


def test_depth_mode_asks_nothing_else(depth_m: Float32) -> None:
    """Neither irises nor what adults are like: the face is 8 % larger and near."""
    near = seen_face(SIZE, (0, 0, 0.4))
    estimate = Stream('depth').show(near, rendered_depth(near.points_m))
    assert estimate.factor == pytest.approx(SIZE, rel=0.003)


def test_other_modes_ask_no_depth(face: SeenFace, depth_m: Float32) -> None:
    assert Stream('canonical').show(face, depth_m).factor == 1.0
    assert Stream('iris').show(face, depth_m).source == MetricSource.NONE


def test_a_new_mode_starts_anew(face: SeenFace, depth_m: Float32) -> None:
    stream = Stream('auto')
    stream.show_for(2, face, depth_m)
    stream.mode = 'iris'
    assert stream.show(face, depth_m).source == MetricSource.NONE
    stream.mode = 'auto'
    assert stream.show(face, None).factor == pytest.approx(1.0)


def test_a_depth_image_that_leaves_its_place_is_noticed_soon(
    face: SeenFace, depth_m: Float32
) -> None:
    stream = Stream()
    stream.show_for(1, face, depth_m)
    estimate = stream.show_for(0.6, face, np.roll(depth_m, 20, axis=1))
    assert estimate.source != MetricSource.DEPTH
    assert stream.show_for(0.25, face, depth_m).source == MetricSource.DEPTH
