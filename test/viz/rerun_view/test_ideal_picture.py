"""The picture in the frustum is what a pinhole camera would have taken, whatever the lens."""

from __future__ import annotations

import math

import numpy as np
import pytest

from facemesh_ros.geometry.calibration import Calibration, camera_from_calibration
from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.viz.rerun_view.ideal_picture import MAX_SLOPE, WIDTH, pinhole_of

LENSES = {
    'none': ('', ()),
    'plumb_bob': ('plumb_bob', (-0.3, 0.1, 0.001, -0.001, 0.0)),
    'rational_polynomial': ('rational_polynomial', (0.2, -0.1, 0, 0, 0.01, 0.4, -0.1, 0.02)),
    'equidistant': ('equidistant', (-0.02, 0.01, 0.0, 0.0)),
}
WH = (640, 480)


def camera_with(lens, focal=380.0):
    model, d = LENSES[lens]
    k = (focal, 0, 310, 0, focal, 250, 0, 0, 1)
    p = (focal, 0, 310, 0, 0, focal, 250, 0, 0, 0, 1, 0)
    calibration = Calibration(WH, model, d, k, p)
    return camera_from_calibration(calibration, WH, rectified=False)


def striped(camera):
    """An image whose colours tell the direction in which each pixel looks."""
    grid = np.stack(np.meshgrid(*map(np.arange, WH)), axis=-1)
    rays = camera.rays_from_pixels(grid.astype(float))
    slopes = rays[..., :2] / rays[..., 2:]
    coded = np.clip(128 + 60 * slopes, 1, 255)
    return np.dstack([coded, np.full(coded.shape[:2], 255)]).round().astype(np.uint8)


@pytest.mark.parametrize('lens', LENSES)
def test_each_of_its_pixels_shows_what_stands_in_its_direction(lens):
    camera = camera_with(lens)
    pinhole = pinhole_of(camera, WH)
    assert pinhole.image_wh[0] == WIDTH
    picture = pinhole.picture(striped(camera)).astype(float)
    columns, rows = np.meshgrid(*map(np.arange, pinhole.image_wh))
    expected = [
        128 + 60 * (columns - pinhole.matrix[0, 2]) / pinhole.matrix[0, 0],
        128 + 60 * (rows - pinhole.matrix[1, 2]) / pinhole.matrix[1, 1],
    ]
    is_seen = picture[..., 2] == 255
    assert is_seen.mean() > 0.9
    for channel, colour in enumerate(expected):
        differences = np.abs(picture[..., channel] - colour)[is_seen]
        assert np.quantile(differences, 0.999) < 1.5


def test_of_a_pinhole_camera_it_is_the_whole_picture():
    intrinsics = Intrinsics.from_vertical_fov(WH, math.radians(43))
    pinhole = pinhole_of(CalibratedCamera(intrinsics), WH)
    width, height = pinhole.image_wh
    assert (width, height) == (WIDTH, WIDTH * 480 // 640)
    scaled = intrinsics.scaled((width / WH[0], height / WH[1]))
    assert pinhole.matrix[0, 0] == pytest.approx(scaled.fx)
    assert pinhole.matrix[:2, 2].tolist() == pytest.approx([scaled.cx, scaled.cy])
    assert pinhole.map_x.min() >= -0.5
    assert pinhole.map_y.max() <= height * WH[1] / height


def test_of_a_fisheye_it_is_what_a_pinhole_can_show():
    pinhole = pinhole_of(camera_with('equidistant', focal=150.0), WH)
    width, height = pinhole.image_wh
    corners = np.array([[0, 0], [width - 1, height - 1]])
    slopes = (corners - pinhole.matrix[:2, 2]) / pinhole.matrix[0, 0]
    assert np.abs(slopes).max() <= MAX_SLOPE
    assert np.isfinite(pinhole.map_x).all()


class Backwards:
    """A camera that sees nothing before it."""

    def rays_from_pixels(self, pixels):
        return np.full((*pixels.shape[:-1], 3), (0.0, 0.0, -1.0))

    def pixels_from_points(self, points):
        return np.full((*points.shape[:-1], 2), np.nan)


def test_a_camera_that_looks_nowhere_has_none():
    assert pinhole_of(Backwards(), WH) is None
