"""Streams with a newcomer: what is said to be true is what the images show."""

from __future__ import annotations

import numpy as np
import pytest
from composed_pictures import FacePatch
from hypothesis import given
from hypothesis import strategies as st
from newcomer_streams import CAMERAS, Camera, DriftingFace, NewcomerStream

WH = 160, 120
WHITE = FacePatch(
    np.full((30, 20, 3), 255, np.uint8), np.ones((30, 20)), np.array([5.0, 10.0, 15.0, 25.0])
)
steps = st.tuples(st.floats(-20, 20), st.floats(-20, 20)).map(np.array)
corners = st.tuples(st.integers(-5, 140), st.integers(-10, 90)).map(np.array)


@given(corners, steps, st.integers(0, 500))
def test_a_drifting_face_stays_inside_and_its_box_is_where_it_is_pasted(corner, step, index):
    face = DriftingFace(WHITE, corner, step)
    stream = NewcomerStream(np.zeros((WH[1], WH[0], 3), np.uint8), [], face)
    x0, y0, x1, y1 = face.box_at(index, WH)
    assert 0 <= x0 < x1 <= WH[0] - 1
    assert 0 <= y0 < y1 <= WH[1] - 1
    rows, columns = np.nonzero(stream.image(0, index).any(axis=2))
    assert columns.min() == max(x0 - 5, 0)
    assert rows.min() == max(y0 - 10, 0)


@given(corners, steps, st.integers(0, 100))
def test_it_moves_at_its_speed(corner, step, index):
    face = DriftingFace(WHITE, corner, step)
    moved = face.corner_at(index + 1, WH) - face.corner_at(index, WH)
    assert (np.abs(moved) <= np.abs(step) + 1).all()


@pytest.mark.parametrize(('newcomer_index', 'shown'), [(None, False), (0, True)])
def test_a_newcomer_is_there_only_when_he_has_come(newcomer_index, shown):
    face = DriftingFace(WHITE, np.array([50.0, 50.0]), np.zeros(2))
    stream = NewcomerStream(np.zeros((WH[1], WH[0], 3), np.uint8), [], face)
    assert stream.image(3, newcomer_index).any() == shown


@pytest.mark.parametrize('step', [(4.0, 0.0), (-4.0, 0.0)])
def test_who_walks_in_is_whole_in_his_first_image_and_not_before(step):
    corner = np.array([-5.0 if step[0] > 0 else WH[0] - 1 - 15.0, 50.0])
    face = DriftingFace(WHITE, corner, np.array(step), comes_in=True)
    x0, _, x1, _ = face.box_at(0, WH)
    assert x0 >= 0
    assert x1 <= WH[0] - 1
    x0, _, x1, _ = face.box_at(-1, WH)
    assert x0 < 0 or x1 > WH[0] - 1


@pytest.mark.parametrize('name', sorted(CAMERAS))
def test_a_camera_has_its_light_noise_and_motion(name):
    camera, random = CAMERAS[name], np.random.default_rng(2)
    grey = np.full((90, 120, 3), 100, np.uint8)
    shown = [camera.image(grey, index).astype(float) for index in range(2)]
    assert np.mean(shown[0]) == pytest.approx(100 * camera.light, abs=0.5)
    assert np.std(shown[0]) == pytest.approx(camera.noise, rel=0.1)
    assert np.std(shown[1] - shown[0]) == pytest.approx(2**0.5 * camera.noise, rel=0.1)
    scene = random.integers(0, 255, grey.shape, np.uint8)
    face = DriftingFace(WHITE, np.array([0.0, 0.0]), np.zeros(2))
    stream = NewcomerStream(scene, [], face, Camera(pan_px=camera.pan_px))
    assert np.array_equal(stream.image(2), np.roll(scene, 2 * camera.pan_px, axis=1))
