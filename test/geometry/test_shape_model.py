"""The shapes of people against symmetry, anthropometry and the promised axes of the head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facemesh_ros.geometry.canonical_face import (
    LEFT_EYE_OUTER_CORNER,
    RIGHT_EYE_OUTER_CORNER,
    SELLION,
    canonical_face_m,
    load_topology,
    mirrored_landmarks,
)
from facemesh_ros.geometry.shape_model import ShapeModel, canonical_landmarks_m, load_shape_model

NOSE_TIP, BELOW_NOSE, CHIN, UPPER_LIP, LOWER_LIP = 4, 2, 152, 13, 14
MOUTH_CORNERS, INNER_CORNERS, NOSE_WINGS = (61, 291), (133, 362), (129, 358)
# The edges of the right and the left lids.
LIDS = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 7, 163, 144, 145, 153, 154, 155),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 249, 390, 373, 374, 380, 381, 382),
)
MID_LIDS = ((159, 145), (386, 374))
MODEL = load_shape_model()
MODES = len(MODEL.modes_m)
coefficients = arrays(float, MODES, elements=st.floats(-3, 3))


@pytest.fixture(scope='module')
def population() -> tuple[np.ndarray, np.ndarray]:
    """Landmarks and eyeballs of 4000 people."""
    drawn = np.random.default_rng(1).standard_normal((4000, MODES))
    return MODEL.shape(drawn), MODEL.eyeballs(drawn)


def distances_mm(points_m: np.ndarray, pair: tuple[int, int]) -> np.ndarray:
    return np.linalg.norm(points_m[..., pair[0], :] - points_m[..., pair[1], :], axis=-1) * 1000


def rotation_between(points: np.ndarray, onto: np.ndarray) -> float:
    """Angle in degrees of the best rigid fit (Kabsch)."""
    covariance = (points - points.mean(axis=0)).T @ (onto - onto.mean(axis=0))
    left, _, right = np.linalg.svd(covariance)
    rotation = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    return float(np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1))))


def mirror_landmarks() -> np.ndarray:
    face_m = canonical_face_m()
    return np.linalg.norm(face_m[:, None] * [1, -1, 1] - face_m, axis=2).argmin(axis=1)


def test_arrays_are_read_only_and_loaded_once():
    assert load_shape_model() is MODEL
    arrays_ = [getattr(MODEL, name) for name in ShapeModel.__dataclass_fields__]
    assert not any(a.flags.writeable for a in arrays_ if isinstance(a, np.ndarray))


@given(coefficients)
def test_no_person_moves_or_turns_the_head_axes(drawn):
    shape_m = MODEL.shape(drawn)
    assert np.abs(shape_m[SELLION]).max() < 1e-9
    assert rotation_between(canonical_face_m(), shape_m) < 0.01


@given(coefficients)
def test_no_persons_surface_is_folded(drawn):
    shape_m = MODEL.shape(drawn / 2)
    assert shape_m[NOSE_TIP, 0] > shape_m[BELOW_NOSE, 0]
    heights = shape_m[[10, SELLION, NOSE_TIP, BELOW_NOSE, UPPER_LIP, 17, CHIN], 2]
    assert np.all(np.diff(heights) < 0)
    for right, left in ((33, 263), INNER_CORNERS, NOSE_WINGS, MOUTH_CORNERS):
        assert shape_m[right, 1] < 0 < shape_m[left, 1]


def test_the_mean_is_symmetric():
    mirrored = MODEL.mean_m[mirror_landmarks()] * [1, -1, 1]
    assert np.abs(mirrored - MODEL.mean_m).max() < 2e-5
    assert MODEL.eyeball_centres_m[0] == pytest.approx(MODEL.eyeball_centres_m[1] * [1, -1, 1])


def test_modes_are_orthogonal_and_the_largest_come_first():
    flat = MODEL.modes_m.reshape(MODES, -1)
    products = flat @ flat.T
    sizes = np.sqrt(np.diag(products))
    assert np.all(np.diff(sizes) <= 0)
    assert np.abs(products / np.outer(sizes, sizes) - np.eye(MODES)).max() < 0.01


def test_few_modes_hold_most_of_what_people_differ_by():
    kept = np.sum(MODEL.modes_m[:12] ** 2)
    everything = np.sum(MODEL.modes_m**2) + 3 * np.sum(MODEL.residual_sigmas_m**2)
    assert kept / everything > 0.9


def test_eyes_lie_as_far_apart_as_in_people(population):
    shapes_m, eyeballs_m = population
    # Outer corners: 300 of ICT-FaceKit's own people, 88.9 +- 4.9 mm on its own vertices.
    outer = distances_mm(shapes_m, (RIGHT_EYE_OUTER_CORNER, LEFT_EYE_OUTER_CORNER))
    assert outer.mean() == pytest.approx(88.9, abs=1)
    assert outer.std() / outer.mean() == pytest.approx(0.055, abs=0.004)
    # Pupils: 63.4 +- 3.8 mm in 3976 adults (Dodgson, Proc. SPIE 5291, 2004: ANSUR).
    pupils = distances_mm(eyeballs_m, (0, 1))
    assert pupils.mean() == pytest.approx(63.4, abs=1)
    assert pupils.std() == pytest.approx(3.8, abs=0.4)


@pytest.mark.parametrize(
    ('pair', 'mm'),
    # Farkas, Anthropometry of the Head and Face, 1994: North American men and women, their mean.
    [((SELLION, CHIN), 118.1), (MOUTH_CORNERS, 52.4), (NOSE_WINGS, 33.2)],
    ids=['face height', 'mouth', 'nose'],
)
def test_the_mean_has_the_proportions_of_people(pair, mm):
    assert distances_mm(MODEL.mean_m, pair) == pytest.approx(mm, rel=0.1)


def test_the_lids_lie_on_the_eyeballs(population):
    shapes_m, eyeballs_m = population
    assert MODEL.eyeball_radius_m == pytest.approx(0.012, abs=0.0005)
    for lids, mid_lids, eye in zip(LIDS, MID_LIDS, range(2), strict=True):
        contours = shapes_m[:, lids] - eyeballs_m[:, None, eye]
        assert np.percentile(contours[..., 0].min(axis=1), 1) > 0
        assert np.percentile(np.abs(contours.mean(axis=1)[:, 1:]), 99) < 0.004
        # A lid is 1 to 2 mm thick; the corners are farther out than the middles.
        thickness = np.linalg.norm(shapes_m[:, mid_lids] - eyeballs_m[:, None, eye], axis=2)
        thickness -= MODEL.eyeball_radius_m
        assert thickness.mean() == pytest.approx(0.0015, abs=0.001)
        assert np.percentile(np.abs(thickness), 99) < 0.004


def test_expressions_leave_the_skull_where_it_is_and_move_what_they_name():
    skull = [10, 151, 127, 356, 234, 454]
    jaw = MODEL.expressions_m[MODEL.expression_names.index('jawOpen')]
    assert jaw[CHIN, 2] < -0.01
    assert np.abs(jaw[skull]).max() < 0.002
    smile = MODEL.expressions_m[MODEL.expression_names.index('mouthSmile_L+mouthSmile_R')]
    assert smile[MOUTH_CORNERS[1], 1] > 0.003
    assert smile[MOUTH_CORNERS[0], 1] < -0.003
    blink = MODEL.expressions_m[MODEL.expression_names.index('eyeBlink_L+eyeBlink_R')]
    assert blink[159, 2] < -0.004


def test_triangles_of_the_mean_face_outward():
    corners = MODEL.mean_m[load_topology(468).triangles.astype(int)]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    canonical = canonical_face_m()[load_topology(468).triangles.astype(int)]
    own = np.cross(canonical[:, 1] - canonical[:, 0], canonical[:, 2] - canonical[:, 0])
    agree = (normals * own).sum(axis=1)
    agree /= np.linalg.norm(normals, axis=1) * np.linalg.norm(own, axis=1)
    assert np.mean(agree > 0) > 0.99


def test_the_canonical_irises_are_a_mirror_image_too():
    landmarks_m = canonical_landmarks_m(478)
    assert landmarks_m[:468] == pytest.approx(canonical_face_m())
    mirrored = landmarks_m[mirrored_landmarks(478)]
    assert mirrored == pytest.approx(landmarks_m * (1, -1, 1), abs=1e-5)


@pytest.mark.parametrize('iris', [range(468, 473), range(473, 478)])
def test_the_canonical_irises_are_ordered_as_mediapipe_orders_them(iris):
    """Against a face that looks into the camera: the subject's left is on the right."""
    golden = Path(__file__).parents[1] / 'golden' / 'mediapipe_1_2_2_v2.npz'
    with np.load(golden) as faces:
        seen = faces['tfjsmodels__portrait.jpg'][0, iris, :2]
    made = canonical_landmarks_m(478)[iris][:, 1:] * (1, -1)
    for points in (seen, made):
        points -= points[0]
        points /= np.linalg.norm(points, axis=1).mean()
    assert made == pytest.approx(seen, abs=0.2)
    lid_m = canonical_landmarks_m(468)[list(MID_LIDS[iris[0] > 470])]
    # Between the lids, and not before the upper one.
    assert lid_m[1, 2] < canonical_landmarks_m(478)[iris[0], 2] < lid_m[0, 2]
    assert canonical_landmarks_m(478)[iris[0], 0] < lid_m[0, 0]
