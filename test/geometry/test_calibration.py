"""Which camera a calibration gives an image: rays through the sensor, and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.geometry.calibration import (
    Calibration,
    CalibrationError,
    camera_from_calibration,
)

SENSOR = (1440, 1080)
FX, FY, CX, CY = 1100.0, 1050.0, 731.3, 528.8
D = (-0.3, 0.1, 0.0, 0.0, 0.0)


def k_of(fx=FX, fy=FY, cx=CX, cy=CY):
    return (fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0)


def p_of(fx=FX, fy=FY, cx=CX, cy=CY):
    return (fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0)


def calibration(image_wh=SENSOR, k=None, p=(0.0,) * 12, d=D, model='plumb_bob', **more):
    return Calibration(image_wh, model, d, k_of() if k is None else k, p, **more)


def numbers(found):
    return found.fx, found.fy, found.cx, found.cy


def ray(u, v):
    """Direction of what a pixel of the sensor sees."""
    return (u - CX) / FX, (v - CY) / FY


binnings = st.tuples(st.sampled_from([0, 1, 2, 3, 4]), st.sampled_from([0, 1, 2, 3, 4]))
scales = st.sampled_from([0.25, 0.5, 1, 2, 3])
pixel = st.tuples(st.floats(0, 100), st.floats(0, 100))


@given(
    offset=st.tuples(st.integers(0, 300), st.integers(0, 200)),
    region=st.tuples(st.integers(1, 23), st.integers(1, 18)),
    binning=binnings,
    scale=scales,
    at=pixel,
    rectified=st.booleans(),
)
def test_an_image_pixel_sees_what_the_sensor_pixels_under_it_see(
    offset, region, binning, scale, at, rectified
):
    """Cropped, then binned, then scaled: (0, 0) is the centre of the first pixel each time."""
    roi_wh = 48 * region[0], 48 * region[1]
    bins = [number or 1 for number in binning]
    image_wh = tuple(round(scale * side / one) for side, one in zip(roi_wh, bins, strict=True))
    if image_wh == SENSOR:  # then the region may as well be out of date
        return
    info = calibration(p=p_of(), binning_xy=binning, roi_xywh=(*offset, *roi_wh))
    found = camera_from_calibration(info, image_wh, rectified).intrinsics
    first = (np.add(at, 0.5) / np.divide(image_wh, roi_wh)) - 0.5 + offset
    seen = (at[0] - found.cx) / found.fx, (at[1] - found.cy) / found.fy
    assert seen == pytest.approx(ray(*first), abs=1e-9)


@given(
    st.sampled_from(
        [(1440, 1080), (720, 540), (2880, 2160), (1280, 960), (1152, 864), (1600, 1200)]
    )
)
def test_a_resized_image_keeps_its_field_of_view(image_wh):
    found = camera_from_calibration(calibration(), image_wh, rectified=False).intrinsics
    factor = image_wh[0] / SENSOR[0]
    assert numbers(found)[:2] == pytest.approx((FX * factor, FY * factor))
    left = (-0.5 - found.cx) / found.fx
    assert left == pytest.approx(ray(-0.5, 0)[0])


@pytest.mark.parametrize('image_wh', [(1640, 1232), (1025, 769), (333, 250), (644, 480), (31, 24)])
def test_sides_rounded_to_whole_pixels_are_still_in_proportion(image_wh):
    assert camera_from_calibration(calibration(), image_wh, rectified=False) is not None


@pytest.mark.parametrize(
    'image_wh', [(640, 360), (1920, 1080), (480, 640), (640, 512), (656, 480), (1, 1080)]
)
def test_an_image_of_other_proportions_is_refused_with_both_sizes(image_wh):
    with pytest.raises(CalibrationError, match='1440x1080') as error:
        camera_from_calibration(calibration(), image_wh, rectified=False)
    assert '{}x{}'.format(*image_wh) in str(error.value)
    assert 'region' in str(error.value)


BINNED_K = k_of(FX / 2, FY / 2, (CX + 0.5) / 2 - 0.5, (CY + 0.5) / 2 - 0.5)
HALF = 720, 540


@pytest.mark.parametrize(
    ('what', 'info'),
    [
        ('as the standard defines it', calibration(binning_xy=(2, 2))),
        ('K is of the binned image', calibration(k=BINNED_K, binning_xy=(2, 2))),
        ('K and size are of the binned image', calibration(HALF, BINNED_K, binning_xy=(2, 2))),
        ('only the size is of the binned image', calibration(HALF, binning_xy=(2, 2))),
        ('K is of the binned image, and binning is not given', calibration(k=BINNED_K)),
        ('all is of the binned image', calibration(HALF, BINNED_K)),
        ('the size is not given', calibration((0, 0), BINNED_K)),
    ],
)
def test_every_drivers_interpretation_of_binning_gives_the_same(what, info):
    found = camera_from_calibration(info, HALF, rectified=False).intrinsics
    assert numbers(found) == pytest.approx(numbers_of(BINNED_K), abs=1e-9), what


def numbers_of(k):
    return k[0], k[4], k[2], k[5]


def test_a_region_that_is_out_of_date_does_not_move_the_full_image():
    info = calibration(roi_xywh=(100, 100, 720, 540))
    found = camera_from_calibration(info, SENSOR, rectified=False)
    assert numbers(found.intrinsics) == (FX, FY, CX, CY)


def test_a_region_whose_own_k_is_given_is_not_cropped_again():
    info = calibration(k=k_of(cx=318.0, cy=242.0), roi_xywh=(700, 500, 640, 480))
    found = camera_from_calibration(info, (640, 480), rectified=False).intrinsics
    assert numbers(found) == (FX, FY, 318.0, 242.0)


def test_a_region_at_the_edge_keeps_its_principal_point_outside():
    info = calibration(roi_xywh=(0, 0, 320, 240))
    found = camera_from_calibration(info, (320, 240), rectified=False).intrinsics
    assert numbers(found) == (FX, FY, CX, CY)


RECTIFIED = p_of(fx=900, cx=700)


@pytest.mark.parametrize(
    ('what', 'info', 'rectified', 'focal'),
    [
        ('a raw image has K', calibration(p=RECTIFIED), False, FX),
        ('a rectified one has P', calibration(p=RECTIFIED), True, 900),
        ('P where K is zero', calibration(k=(0.0,) * 9, p=RECTIFIED), False, 900),
        ('P where K is zero', calibration(k=(0.0,) * 9, p=RECTIFIED), True, 900),
        ('K where there is no P and no distortion', calibration(d=()), True, FX),
        ('K where there is no P and no distortion', calibration(d=(0.0,) * 5), True, FX),
        ('K whatever P is', calibration(p=(math.nan,) * 12), False, FX),
        ('P whatever D is', calibration(p=RECTIFIED, d=(math.nan,)), True, 900),
    ],
)
def test_which_matrix_counts(what, info, rectified, focal):
    found = camera_from_calibration(info, SENSOR, rectified)
    assert found.intrinsics.fx == focal, what


@pytest.mark.parametrize('rectified', [False, True])
def test_zeros_mean_that_the_camera_is_not_calibrated(rectified):
    info = calibration(k=(0.0,) * 9, d=())
    assert camera_from_calibration(info, (123, 45), rectified) is None


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ('info', 'rectified', 'reason'),
    [
        (calibration(k=k_of(fx=NAN)), False, 'K has entries that are not finite .*calibrate'),
        (calibration(k=k_of(cy=INF)), False, 'K has entries that are not finite .*cy inf'),
        (calibration(p=p_of(fy=NAN)), True, 'P has entries that are not finite'),
        (calibration(k=k_of(fx=-500)), False, 'focal lengths are not positive .*fx -500'),
        (calibration(k=k_of(fy=0)), False, 'focal lengths are not positive'),
        (calibration(p=p_of(fx=0)), True, "P's focal lengths are not positive"),
        (calibration(k=k_of(0.8, 1.0, 0.5, 0.5)), False, 'publish them in pixels'),
        (calibration(k=k_of(0.8, 1.0)), False, 'publish them in pixels'),
        (calibration(k=k_of(3, 3)), False, 'publish them in pixels'),
        (calibration(k=k_of(1e30, 1e30)), False, 'are implausible for 1440x1080 px'),
        (calibration(k=k_of(cx=0, cy=0)), False, r'principal point \(0, 0\).*width and height'),
        (calibration(k=k_of(cx=1500)), False, 'lies outside'),
        (calibration((640, 480)), False, r'\(731.3, 528.8\).*640x480.*width and height'),
        (calibration(), True, 'P is zero: publish'),
        (calibration(d=(0.1, 0.1)), False, 'D has 2 coefficients, plumb_bob has 4 or 5'),
        (calibration(d=(0.1,) * 5, model='equidistant'), False, 'equidistant has 4'),
        (calibration(d=(0.1, NAN, 0, 0, 0)), False, 'D has entries that are not finite'),
        (calibration(d=(0.1,), model=''), False, 'D has coefficients, but .*plumb_bob'),
        (calibration(d=(-30.0, 0, 0, 0)), False, 'folds back .* px from its middle'),
        (calibration(d=(-9.0, 0, 0, 0), model='equidistant'), False, 'folds back'),
        (calibration(d=(1e300,) * 5), False, 'folds back'),
    ],
)
def test_a_contradictory_calibration_is_refused_with_the_way_out(info, rectified, reason):
    with pytest.raises(CalibrationError, match=reason):
        camera_from_calibration(info, info.image_wh, rectified)


@pytest.mark.parametrize('d', [(), (0.0,) * 5, (0.9,)])
def test_an_unknown_distortion_model_is_refused_with_those_that_are_known(d):
    """Also with zeros: those of a fisheye model are no pinhole."""
    info = calibration(d=d, model='fov')
    with pytest.raises(CalibrationError, match=r"'fov'.*plumb_bob.*equidistant.*image_rect"):
        camera_from_calibration(info, SENSOR, rectified=False)


def rays(info, rectified=False, pixels=((0.0, 0.0), (1439.0, 1079.0))):
    return camera_from_calibration(info, SENSOR, rectified).rays_from_pixels(np.array(pixels))


@pytest.mark.parametrize(
    ('model', 'd'),
    [
        ('', ()),
        ('none', (0.0,) * 5),
        ('plumb_bob', ()),
        ('plumb_bob', (0.0,) * 4),
        ('rational_polynomial', (0.0,) * 8),
        ('equidistant', ()),
    ],
)
def test_without_coefficients_there_is_no_distortion(model, d):
    corners = [(0, 0), (1439, 1079)]
    for ray, pixel in zip(rays(calibration(d=d, model=model)), corners, strict=True):
        assert ray[:2] / ray[2] == pytest.approx(((pixel[0] - CX) / FX, (pixel[1] - CY) / FY))


def test_a_fisheye_with_zeros_is_no_pinhole():
    """θ = r: a pixel one focal length from the middle is seen at one radian."""
    (ray,) = rays(calibration(d=(0.0,) * 4, model='equidistant'), pixels=[(CX + FX, CY)])
    assert ray == pytest.approx((math.sin(1), 0, math.cos(1)))


def test_a_rectified_image_has_no_distortion_and_no_baseline():
    p = list(p_of())
    p[3], p[11] = -FX * 0.12, 0.3
    found = rays(calibration(p=tuple(p), model='fov'), rectified=True)
    assert found == pytest.approx(rays(calibration(d=())))


@pytest.mark.parametrize('factor', [1, 2])
def test_distortion_is_the_same_in_a_binned_image(factor):
    """It bends rays before the sensor counts them in pixels."""
    info = calibration(binning_xy=(factor, factor))
    image_wh = SENSOR[0] // factor, SENSOR[1] // factor
    camera = camera_from_calibration(info, image_wh, rectified=False)
    corner = (np.array([100.0, 60.0]) + 0.5) / factor - 0.5
    (whole,) = rays(calibration(), pixels=[(100.0, 60.0)])
    assert camera.rays_from_pixels(corner) == pytest.approx(whole)


side = st.one_of(st.integers(0, 5000), st.sampled_from([2**31, 2**32 - 1]))
any_number = st.one_of(st.floats(), st.floats(0, 5000), st.just(0.0))


@given(
    st.tuples(side, side),
    st.lists(any_number, min_size=9, max_size=9).map(tuple),
    st.lists(any_number, min_size=12, max_size=12).map(tuple),
    st.tuples(side, side),
    st.tuples(side, side, side, side),
    st.lists(any_number, max_size=14).map(tuple),
    st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    st.booleans(),
    st.sampled_from(['plumb_bob', 'rational_polynomial', 'equidistant', '', 'fov']),
)
def test_any_message_gives_a_camera_or_a_reason(
    sensor_wh, k, p, binning, roi, d, image_wh, rectified, model
):
    info = Calibration(sensor_wh, model, d, k, p, binning, roi)
    try:
        found = camera_from_calibration(info, image_wh, rectified)
    except CalibrationError:
        return
    if found is not None:
        assert all(map(math.isfinite, numbers(found.intrinsics)))
        assert found.intrinsics.fx > 0
        assert found.intrinsics.fy > 0
        corners = np.array([(0, 0), np.subtract(image_wh, 1)])
        lengths = np.linalg.norm(found.rays_from_pixels(corners), axis=-1)
        assert lengths == pytest.approx(1)
