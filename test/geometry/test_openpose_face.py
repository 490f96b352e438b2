"""The 70 points: their places on the canonical face, and against pictures annotated by others."""

import numpy as np
import pytest
from levelled_faces import levelled_faces

from facemesh_ros.geometry.canonical_face import (
    canonical_face_m,
    load_topology,
    mirrored_landmarks,
)
from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.geometry.openpose_face import openpose_face

IBUG = 68
# Runs of points that go across the face, by the scheme's own drawing.
FROM_RIGHT_TO_LEFT = (
    range(17),  # contour
    range(17, 27),  # both brows
    range(31, 36),  # base of the nose
    (36, 37, 38, 39, 42, 43, 44, 45),  # upper lids
    (36, 41, 40, 39, 42, 47, 46, 45),  # lower lids
    range(48, 55),  # upper lip, outside
    (48, 59, 58, 57, 56, 55, 54),  # lower lip, outside
    range(60, 65),  # upper lip, inside
    (60, 67, 66, 65, 64),  # lower lip, inside
)
# What each point becomes in a mirror.
MIRRORED = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31),
    *range(35, 30, -1),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *range(54, 47, -1),
    *range(59, 54, -1),
    *range(64, 59, -1),
    *range(67, 64, -1),
    *(69, 68),
)


@pytest.fixture
def places():
    """All but the pupils on the canonical face: x to the subject's left, y up, z forward, m."""
    x_out, y_left, z_up = canonical_face_m()[openpose_face(468)[:IBUG]].T
    return np.column_stack([y_left, z_up, x_out])


def test_every_point_has_a_landmark_of_its_own():
    points = openpose_face(478)
    assert len(set(points.tolist())) == len(points) == 70
    assert (points >= 0).all()


def test_a_model_without_irises_knows_no_pupils():
    assert openpose_face(468)[IBUG:].tolist() == [-1, -1]
    assert (openpose_face(468)[:IBUG] == openpose_face(478)[:IBUG]).all()


def test_a_mirrored_face_has_the_mirrored_points():
    points = openpose_face(478)
    assert (mirrored_landmarks(478)[points] == points[list(MIRRORED)]).all()


@pytest.mark.parametrize('run', FROM_RIGHT_TO_LEFT, ids=str)
def test_points_across_the_face_are_in_order(places, run):
    assert (np.diff(places[list(run), 0]) > 0).all()


def test_points_down_the_face_are_in_order(places):
    height = places[:, 1]
    assert (np.diff(height[:9]) < 0).all()  # from the ear to the chin
    assert (np.diff(height[27:31]) < 0).all()  # from the sellion to the tip
    assert (np.diff(places[27:31, 2]) > 0).all()  # and outwards
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46), (51, 57), (62, 66)):
        assert height[upper] >= height[lower]
    assert height[51] > height[62] >= height[66] > height[57]


def test_the_contour_is_the_edge_of_the_mesh():
    topology = load_topology(478)
    oval = topology.region_names.index('face_oval')
    assert (topology.region_of_landmark[openpose_face(478)[:17]] == oval).all()


@pytest.mark.parametrize(
    ('point', 'name'),
    [
        (8, 'chin'),
        (27, 'sellion'),
        (30, 'nose_tip'),
        (33, 'subnasale'),
        (36, 'right_eye_outer'),
        (39, 'right_eye_inner'),
        (42, 'left_eye_inner'),
        (45, 'left_eye_outer'),
        (48, 'mouth_right'),
        (54, 'mouth_left'),
        (51, 'upper_lip_outer'),
        (62, 'upper_lip_inner'),
        (66, 'lower_lip_inner'),
        (57, 'lower_lip_outer'),
        (68, 'right_iris'),
        (69, 'left_iris'),
    ],
)
def test_points_with_a_name_are_those_of_that_name(point, name):
    assert openpose_face(478)[point] == NAMED_POINTS[name]


def test_on_annotated_faces_each_point_is_nearest_to_the_annotation_of_the_same_number(
    require_models, data_folder
):
    """On average over the faces; the two inner rims of a shut mouth are one line.

    The left inner corner of the mouth lies half-way between the annotations of both corners, so
    one that is as near to within a hundredth of the distance of the eyes counts as nearest.
    """
    require_models('short_range', 'full_range')
    meshes, annotated = map(np.array, zip(*levelled_faces(data_folder), strict=True))
    assert len(meshes) >= 16
    ours = meshes.mean(axis=0)[openpose_face(meshes.shape[1])[:IBUG]]
    theirs = annotated.mean(axis=0)
    distances = np.linalg.norm(ours[:, None] - theirs, axis=2)
    is_nearest = distances < distances.min(axis=1, keepdims=True) + 0.01
    rims = {61: 67, 62: 66, 63: 65, 65: 63, 66: 62, 67: 61}
    assert [
        point
        for point in range(IBUG)
        if not is_nearest[point, [point, rims.get(point, point)]].any()
    ] == []
