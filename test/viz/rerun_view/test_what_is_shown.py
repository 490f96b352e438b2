"""What stands in the viewer is what stands in the messages."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from ideal_faces import FACING

from facemesh_ros import consumer

from .conftest import CAMERA, IMAGE_WH, _mesh, seen

ROOT = '/camera/image_raw'
PICTURE, SPACE, CURVES = f'{ROOT}/picture', f'{ROOT}/space', f'{ROOT}/curves'
# Rerun's (0, 0) is the corner of the first pixel, the messages' its centre.
HALF = 0.5


@pytest.fixture
def face(require_package):
    require_package('rosbags')
    from face_recordings import placed_face

    return placed_face


@pytest.mark.parametrize('landmark_count', [468, 478])
def test_landmarks_are_where_the_message_has_them(shown, face, landmark_count):
    from face_recordings import info

    from facemesh_ros.geometry.shape_model import canonical_landmarks_m

    msg = face(shape_m=canonical_landmarks_m(landmark_count), position_m=(0.1, -0.05, 0.7))
    it = shown([seen([msg], info=info(landmark_count, **_mesh(landmark_count)))])
    points = consumer.landmarks(msg)
    drawn = it.array(f'{PICTURE}/faces/f00001/landmarks', 'Points2D:positions', 0)
    np.testing.assert_allclose(drawn, points[:, :2] + HALF, atol=1e-4)
    mesh = it.array(f'{SPACE}/faces/f00001/mesh', 'Mesh3D:vertex_positions', 0)
    np.testing.assert_array_equal(np.float32(mesh), consumer.landmarks_metric(msg))
    lines = it.array(f'{PICTURE}/faces/f00001/mesh', 'LineStrips2D:strips', 0)
    edges = _mesh(landmark_count)['edges'].reshape(-1, 2)
    np.testing.assert_allclose(lines, points[edges][..., :2] + HALF, atol=1e-4)


def test_triangles_are_lit_from_the_side_of_the_camera(shown, face):
    it = shown([seen([face()])])
    normals = it.array(f'{SPACE}/faces/f00001/mesh', 'Mesh3D:vertex_normals', 0)
    nose = normals[4]
    assert np.linalg.norm(nose) == pytest.approx(1, abs=1e-5)
    assert nose[2] < -0.5  # of a face that looks at the camera


def test_the_picture_is_shown_with_its_pixels_and_its_size(shown, face):
    pixels = np.full((480, 640, 3), (200, 30, 90), np.uint8)
    it = shown([seen([face()], pixels=pixels)])
    (jpeg,) = it.value(PICTURE, 'EncodedImage:blob', 0)
    picture = cv2.imdecode(np.array(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (480, 640, 3)
    assert np.abs(picture.astype(int) - (200, 30, 90)).max() < 8


def test_what_is_seen_in_the_frustum_stands_before_its_pixel(shown, face):
    """The pinhole of the frustum projects a face into its picture where the picture has it."""
    msg = face(position_m=(0.12, 0.08, 0.6))
    it = shown([seen([msg])])
    matrix = it.array(f'{SPACE}/camera', 'Pinhole:image_from_camera', 0).reshape(3, 3).T
    width, height = it.array(f'{SPACE}/camera', 'Pinhole:resolution', 0).ravel()
    rays = consumer.landmarks_metric(msg) @ matrix.T
    in_frustum = rays[:, :2] / rays[:, 2:]
    pixels = CAMERA.pixels_from_points(consumer.landmarks_metric(msg)) + HALF
    of_image = np.array([width, height]) / IMAGE_WH
    np.testing.assert_allclose(in_frustum, pixels * of_image, atol=0.6)


def test_the_picture_stands_behind_the_faces_however_they_move(shown, face):
    depths_m = (0.5, 0.7, 1.5, 1.4, 0.3, 3.0)
    it = shown(
        [
            seen([face(position_m=(0, 0, depth)) for depth in (depth_m, 0.3)], number)
            for number, depth_m in enumerate(depths_m)
        ]
    )
    for number, depth_m in enumerate(depths_m):
        (distance,) = it.value(f'{SPACE}/camera', 'Pinhole:image_plane_distance', number)
        assert max(depth_m, 0.3) < distance < 2.5 * max(depth_m, 0.3)


def test_head_axes_and_gaze_start_where_head_and_eyes_are(shown, face):
    msg = face(position_m=(0.0, 0.0, 0.8), gaze=(0.6, 0.0, -0.8))
    it = shown([seen([msg])])
    axes = it.array(f'{SPACE}/faces/f00001/axes', 'Arrows3D:vectors', 0)
    lengths = np.linalg.norm(axes, axis=1, keepdims=True)
    np.testing.assert_allclose(axes / lengths, FACING.T, atol=1e-6)
    origins = it.array(f'{SPACE}/faces/f00001/axes', 'Arrows3D:origins', 0)
    np.testing.assert_allclose(origins, [(0, 0, 0.8)] * 3, atol=1e-6)
    gazes = it.array(f'{SPACE}/faces/f00001/gaze', 'Arrows3D:vectors', 0)
    assert gazes.shape == (2, 3)
    np.testing.assert_allclose(
        gazes / np.linalg.norm(gazes, axis=1)[:, None], [(0.6, 0, -0.8)] * 2, atol=1e-6
    )
    starts = it.array(f'{SPACE}/faces/f00001/gaze', 'Arrows3D:origins', 0)
    names = consumer.NamedLandmarks(seen().info)
    for side, start in zip(('right', 'left'), starts, strict=True):
        corners = names.points(f'{side}_eye_outer', f'{side}_eye_inner')
        middle = consumer.landmarks_metric(msg)[corners].mean(axis=0)
        np.testing.assert_allclose(start, middle, atol=1e-6)


def test_labels_name_the_face_its_presence_and_its_distance(shown, face):
    it = shown([seen([face(position_m=(0, 0.3, 0.4), presence=0.87)])])
    for place in (f'{PICTURE}/faces/f00001/box', f'{SPACE}/faces/f00001/name'):
        component = 'Boxes2D:labels' if place.startswith(PICTURE) else 'Points3D:labels'
        assert it.value(place, component, 0) == ['f00001: presence 0.87, 0.50 m']


def test_a_face_that_has_left_disappears_and_comes_back(shown, face):
    images = [[face()], [face(), face('f00002')], [face('f00002')], [], [face()]]
    it = shown([seen(faces, number) for number, faces in enumerate(images)])
    for name, seen_in in (('f00001', {0, 1, 4}), ('f00002', {1, 2})):
        for image in range(len(images)):
            there = it.value(f'{PICTURE}/faces/{name}/landmarks', 'Points2D:positions', image)
            mesh = it.value(f'{SPACE}/faces/{name}/mesh', 'Mesh3D:vertex_positions', image)
            label = it.value(f'{PICTURE}/faces/{name}/box', 'Boxes2D:labels', image)
            point = it.value(f'{CURVES}/presence/{name}/presence', 'Scalars:scalars', image)
            expected = image in seen_in
            assert [x is not None for x in (there, mesh, label, point)] == [expected] * 4
    counts = [it.value(f'{CURVES}/faces', 'Scalars:scalars', image) for image in range(5)]
    assert counts == [[1], [2], [1], [0], [1]]


def test_a_picture_without_faces_is_shown(shown):
    it = shown([seen()])
    assert it.value(PICTURE, 'EncodedImage:blob', 0)
    assert it.value(f'{CURVES}/faces', 'Scalars:scalars', 0) == [0]


def test_a_face_that_is_hidden_or_new_is_darker_says_so_and_has_no_numbers(shown, face):
    it = shown([seen([face(), face('f00002', state=2), face('f00003', state=0)])])
    bright, hidden, new = (
        it.value(f'{PICTURE}/faces/f0000{number}/box', 'Boxes2D:colors', 0)[0] >> 8
        for number in (1, 2, 3)
    )
    light = [sum(colour.to_bytes(3, 'big')) for colour in (bright, hidden, new)]
    assert light[1] < 0.7 * light[0]
    assert light[2] < 0.7 * light[0]
    assert '(hidden)' in it.value(f'{PICTURE}/faces/f00002/box', 'Boxes2D:labels', 0)[0]
    assert '(new)' in it.value(f'{PICTURE}/faces/f00003/box', 'Boxes2D:labels', 0)[0]
    assert f'{CURVES}/presence/f00002/presence' not in it.rows
    assert it.value(f'{CURVES}/faces', 'Scalars:scalars', 0) == [1]


def test_without_metres_there_is_the_picture_and_the_reason(shown, face):
    it = shown([seen([face(is_metric=False)], camera=None)])
    assert it.value(f'{PICTURE}/faces/f00001/landmarks', 'Points2D:positions', 0)
    assert not [entity for entity in it.rows if entity.startswith(SPACE)]
    (why,) = it.value('/no_metres', 'TextDocument:text', 0)
    assert 'camera_info' in why


def test_curves_are_those_of_the_message(shown, face):
    turned = np.radians(20)
    about_y = np.array(
        [
            [math.cos(turned), 0, -math.sin(turned)],
            [0, 1, 0],
            [math.sin(turned), 0, math.cos(turned)],
        ]
    )
    msg = face(rotation=about_y @ FACING, jitter=0.25, presence=0.5)
    it = shown([seen([msg], latency=0.0125)])
    said = {
        f'{CURVES}/latency/image\\ to\\ message': 12.5,
        f'{CURVES}/presence/f00001/presence': 0.5,
        f'{CURVES}/jitter/f00001/jitter': 0.25,
        f'{CURVES}/distance/f00001/distance': 1.0,
        f'{CURVES}/head/f00001/turned\\ left': 20.0,
        f'{CURVES}/head/f00001/nodded\\ up': 0.0,
        f'{CURVES}/head/f00001/tilted': 0.0,
    }
    for entity, value in said.items():
        assert it.value(entity, 'Scalars:scalars', 0) == [pytest.approx(value, abs=1e-3)]
    names = consumer.NamedLandmarks(seen().info)
    mouth = consumer.mouth_opening(consumer.landmarks(msg), names).ratio
    assert it.value(f'{CURVES}/openings/f00001/mouth', 'Scalars:scalars', 0) == [mouth]


def test_several_streams_do_not_mix(shown, face):
    left = seen([face('f00001', position_m=(0, 0, 1))], stream='/left/image_raw')
    right = seen([face('f00001', position_m=(0, 0, 2))], stream='/right/image_raw', camera=None)
    it = shown([left, right, seen([], 1, stream='/right/image_raw')])
    mesh = 'Mesh3D:vertex_positions'
    near = it.array('/left/image_raw/space/faces/f00001/mesh', mesh, 1)
    assert near[:, 2].mean() == pytest.approx(1, abs=0.1)
    assert it.value('/right/image_raw/space/faces/f00001/mesh', mesh, 0)
    assert it.value('/right/image_raw/space/faces/f00001/mesh', mesh, 1) is None


broken = some.sampled_from([math.nan, math.inf, -math.inf])


@settings(max_examples=25)
@given(
    name=some.sampled_from(['', '/', '..', 'f00001', 'a b/c\\', '\ud800', '\n', '顔']),
    landmarks=some.lists(some.floats(width=32) | broken, max_size=9),
    metric=some.lists(some.floats(width=32) | broken, max_size=9),
    box=some.lists(broken | some.floats(width=32), min_size=4, max_size=4),
    gaze=some.lists(broken | some.floats(-2, 2, width=32), min_size=3, max_size=3),
    number=broken | some.floats(width=32),
    count=some.integers(0, 3),
)
def test_whatever_a_message_holds_nothing_that_is_not_finite_is_drawn(
    tmp_path_factory, require_package, name, landmarks, metric, box, gaze, number, count
):
    require_package('rosbags')
    from face_recordings import info, placed_face
    from rerun_file import RerunFile

    from facemesh_ros.viz.rerun_view import Place, RerunView, ViewTarget

    faces = [placed_face() for _ in range(count)]
    for face in faces:
        face.id, face.presence, face.jitter = name, number, number
        face.landmarks, face.landmarks_metric = np.float32(landmarks), np.float32(metric)
        face.box, face.gaze_left = np.float32(box), np.float32(gaze)
    said = info(edges=[0, 1, 7, 65535, 3], triangles=[0, 1, 2, 900, 1, 0], contours=[])
    path = tmp_path_factory.mktemp('hostile') / 'it.rrd'
    with RerunView(ViewTarget(Place.NONE, save=path)) as view:
        view.show(seen(faces, stream=name, info=said, latency=number))
        view.show(seen([placed_face(name)], 1, stream=name, info=None))
    assert np.isfinite(RerunFile(path).numbers()).all()
