"""Frames of faces: each where its definition puts it, and none of what is not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from std_msgs.msg import Header

from facemesh_ros.geometry.rotations import matrix_from_quaternion_xyzw
from facemesh_ros.messages.transforms import FaceTransforms
from facemesh_ros.types import Faces, FaceState
from test.ros.output.published import transforms_msg
from test.ros.output.random_faces import random_faces

HEADER = Header(frame_id='camera_optical_frame')
HEADER.stamp.sec, HEADER.stamp.nanosec = 17, 5
EYE_CORNERS, INNER_LIPS = [33, 133, 362, 263], [13, 14]

faces_in_space = st.builds(
    random_faces,
    st.lists(st.integers(1, 10**6), max_size=6, unique=True),
    st.integers(0, 2**31),
    metric=st.just(True),
)


def frames_of(faces: Faces):
    """Origin and axes of each frame, by name."""
    msg = transforms_msg(FaceTransforms(), faces, HEADER)
    transforms = msg.transforms if msg else []
    assert all(one.header == HEADER for one in transforms)
    frames = {}
    for one in transforms:
        shift, turn = one.transform.translation, one.transform.rotation
        rotation = matrix_from_quaternion_xyzw(np.array([turn.x, turn.y, turn.z, turn.w]))
        frames[one.child_frame_id] = np.array([shift.x, shift.y, shift.z]), rotation
    assert len(frames) == len(transforms)
    return frames


@settings(deadline=None)
@given(faces_in_space)
def test_each_frame_is_where_its_definition_puts_it(faces):
    frames, metric = frames_of(faces), faces.metric
    for index, name in enumerate(faces.names):
        is_seen = faces.states[index] != FaceState.COASTING and metric.sources[index] != 0
        assert (f'face_{name}' in frames) == (f'mouth_{name}' in frames) == is_seen
        gazes = np.stack([metric.gazes_left[index], metric.gazes_right[index]]).astype(float)
        assert (f'gaze_{name}' in frames) == is_seen
        if not is_seen:
            continue
        points_m, head = metric.landmarks_m[index].astype(float), metric.rotations[index]
        origin, axes = frames[f'face_{name}']
        assert origin == pytest.approx(metric.positions_m[index])
        assert axes == pytest.approx(head, abs=1e-6)
        origin, axes = frames[f'mouth_{name}']
        assert origin == pytest.approx(points_m[INNER_LIPS].mean(axis=0))
        assert axes == pytest.approx(head, abs=1e-6)
        origin, axes = frames[f'gaze_{name}']
        assert origin == pytest.approx(metric.positions_m[index])
        look = gazes.sum(axis=0) if np.isfinite(gazes).all() else head[:, 0]
        assert axes[:, 2] == pytest.approx(look / np.linalg.norm(look), abs=1e-5)
        assert axes[:, 1] @ head[:, 2] <= 1e-6


@settings(deadline=None)
@given(faces_in_space)
def test_nothing_that_is_not_a_number_gets_out(faces):
    for origin, axes in frames_of(faces).values():
        assert np.isfinite(origin).all()
        assert np.isfinite(axes).all()


def test_one_eye_alone_says_where_it_looks():
    faces = random_faces([7], 3, metric=True)
    ahead, unknown = np.float32([[0, 0, -1]]), np.full((1, 3), np.nan, np.float32)
    metric = replace(
        faces.metric,
        sources=np.uint8([1]),
        landmarks_m=np.zeros((1, 478, 3), np.float32),
        positions_m=np.zeros((1, 3)),
        rotations=np.array([[[0.0, 1, 0], [0, 0, -1], [-1, 0, 0]]]),
        gazes_left=ahead,
        gazes_right=unknown,
    )
    one_eyed = replace(faces, metric=metric, states=np.uint8([FaceState.TRACKED]))
    _, axes = frames_of(one_eyed)['gaze_f00007']
    # Right, down and ahead of somebody who looks into the camera.
    frontal = np.array([[-1.0, 0, 0], [0, 1, 0], [0, 0, -1]])
    assert axes == pytest.approx(frontal)
    along_up = replace(metric, gazes_left=np.float32([[0, -1, 0]]))
    _, axes = frames_of(replace(one_eyed, metric=along_up))['gaze_f00007']
    assert axes == pytest.approx(frontal)
