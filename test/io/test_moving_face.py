"""The demonstration's moving face: smooth, whole, and where it says it is."""

from __future__ import annotations

import numpy as np
import pytest

from facemesh_ros.io.moving_face import ASTRONAUT_FACE_XY, MovingFace, moving_astronaut

SIZES = [(640, 480), (1280, 720), (320, 240)]
# Around the astronaut's face with its hair, in the portrait: left, top, right, bottom.
FACE_BOX = (172, 60, 277, 185)
SECONDS = np.arange(0, 60, 1 / 30)


@pytest.fixture(scope='module')
def rgb_portrait(require_package) -> np.ndarray:
    return require_package('skimage.data').astronaut()


def moved(face: MovingFace, time_s: float, points: np.ndarray) -> np.ndarray:
    affine = face.image_from_portrait(time_s)
    return points @ affine[:, :2].T + affine[:, 2]


def corners() -> np.ndarray:
    left, top, right, bottom = FACE_BOX
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)


def a_dot(image_wh=(640, 480)) -> MovingFace:
    """A black portrait with one white dot where the face would be."""
    portrait = np.zeros((512, 512, 3), np.uint8)
    portrait[115:122, 219:226] = 255
    return MovingFace(portrait, (222.0, 118.0), image_wh)


@pytest.mark.parametrize('time_s', [0.0, 1.7, 12.3, 59.9])
def test_the_face_is_shown_where_the_motion_says(time_s):
    image = a_dot().image_at(time_s)[..., 0].astype(float)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    centre = np.array([(image * x).sum(), (image * y).sum()]) / image.sum()
    assert centre == pytest.approx(moved(a_dot(), time_s, np.array([222.0, 118.0])), abs=0.2)


@pytest.mark.parametrize('image_wh', SIZES)
def test_the_face_stays_in_the_image_for_a_minute(rgb_portrait, image_wh):
    face = MovingFace(rgb_portrait, ASTRONAUT_FACE_XY, image_wh)
    for time_s in SECONDS:
        points = moved(face, time_s, corners())
        assert (points >= 0).all(), time_s
        assert (points <= np.subtract(image_wh, 1)).all(), time_s


@pytest.mark.parametrize('image_wh', SIZES)
def test_it_moves_smoothly_and_never_stands_still(image_wh):
    face = a_dot(image_wh)
    paths = np.array([moved(face, time_s, corners()) for time_s in SECONDS])
    steps = np.linalg.norm(np.diff(paths, axis=0), axis=2)
    # A face crosses at most an eighth of its own height between two images at 30 Hz.
    assert steps.max() < image_wh[1] / 48
    assert steps.max(axis=1).min() > 0
    # And it goes places: a quarter of the image from side to side.
    assert np.ptp(paths[:, :, 0].mean(axis=1)) > image_wh[0] / 4


@pytest.mark.parametrize('image_wh', SIZES)
def test_images_have_the_size_that_was_asked_for(image_wh):
    image = a_dot(image_wh).image_at(1.0)
    assert image.shape == (image_wh[1], image_wh[0], 3)
    assert image.dtype == np.uint8


@pytest.mark.parametrize('image_wh', SIZES)
def test_it_begins_upright_in_the_middle(image_wh):
    face = a_dot(image_wh)
    assert moved(face, 0, np.array([222.0, 118.0])) == pytest.approx(np.divide(image_wh, 2))
    linear = face.image_from_portrait(0)[:, :2]
    assert linear == pytest.approx(linear[0, 0] * np.eye(2))


def test_the_same_time_is_the_same_image():
    assert np.array_equal(a_dot().image_at(3.3), a_dot().image_at(3.3))


def test_the_astronaut_comes_in_bgr_with_the_face_where_it_is(rgb_portrait):
    face = moving_astronaut((640, 480))
    assert np.array_equal(face.portrait, rgb_portrait[..., ::-1])
    left, top, right, bottom = FACE_BOX
    assert left < face.face_xy[0] < right
    assert top < face.face_xy[1] < bottom
