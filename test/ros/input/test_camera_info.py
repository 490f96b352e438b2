"""The camera of each image: whose camera_info, which matrix, and what is logged when none is."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

import numpy as np
import pytest
import rclpy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo

from facemesh_ros.ros.diagnostics.finding import MAX_KINDS
from facemesh_ros.ros.input.camera_info import MAX_INFOS, CameraModel, is_rectified
from facemesh_ros.ros.input.topics import CameraTopics

VGA = 640, 480


def info(fx=500.0, p_fx=350.0, image_wh=VGA, stamp_s=0, **more) -> CameraInfo:
    msg = CameraInfo(
        width=image_wh[0],
        height=image_wh[1],
        k=[fx, 0.0, 319.5 if fx else 0.0, 0.0, fx, 239.5 if fx else 0.0, 0.0, 0.0, 1.0],
        p=[p_fx, 0.0, 319.5, 0.0, 0.0, p_fx, 239.5, 0.0, 0.0, 0.0, 1.0, 0.0],
        distortion_model='plumb_bob',
        d=[-0.3, 0.1, 0.0, 0.0, 0.0],
        **more,
    )
    msg.header.stamp.sec = stamp_s
    return msg


def update(model: CameraModel, msg: CameraInfo) -> None:
    model.update(serialize_message(msg))


@contextlib.contextmanager
def camera(topic: str = '/cam/image_raw', transport: str = 'raw') -> Iterator[CameraModel]:
    """The camera model of a node whose image topic is remapped."""
    name = 'image_raw' if transport == 'raw' else f'image_raw/{transport}'
    node = rclpy.create_node(
        'test_camera',
        cli_args=['--ros-args', '-r', f'{name}:={topic}'],
        use_global_arguments=False,
    )
    try:
        yield CameraModel(CameraTopics(node, '', transport))
    finally:
        node.destroy_node()


@pytest.mark.parametrize(
    ('topic', 'rectified'),
    [
        ('/image_rect', True),
        ('/cam/image_rect_color', True),
        ('/camera/infra1/image_rect_raw', True),
        ('/left/image_rect/compressed', True),
        ('/image_raw', False),
        ('/image_rect/image_raw', False),
        ('/cam/image_raw/compressed', False),
        ('/cam/image_color', False),
    ],
)
def test_rectified_topics_are_recognised_by_the_names_of_image_proc(topic, rectified):
    assert is_rectified(topic) is rectified


@pytest.mark.parametrize(
    ('topic', 'transport', 'focal'),
    [
        ('/cam/image_raw', 'raw', 500),
        ('/cam/image_rect', 'raw', 350),
        ('/cam/image_rect/compressed', 'compressed', 350),
    ],
)
def test_a_rectified_topic_has_the_intrinsics_of_p(topic, transport, focal):
    with camera(topic, transport) as model:
        update(model, info())
        model.camera_of(0, VGA)
        assert model.intrinsics().fx == focal
        assert model.problem == ''


def test_p_is_used_where_k_is_zero():
    with camera() as model:
        update(model, info(fx=0.0))
        model.camera_of(0, VGA)
        assert model.intrinsics().fx == 350


def test_region_and_binning_of_the_message_are_applied():
    msg = info(image_wh=(1280, 960), binning_x=2, binning_y=2)
    msg.k[2], msg.k[5] = 639.5, 479.5
    msg.roi.x_offset, msg.roi.y_offset, msg.roi.width, msg.roi.height = 320, 240, 640, 480
    with camera() as model:
        update(model, msg)
        model.camera_of(0, (320, 240))
        found = model.intrinsics()
    assert (found.fx, found.cx, found.cy) == (250, 159.5, 119.5)


def test_a_refused_calibration_is_logged_once_and_gives_no_intrinsics(capfd):
    with camera() as model:
        for _ in range(5):
            update(model, info(fx=math.nan))
            model.camera_of(0, VGA)
            assert model.intrinsics() is None
            assert 'K has entries that are not finite' in model.problem
        update(model, info())
        model.camera_of(0, VGA)
        assert model.problem == ''
        assert model.intrinsics().fx == 500
    assert capfd.readouterr().err.count('K has entries that are not finite') == 1


def test_a_damaged_one_is_told_once_and_the_one_before_it_stays(capfd):
    sound = serialize_message(info())
    with camera() as model:
        model.update(sound)
        for damaged in (sound[:-20], sound[:30], b'', b'x' * 400) * 3:
            assert model.update(damaged) is None
            assert model.camera_of(0, VGA).intrinsics.fx == 500
        assert model.damage.startswith('camera_info is left out (12 so far): ')
        model.update(sound)
        assert model.damage == ''
    assert capfd.readouterr().err.count('is left out') == 1


def test_intrinsics_follow_the_size_of_each_image():
    with camera() as model:
        update(model, info())
        for image_wh, focal in ((VGA, 500), ((320, 240), 250), ((640, 360), None), (VGA, 500)):
            model.camera_of(0, image_wh)
            found = model.intrinsics()
            assert (found and found.fx) == focal
            assert bool(model.problem) == (focal is None)


def test_calibrations_that_change_all_the_time_do_not_fill_the_log(capfd):
    with camera() as model:
        for number in range(3 * MAX_KINDS):
            update(model, info(fx=-1.0 - number))
            model.camera_of(0, VGA)
    assert capfd.readouterr().err.count('camera_info is not used') <= MAX_KINDS + 1


def test_without_calibration_intrinsics_are_assumed_which_is_logged_once(capfd):
    with camera() as model:
        for msg in (None, info(fx=0.0, p_fx=0.0)):
            if msg is not None:
                update(model, msg)
            model.camera_of(0, VGA)
            assert model.intrinsics().fy == pytest.approx(240 / math.tan(math.radians(31.5)))
            assert model.problem == ''
    assert capfd.readouterr().err.count('no calibrated camera_info') == 1


def focal_at(model, stamp_s) -> float:
    return model.camera_of(stamp_s * 10**9, VGA).intrinsics.fx


def test_an_image_has_the_calibration_of_its_stamp():
    """A zoom: the next camera_info is here before the image that waited is processed."""
    with camera() as model:
        for stamp_s, focal in ((5, 500.0), (6, 600.0), (7, 700.0)):
            update(model, info(focal, stamp_s=stamp_s))
        assert [focal_at(model, stamp_s) for stamp_s in (6, 5, 7, 6)] == [600, 500, 700, 600]


def test_an_image_without_a_calibration_of_its_stamp_has_the_latest():
    with camera() as model:
        update(model, info(500.0, stamp_s=5))
        assert focal_at(model, 6) == 500
        update(model, info(600.0))
        assert (focal_at(model, 6), focal_at(model, 0)) == (600, 600)
        update(model, info(700.0, stamp_s=6))
        assert (focal_at(model, 6), focal_at(model, 5)) == (700, 500)


def test_a_recording_that_starts_again_brings_its_own_calibration():
    with camera() as model:
        update(model, info(500.0, stamp_s=5))
        update(model, info(900.0, stamp_s=5))
        assert focal_at(model, 5) == 900


def test_calibrations_are_kept_for_a_while_only():
    with camera() as model:
        for stamp_s in range(1, MAX_INFOS + 2):
            update(model, info(100.0 + stamp_s, stamp_s=stamp_s))
        assert focal_at(model, 2) == 102
        assert focal_at(model, 1) == 100.0 + MAX_INFOS + 1


def test_the_camera_has_the_lens_of_the_message():
    with camera() as model:
        update(model, info())
        corner = model.camera_of(0, VGA).rays_from_pixels(np.zeros(2))
    # r (1 - .3 r² + .1 r⁴) is where a ray at r is drawn.
    r = np.hypot(*corner[:2]) / corner[2]
    assert r * (1 - 0.3 * r**2 + 0.1 * r**4) == pytest.approx(math.hypot(319.5, 239.5) / 500)
