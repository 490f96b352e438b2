"""Each named point lies on the canonical face where its name says."""

from __future__ import annotations

import numpy as np
import pytest

from facemesh_ros.geometry.canonical_face import canonical_face_m, load_topology
from facemesh_ros.geometry.named_points import NAMED_POINTS, points_among

FACE_M = canonical_face_m()
X, Y, Z = 0, 1, 2  # out of the face, to the subject's left, up
ON_THE_MESH = points_among(468)


def place(name: str) -> np.ndarray:
    return FACE_M[NAMED_POINTS[name]]


@pytest.mark.parametrize('name', [name for name in ON_THE_MESH if 'right' in name])
def test_the_left_is_the_mirror_image_of_the_right(name):
    left = place(name.replace('right', 'left'))
    assert left == pytest.approx(place(name) * (1, -1, 1), abs=1e-5)
    assert left[Y] > 0.005


@pytest.mark.parametrize(
    'name', [name for name in ON_THE_MESH if 'right' not in name and 'left' not in name]
)
def test_what_has_no_side_is_in_the_middle(name):
    assert place(name)[Y] == pytest.approx(0, abs=1e-6)


def test_extremes():
    assert NAMED_POINTS['nose_tip'] == FACE_M[:, X].argmax()
    assert NAMED_POINTS['forehead'] == FACE_M[:, Z].argmax()
    assert NAMED_POINTS['chin'] == FACE_M[:, Z].argmin()
    between = np.abs(FACE_M[:, Y]) < 1e-6
    from_brows_to_nose = between & (FACE_M[:, Z] < 0.016) & (FACE_M[:, Z] > -0.03)
    deepest = np.flatnonzero(from_brows_to_nose)[FACE_M[from_brows_to_nose, X].argmin()]
    assert NAMED_POINTS['sellion'] == deepest


def test_order_from_top_to_bottom():
    order = (
        'forehead', 'glabella', 'sellion', 'nose_tip', 'subnasale', 'upper_lip_outer',
        'upper_lip_inner', 'lower_lip_inner', 'lower_lip_outer', 'chin',
    )  # fmt: skip
    heights = [place(name)[Z] for name in order]
    assert heights == sorted(heights, reverse=True)
    eye = [place(f'right_{name}')[Z] for name in ('brow_middle', 'eyelid_upper', 'eyelid_lower')]
    assert eye == sorted(eye, reverse=True)


@pytest.mark.parametrize('part', ['eye', 'brow'])
def test_the_outer_end_is_further_out(part):
    inner, outer = (place(f'left_{part}_{end}')[Y] for end in ('inner', 'outer'))
    region = load_topology().region_names.index({'eye': 'left_eye', 'brow': 'left_eyebrow'}[part])
    sides = FACE_M[load_topology(468).region_of_landmark == region, Y]
    # A millimetre or two of the ends of the eyelid and of the brow.
    assert inner == pytest.approx(sides.min(), abs=0.002)
    assert outer == pytest.approx(sides.max(), abs=0.002)


@pytest.mark.parametrize('side', ['left', 'right'])
def test_irises_are_the_middle_of_their_rings(side):
    """The five points of an iris are its middle and four on its ring; the contour is the ring."""
    topology = load_topology(478)
    region = topology.region_names.index(f'{side}_iris')
    points = set(np.flatnonzero(topology.region_of_landmark == region))
    ring = set(topology.contours[topology.contours >= 468].tolist()) & points
    assert points - ring == {NAMED_POINTS[f'{side}_iris']}
