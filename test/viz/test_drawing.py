"""Faces drawn into a copy of the image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.types import Faces, Frame, MetricFaces, PixelOrder, Rois
from facemesh_ros.viz.drawing import bgr_from_frame, draw_faces, rgb_of_id

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
