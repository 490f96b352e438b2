"""What consumers of ROS4HRI are told of a face, from what the node says of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip('hri_msgs')

from hri_msgs.msg import FacialActionUnits, FacialLandmarks
from std_msgs.msg import Header

from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.msg import FaceMesh, FaceMeshArray
from facemesh_ros.ros.hri_bridge.action_units import action_units_msg
from facemesh_ros.ros.hri_bridge.messages import landmarks_msg, roi_msg

BLENDSHAPES = ('_neutral', 'jawOpen', 'eyeLookInRight', 'eyeLookOutLeft', 'eyeBlinkLeft')
sides = st.integers(1, 4000)
anywhere = st.floats(-5000, 5000, width=32)


def image_of(width=640, height=480):
    header = Header(frame_id='camera')
    header.stamp.sec = 7
    return FaceMeshArray(header=header, image_width=width, image_height=height)


def face_of(points, presence=0.5, **fields):
    flat = np.ascontiguousarray(points, np.float32).ravel()
    return FaceMesh(landmarks=flat, presence=presence, **fields)


@given(st.lists(anywhere, min_size=4, max_size=4), sides, sides, st.floats(0, 1))
def test_a_roi_is_the_part_of_the_box_in_the_image(numbers, width, height, presence):
    (left, right), (top, bottom) = sorted(numbers[:2]), sorted(numbers[2:])
    box = np.float32([left, top, right, bottom])
    image = image_of(width, height)
    msg = roi_msg(FaceMesh(box=box, presence=presence), image)
    assert msg.header == image.header
    assert 0 <= msg.xmin <= msg.xmax <= 1
    assert 0 <= msg.ymin <= msg.ymax <= 1
    assert msg.c == pytest.approx(presence)
    # In pixels, whose middles are whole numbers, the image reaches from -.5 to its size - .5.
    for share, size, edge in (
        (msg.xmin, width, left),
        (msg.xmax, width, right),
        (msg.ymin, height, top),
        (msg.ymax, height, bottom),
    ):
        assert share * size - 0.5 == pytest.approx(
            min(max(edge, -0.5), size - 0.5), abs=1e-3 + 1e-6 * size
        )


@given(st.integers(2, 4000), st.integers(2, 4000), st.data())
def test_a_point_falls_on_its_own_pixel(width, height, data):
    """As consumers cut and draw: int(x * width)."""
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    face = face_of(np.tile([x, y, 0.0], (478, 1)))
    for point in landmarks_msg(face, image_of(width, height)).landmarks:
        assert (int(point.x * width), int(point.y * height)) == (x, y)
        assert point.c == 0.5


@given(st.integers(0, 2**32 - 1))
def test_points_outside_the_image_are_moved_to_its_border_and_said_to_be_unknown(seed):
    random = np.random.default_rng(seed)
    points = random.uniform(-700, 1400, (478, 3))
    msg = landmarks_msg(face_of(points), image_of())
    assert (msg.width, msg.height) == (640, 480)
    tip, placed = points[NAMED_POINTS['nose_tip']], msg.landmarks[FacialLandmarks.NOSE]
    assert placed.x == pytest.approx(min(max((tip[0] + 0.5) / 640, 0), 1), abs=1e-5)
    assert placed.y == pytest.approx(min(max((tip[1] + 0.5) / 480, 0), 1), abs=1e-5)
    for point in msg.landmarks:
        assert 0 <= point.x <= 1
        assert 0 <= point.y <= 1
        assert (point.c == 0.5) == (0 < point.x < 1 and 0 < point.y < 1)


def test_pupils_are_unknown_without_irises():
    msg = landmarks_msg(face_of(np.full((468, 3), 100.0)), image_of())
    assert len(msg.landmarks) == 70
    for name in ('RIGHT_PUPIL', 'LEFT_PUPIL'):
        point = msg.landmarks[getattr(FacialLandmarks, name)]
        assert (point.x, point.y, point.c) == (0, 0, 0)
    assert msg.landmarks[FacialLandmarks.NOSE].c > 0


@pytest.mark.parametrize(
    ('code', 'name'),
    [
        ('MENTON', 'chin'),
        ('SELLION', 'sellion'),
        ('NOSE', 'nose_tip'),
        ('RIGHT_EYE_OUTSIDE', 'right_eye_outer'),
        ('RIGHT_EYE_INSIDE', 'right_eye_inner'),
        ('LEFT_EYE_OUTSIDE', 'left_eye_outer'),
        ('LEFT_EYE_INSIDE', 'left_eye_inner'),
        ('RIGHT_EYEBROW_INSIDE', 'right_brow_inner'),
        ('LEFT_EYEBROW_OUTSIDE', 'left_brow_outer'),
        ('MOUTH_OUTER_RIGHT', 'mouth_right'),
        ('MOUTH_OUTER_LEFT', 'mouth_left'),
        ('MOUTH_OUTER_TOP_3', 'upper_lip_outer'),
        ('MOUTH_INNER_BOTTOM_2', 'lower_lip_inner'),
        ('RIGHT_PUPIL', 'right_iris'),
        ('LEFT_PUPIL', 'left_iris'),
    ],
)
def test_each_code_of_hri_msgs_has_the_landmark_of_that_name(code, name):
    points = np.column_stack([np.arange(478.0), np.zeros((478, 2))])
    placed = landmarks_msg(face_of(points), image_of(478, 100)).landmarks
    assert int(placed[getattr(FacialLandmarks, code)].x * 478) == NAMED_POINTS[name]


def test_action_units_are_means_of_the_blendshapes_that_depict_them():
    face = FaceMesh(presence=0.75, blendshapes=np.float32([0, 0.5, 0.25, 0.75, 1]))
    msg = action_units_msg(face, image_of(), BLENDSHAPES)
    assert msg.header == image_of().header
    told = {
        FacialActionUnits.JAW_DROP: 0.5,
        FacialActionUnits.EYES_TURN_LEFT: 0.5,  # the subject's left
    }
    for unit in range(99):
        # The right eye's lid is not among these scores.
        assert msg.intensity[unit] == pytest.approx(told.get(unit, 0))
        assert msg.confidence[unit] == (0.75 if unit in told else 0)


@pytest.mark.parametrize('count', [0, 3])
def test_there_are_no_action_units_without_scores_or_with_other_ones_than_named(count):
    face = FaceMesh(blendshapes=np.zeros(count, np.float32))
    assert action_units_msg(face, image_of(), BLENDSHAPES) is None


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_confidences_are_probabilities(presence):
    c = roi_msg(FaceMesh(presence=presence), image_of()).c
    assert 0 <= c <= 1
    assert math.isfinite(c)
