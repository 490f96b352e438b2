"""Faces drawn into a copy of the image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.geometry.canonical_face import canonical_face_m, load_topology
from facemesh_ros.types import Faces, Frame, MetricFaces, MetricSource, PixelOrder, Rois
from facemesh_ros.viz.drawing import bgr_from_frame, draw_faces
from facemesh_ros.viz.overlay import rgb_of_id

pytestmark = pytest.mark.filterwarnings('error')

TOPOLOGY = load_topology(468)
GREY = 100
CENTRE = np.float32([320, 300])


def face(centre=CENTRE, scale=900.0, number=7) -> Faces:
    """The canonical face, about 130 px wide."""
    points = (TOPOLOGY.canonical_vertices_m * (1, -1, -1) * scale).astype(np.float32)
    points[:, :2] += centre
    box = np.concatenate([points[:, :2].min(axis=0), points[:, :2].max(axis=0)])
    return Faces(
        ids=np.array([number]),
        states=np.uint8([1]),
        ages=np.uint32([3]),
        detection_scores=np.float32([0.9]),
        last_detection_scores=np.float32([0.9]),
        last_detection_ages=np.zeros(1, np.uint32),
        presences=np.float32([0.99]),
        boxes_xyxy=box[None].astype(np.float32),
        rois=Rois(np.float32([centre]), np.float32([[200, 200]]), np.zeros(1, np.float32)),
        landmarks=points[None],
        raw_landmarks=points[None],
        jitters_px=np.zeros(1, np.float32),
        blendshapes=np.zeros((1, 0), np.float32),
        metric=MetricFaces.unknown(1, len(points)),
        filtered=False,
    )


def no_faces() -> Faces:
    one = face()
    return Faces(
        **{
            name: False if name == 'filtered' else getattr(one, name)[:0] for name in one.__slots__
        },
    )


def grey_image() -> np.ndarray:
    return np.full((480, 640, 3), GREY, np.uint8)


def drawn(faces: Faces, image: np.ndarray | None = None) -> np.ndarray:
    image = grey_image() if image is None else image
    return draw_faces(Frame(image, PixelOrder.BGR), faces, TOPOLOGY)


def test_the_cameras_image_stays_as_it_is():
    image = grey_image()
    canvas = drawn(face(), image)
    assert (image == GREY).all()
    assert not np.shares_memory(canvas, image)


def test_the_contours_are_drawn_where_the_landmarks_are():
    faces = face()
    canvas = drawn(faces)
    ends = np.rint(faces.landmarks[0, np.unique(TOPOLOGY.contours), :2]).astype(int)
    assert (canvas[ends[:, 1], ends[:, 0]] != GREY).any(axis=1).all()


def test_nothing_is_drawn_away_from_the_face_and_its_name():
    faces = face()
    changed = np.argwhere((drawn(faces) != GREY).any(axis=2))[:, ::-1]
    left, top, right, bottom = faces.boxes_xyxy[0]
    assert (changed >= (left - 3, top - 25)).all()
    assert (changed[:, 1] <= bottom + 3).all()
    # The name may reach beyond a small face, to the right.
    below = changed[changed[:, 1] > top]
    assert (below[:, 0] <= right + 3).all()


@pytest.mark.parametrize('number', [1, 7, 12345])
def test_a_face_has_the_colour_of_its_id(number):
    faces = face(number=number)
    below_its_name = drawn(faces)[int(faces.boxes_xyxy[0, 1]) :].astype(float)
    drawn_by = (below_its_name - GREY).reshape(-1, 3)
    full = np.array([255 * part for part in reversed(rgb_of_id(number))]) - GREY
    opacity = drawn_by @ full / (full @ full)
    # Each of the blends of a pixel is rounded to a whole level.
    assert np.abs(drawn_by - opacity[:, None] * full).max() <= 4
    assert opacity.max() > 0.7


def test_neighbouring_ids_are_easy_to_tell_apart():
    colours = np.array([rgb_of_id(number) for number in range(1, 200)])
    assert ((colours >= 0) & (colours <= 1)).all()
    assert np.abs(np.diff(colours, axis=0)).max(axis=1).min() > 0.3


@pytest.mark.parametrize(
    ('order', 'channels'),
    [
        (PixelOrder.BGR, (0, 1, 2)),
        (PixelOrder.RGB, (2, 1, 0)),
        (PixelOrder.RGBA, (2, 1, 0, 1)),
        (PixelOrder.BGRA, (0, 1, 2, 2)),
    ],
)
def test_every_pixel_order_comes_out_as_bgr(order, channels):
    bgr = np.random.default_rng(2).integers(0, 256, (480, 640, 3), np.uint8)
    frame = Frame(np.ascontiguousarray(bgr[..., channels]), order)
    assert np.array_equal(bgr_from_frame(frame), bgr)
    assert np.array_equal(draw_faces(frame, face(), TOPOLOGY), drawn(face(), bgr))


@pytest.mark.parametrize('shape', [(480, 640), (480, 640, 1)])
def test_faces_in_a_grey_image_have_colours_too(shape):
    frame = Frame(np.full(shape, GREY, np.uint8), PixelOrder.MONO)
    assert np.array_equal(draw_faces(frame, face(), TOPOLOGY), drawn(face()))


@pytest.mark.parametrize('far', [(1e9, 1e9), (-1e9, 300), (320, 1e9), (1e20, -1e20)])
def test_a_face_far_outside_is_no_error(far):
    canvas = drawn(face(centre=np.float32(far)))
    assert canvas.shape == (480, 640, 3)


def test_a_face_that_reaches_outside_is_drawn_as_far_as_it_is_seen():
    canvas = drawn(face(centre=np.float32([0, 240])))
    assert (canvas[:, :60] != GREY).any()
    assert (canvas[:, 300:] == GREY).all()


def test_without_faces_it_is_a_plain_copy():
    image = grey_image()
    canvas = drawn(no_faces(), image)
    assert np.array_equal(canvas, image)
    assert not np.shares_memory(canvas, image)


def test_each_of_several_faces_is_drawn():
    one, other = face(centre=(160, 300), number=1), face(centre=(480, 300), number=2)
    both = Faces(
        **{
            name: np.concatenate([getattr(one, name), getattr(other, name)])
            for name in one.__slots__
            if name not in ('rois', 'metric', 'filtered')
        },
        rois=one.rois + other.rois,
        metric=one.metric + other.metric,
        filtered=False,
    )
    canvas = drawn(both)
    assert np.array_equal(canvas[:, :300], drawn(one)[:, :300])
    assert np.array_equal(canvas[:, 340:], drawn(other)[:, 340:])


def test_irises_are_drawn_where_the_model_has_them():
    faces, mesh = face(), load_topology(478)
    irises = np.tile(faces.landmarks[:, 159:160], (1, 10, 1)) + np.float32([0, 150, 0])
    irises[0, 1:5, :2] += np.float32([[20, 0], [0, 20], [-20, 0], [0, -20]])
    with_irises = replace(faces, landmarks=np.concatenate([faces.landmarks, irises], axis=1))
    canvas = draw_faces(Frame(grey_image(), PixelOrder.BGR), with_irises, mesh)
    assert not np.array_equal(canvas, drawn(faces))


CAMERA = CalibratedCamera(Intrinsics(500.0, 500.0, 319.5, 239.5))
# Towards the camera, and the subject's left is the image's right.
FRONTAL = np.array([[0.0, 1, 0], [0, 0, -1], [-1, 0, 0]])


def in_space(position_m, rotation, gaze) -> Faces:
    """The canonical face in space, with its landmarks where CAMERA sees them."""
    points_m = canonical_face_m() @ rotation.T + position_m
    landmarks = np.column_stack([CAMERA.pixels_from_points(points_m), points_m[:, 2]])
    metric = replace(
        MetricFaces.unknown(1, 468),
        sources=np.uint8([MetricSource.CANONICAL]),
        landmarks_m=points_m[None].astype(np.float32),
        positions_m=np.array([position_m], float),
        rotations=rotation[None],
        gazes_left=np.float32([gaze]),
        gazes_right=np.float32([gaze]),
    )
    landmarks = landmarks[None].astype(np.float32)
    return replace(face(), landmarks=landmarks, metric=metric)


def test_axes_end_where_the_camera_sees_their_ends():
    position_m = np.array([-0.1, 0.1, 0.8])
    turn = np.array([[1.0, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]]) @ FRONTAL
    faces = in_space(position_m, turn, [np.nan] * 3)
    frame = Frame(grey_image(), PixelOrder.BGR, camera=CAMERA)
    with_axes = draw_faces(frame, faces, TOPOLOGY).astype(int)
    for axis, channel in ((0, 2), (1, 1), (2, 0)):  # red, green, blue
        end = CAMERA.pixels_from_points(position_m + 0.05 * turn[:, axis])
        column, row = np.rint(end).astype(int)
        near = with_axes[row - 1 : row + 2, column - 1 : column + 2].reshape(-1, 3)
        others = [other for other in range(3) if other != channel]
        assert (near[:, channel] - near[:, others].max(axis=1)).max() > 200


def test_the_gaze_points_to_where_the_eyes_look():
    position_m, gaze = np.array([0.0, 0, 0.7]), np.array([0.6, 0, -0.8])
    frame = Frame(grey_image(), PixelOrder.BGR, camera=CAMERA)
    without = draw_faces(frame, in_space(position_m, FRONTAL, [np.nan] * 3), TOPOLOGY)
    with_gaze = draw_faces(frame, in_space(position_m, FRONTAL, gaze), TOPOLOGY)
    changed = np.argwhere((with_gaze != without).any(axis=2))[:, ::-1]
    left_eye_m = canonical_face_m()[[263, 362]].mean(axis=0) @ FRONTAL.T + position_m
    end = CAMERA.pixels_from_points(left_eye_m + 0.08 * gaze)
    assert changed[:, 0].max() == pytest.approx(end[0], abs=3)


def test_a_face_in_metres_says_how_far_it_is():
    faces = in_space([0.0, 0, 0.7], FRONTAL, [np.nan] * 3)
    bare = replace(faces, metric=MetricFaces.unknown(1, 468))
    names = [drawn(each)[: int(faces.boxes_xyxy[0, 1])] for each in (faces, bare)]
    longer, shorter = (np.argwhere((name != GREY).any(axis=2))[:, 1].max() for name in names)
    assert longer > shorter + 20


@pytest.mark.parametrize('distance_m', [0.02, 1e-6, -0.5])
def test_what_reaches_behind_the_camera_is_left_out(distance_m):
    faces = in_space([0.0, 0, distance_m], FRONTAL, [0.0, 0, -1])
    faces = replace(faces, landmarks=face().landmarks)
    frame = Frame(grey_image(), PixelOrder.BGR, camera=CAMERA)
    assert draw_faces(frame, faces, TOPOLOGY).shape == (480, 640, 3)
