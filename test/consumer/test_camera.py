"""The newest calibration, and projections against OpenCV's."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from facemesh_ros.consumer import LatestCameraInfo, project

K = np.array([[600.0, 0, 321.5], [0, 610.0, 238.0], [0, 0, 1]])
P = [500.0, 0, 320, 0, 0, 505, 240, 0, 0, 0, 1, 0]
small = st.floats(-0.4, 0.4)
points = st.lists(st.tuples(small, small, st.floats(0.8, 3)), min_size=1, max_size=5).map(np.array)


def camera_info(model='plumb_bob', d=(), **fields):
    return CameraInfo(
        width=640, height=480, distortion_model=model, d=list(d), k=K.ravel(), p=P, **fields
    )


@pytest.mark.parametrize(
    ('model', 'd'),
    [
        ('plumb_bob', (0.1, -0.2, 0.001, -0.002, 0.05)),
        ('plumb_bob', (0.1, -0.2, 0.001, -0.002)),
        ('rational_polynomial', (0.1, -0.2, 0.001, -0.002, 0.05, 0.2, -0.1, 0.03)),
    ],
)
@given(points_m=points)
def test_polynomial_lenses_are_opencvs(model, d, points_m):
    truth, _ = cv2.projectPoints(points_m, np.zeros(3), np.zeros(3), K, np.array(d))
    found = project(camera_info(model, d), points_m)
    np.testing.assert_allclose(found, truth[:, 0], atol=1e-6)


@given(points_m=points)
def test_fisheyes_are_opencvs(points_m):
    d = (0.05, -0.01, 0.004, -0.002)
    truth, _ = cv2.fisheye.projectPoints(
        points_m[:, None], np.zeros(3), np.zeros(3), K, np.array(d)
    )
    found = project(camera_info('equidistant', d), points_m)
    np.testing.assert_allclose(found, truth[:, 0], atol=1e-6)


def test_rectified_images_have_no_distortion_and_p():
    info = camera_info(d=(0.3, 0.1, 0, 0, 0))
    found = project(info, (0.2, -0.1, 2.0), rectified=True)
    assert found == pytest.approx([500 * 0.1 + 320, -505 * 0.05 + 240])


def test_the_axis_of_a_fisheye_is_its_principal_point():
    found = project(camera_info('equidistant', (0.1, 0, 0, 0)), (0, 0, 1))
    assert found.tolist() == [321.5, 238.0]


@pytest.mark.parametrize('z', [0.0, -1.0, float('nan')])
def test_what_is_not_before_the_camera_is_nan(z):
    assert np.isnan(project(camera_info(), (0.1, 0.1, z))).all()


@pytest.mark.parametrize(
    ('info', 'way_out'),
    [
        (CameraInfo(), 'calibrate'),
        (camera_info(binning_x=2, binning_y=2), 'full image'),
        (camera_info(roi=RegionOfInterest(x_offset=100)), 'full image'),
        (camera_info('mystery', (0.1,) * 4), 'image_rect'),
        (camera_info('plumb_bob', (0.1,) * 3), 'image_rect'),
    ],
)
def test_what_it_cannot_do_it_refuses_with_a_way_out(info, way_out):
    with pytest.raises(ValueError, match=way_out):
        project(info, (0, 0, 1))


def stamped(seconds):
    info = camera_info()
    info.header.stamp.sec = seconds
    return info


def test_an_image_gets_its_own_calibration_and_else_the_newest():
    infos = LatestCameraInfo()
    assert infos.of(stamped(1).header) is None
    for seconds in range(1, 200):
        infos(stamped(seconds))
    assert infos.newest.header.stamp.sec == 199
    assert infos.of(stamped(180).header).header.stamp.sec == 180  # a zoom counts from its image on
    assert infos.of(stamped(500).header) is infos.newest
    assert infos.of(stamped(1).header) is infos.newest  # forgotten long ago


def test_a_bag_that_begins_again_is_followed():
    infos = LatestCameraInfo()
    for seconds in (100, 101, 1):
        infos(stamped(seconds))
    assert infos.newest.header.stamp.sec == 1
