"""Streams with a newcomer: what is said to be true is what the images show."""

from __future__ import annotations

import numpy as np
import pytest
from composed_pictures import FacePatch
from hypothesis import given
from hypothesis import strategies as st
from newcomer_streams import DriftingFace, NewcomerStream

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
    rows, columns = np.nonzero(stream.image(index, with_newcomer=True).any(axis=2))
    assert columns.min() == max(x0 - 5, 0)
    assert rows.min() == max(y0 - 10, 0)


@given(corners, steps, st.integers(0, 100))
def test_it_moves_at_its_speed(corner, step, index):
    face = DriftingFace(WHITE, corner, step)
    moved = face.corner_at(index + 1, WH) - face.corner_at(index, WH)
    assert (np.abs(moved) <= np.abs(step) + 1).all()


@pytest.mark.parametrize('with_newcomer', [False, True])
def test_a_newcomer_is_there_only_when_he_has_come(with_newcomer):
    face = DriftingFace(WHITE, np.array([50.0, 50.0]), np.zeros(2))
    stream = NewcomerStream(np.zeros((WH[1], WH[0], 3), np.uint8), [], face)
    assert stream.image(3, with_newcomer=with_newcomer).any() == with_newcomer
