"""Lens models: OpenCV is the truth where their polynomials hold; beyond, nothing goes wild."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.geometry.fisheye_lens import FisheyeLens
from facemesh_ros.geometry.lens import PINHOLE
from facemesh_ros.geometry.polynomial_lens import PolynomialLens

K = Intrinsics(600.0, 590.0, 319.2, 241.7)
MATRIX = np.array([[K.fx, 0, K.cx], [0, K.fy, K.cy], [0, 0, 1]])
WIDTH, HEIGHT = 640, 480
GRID = np.stack(np.meshgrid(np.linspace(0, 639, 27), np.linspace(0, 479, 21)), axis=-1)
small = st.floats(-0.01, 0.01)
# Webcams, wide-angle and telephoto lenses, of every number of coefficients that OpenCV takes.
plumb_bob = st.tuples(st.floats(-0.4, 0.3), st.floats(-0.2, 0.2), small, small)
with_k3 = st.tuples(plumb_bob, st.floats(-0.1, 0.1)).map(lambda parts: (*parts[0], parts[1]))
rational = st.tuples(with_k3, *[st.floats(-0.3, 0.3)] * 3).map(lambda part: (*part[0], *part[1:]))
prism = st.tuples(rational, *[small] * 4).map(lambda parts: (*parts[0], *parts[1:]))
tilt = st.tuples(prism, *[st.floats(-0.1, 0.1)] * 2).map(lambda parts: (*parts[0], *parts[1:]))
polynomials = st.one_of(plumb_bob, with_k3, rational, prism, tilt).map(PolynomialLens)
fisheye_d = st.tuples(*[st.floats(-0.05, 0.05)] * 4)
fisheyes = fisheye_d.map(FisheyeLens)
cameras = st.one_of(polynomials, fisheyes, st.just(PINHOLE)).map(
    lambda lens: CalibratedCamera(K, lens)
)
LENSES = [PINHOLE, PolynomialLens((-0.3, 0.1, 0.001, 0, 0)), FisheyeLens((0.0,) * 4)]
directions = st.tuples(*[st.floats(-1, 1)] * 3)


def by_opencv(points, d):
    nothing = np.zeros(3)
    return cv2.projectPoints(points.reshape(-1, 3), nothing, nothing, MATRIX, np.array(d))[0][:, 0]


@given(
    st.one_of(plumb_bob, with_k3, rational, prism, tilt),
    st.floats(0.2, 8),
    st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6)),
)
def test_a_point_is_seen_where_opencv_sees_it(d, depth, at):
    lens = PolynomialLens(d)
    assume(abs(complex(*at)) < lens.radius / 2)  # turns back later
    point = np.array([[at[0] * depth, at[1] * depth, depth]])
    found = CalibratedCamera(K, lens).pixels_from_points(point)
    assert found == pytest.approx(by_opencv(point, d), abs=1e-6)


@given(fisheye_d, st.floats(0, 1.5), st.floats(-np.pi, np.pi))
def test_a_fisheye_sees_a_point_where_opencv_sees_it(d, angle, around):
    assume(np.all(np.diff(np.linspace(0, angle, 99) * polynomial(d, angle)) > 0.001 * angle))
    ray = np.array(
        [[np.sin(angle) * np.cos(around), np.sin(angle) * np.sin(around), np.cos(angle)]]
    )
    nothing = np.zeros(3)
    expected = cv2.fisheye.projectPoints(ray[None], nothing, nothing, MATRIX, np.array(d))[0][0]
    camera = CalibratedCamera(K, FisheyeLens(d))
    assert camera.pixels_from_points(ray) == pytest.approx(expected, abs=1e-6)
    assert camera.rays_from_pixels(expected) == pytest.approx(ray, abs=1e-6)


def polynomial(d, angle):
    angles = np.linspace(0, angle, 99)
    return 1 + sum(k * angles ** (2 * power + 2) for power, k in enumerate(d))


@given(cameras)
def test_every_pixel_of_the_image_comes_back_through_its_ray(camera):
    assume(camera.lens.radius > 0.7)  # it covers the image
    rays = camera.rays_from_pixels(GRID)
    assert np.linalg.norm(rays, axis=-1) == pytest.approx(np.ones(GRID.shape[:2]))
    assert np.abs(camera.pixels_from_points(rays) - GRID).max() < 1e-6


@given(cameras, st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)))
def test_a_direction_comes_back_through_its_pixel(camera, at):
    ray = np.array([*at, 1.0])
    back = camera.rays_from_pixels(camera.pixels_from_points(ray))
    assert back == pytest.approx(ray / np.linalg.norm(ray), abs=1e-9)


@given(cameras, st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)))
@pytest.mark.filterwarnings('error')
def test_every_pixel_has_a_ray_however_far_outside(camera, pixel):
    ray = camera.rays_from_pixels(np.array(pixel))
    assert np.linalg.norm(ray) == pytest.approx(1)


@given(cameras, directions, st.floats(1, 50))
def test_what_lies_further_out_is_seen_further_out(camera, direction, factor):
    """A polynomial that turns back would draw it in the middle of the image again."""
    x, y, z = direction
    assume(z > 0.05 and np.hypot(x, y) > 0.05)
    assume(not isinstance(camera.lens, PolynomialLens) or camera.lens.radius > 0.2)
    inner, outer = camera.pixels_from_points(
        np.array([(x, y, z), (x * factor, y * factor, z)])
    ) - (K.cx, K.cy)
    assert np.linalg.norm(outer) >= np.linalg.norm(inner) * (1 - 1e-6) or factor < 1.01


@given(
    cameras.filter(lambda camera: not isinstance(camera.lens, FisheyeLens)),
    st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.floats(-9, 0)),
)
@pytest.mark.filterwarnings('error')
def test_what_is_behind_is_seen_nowhere(camera, point):
    assert np.isnan(camera.pixels_from_points(np.array(point))).all()


def test_a_fisheye_sees_behind_itself():
    camera = CalibratedCamera(K, FisheyeLens((0.0, 0.0, 0.0, 0.0)))
    rays = np.array([[np.sin(2.0), 0, np.cos(2.0)], [0, np.sin(1.7), np.cos(1.7)]])
    pixels = camera.pixels_from_points(rays)
    assert pixels == pytest.approx(np.array([[K.cx + 2 * K.fx, K.cy], [K.cx, K.cy + 1.7 * K.fy]]))
    assert camera.rays_from_pixels(pixels) == pytest.approx(rays)
    assert np.isnan(camera.pixels_from_points(np.array([[0.0, 0, -1], [0, 0, 0]]))).all()


@pytest.mark.parametrize('lens', LENSES)
@pytest.mark.filterwarnings('error')
def test_unknown_pixels_have_unknown_rays_and_spoil_no_others(lens):
    camera = CalibratedCamera(K, lens)
    pixels = np.array([[100.0, 50], [np.nan, 50], [300, 200]])
    rays = camera.rays_from_pixels(pixels)
    assert np.isnan(rays[1]).all()
    assert rays[[0, 2]] == pytest.approx(camera.rays_from_pixels(pixels[[0, 2]]), abs=1e-12)
    assert np.isnan(camera.pixels_from_points(rays)[1]).all()


@pytest.mark.parametrize('lens', LENSES)
def test_float32_pixels_of_many_faces_are_taken_as_they_are(lens):
    camera = CalibratedCamera(K, lens)
    pixels = np.random.default_rng(0).uniform(0, 480, (3, 468, 2)).astype(np.float32)
    rays = camera.rays_from_pixels(pixels)
    assert rays.shape == (3, 468, 3)
    assert rays.dtype == np.float64
    assert np.abs(camera.pixels_from_points(rays) - pixels).max() < 1e-6
    assert camera.rays_from_pixels(pixels[:0]).shape == (0, 468, 3)
    assert camera.pixels_from_points(rays.astype(np.float32)).shape == (3, 468, 2)
