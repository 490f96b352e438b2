"""Which results count as found faces, and whether the truth stays true where pictures change."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from annotated_points import POINTS, point_error
from composed_pictures import IMAGE_WH, compose_picture
from ground_truth import TrueFaces, compare_boxes
from hypothesis import given
from hypothesis import strategies as st
from perturbations import PERTURBATIONS
from sample_pictures import Picture, load_pictures, rotate_picture, true_faces

FACE = [100.0, 100.0, 140.0, 150.0]
places = st.floats(0, 300)
boxes = st.lists(
    st.tuples(places, places, st.floats(1, 200), st.floats(1, 200)).map(
        lambda box: [box[0], box[1], box[0] + box[2], box[1] + box[3]]
    ),
    max_size=6,
)


def truth_of(*faces, optional=()):
    sizes = np.array([face[3] - face[1] for face in faces])
    marked = np.array([index in optional for index in range(len(faces))], bool)
    return TrueFaces(np.array(faces, float).reshape(-1, 4), sizes, marked)


@pytest.mark.parametrize(
    ('result', 'found'),
    [
        (FACE, True),
        ([90, 70, 150, 155], True),  # with the forehead
        ([141, 100, 181, 150], False),  # beside it
        ([115, 120, 125, 130], False),  # a mouth
        ([20, 20, 220, 230], False),  # the whole body
    ],
)
def test_a_result_counts_if_place_and_size_fit(result, found):
    comparison = compare_boxes(truth_of(FACE), [result])
    assert comparison.found == [found]
    assert len(comparison.false_boxes) == (not found)


def test_a_second_result_on_a_face_is_a_false_one():
    near, far = [101.0, 101.0, 141.0, 151.0], [110.0, 110.0, 150.0, 160.0]
    comparison = compare_boxes(truth_of(FACE), [far, near])
    assert comparison.found == [True]
    assert comparison.false_boxes == [far]


def test_an_optional_face_counts_for_nothing():
    elsewhere = [300.0, 300.0, 340.0, 350.0]
    truth = truth_of(FACE, elsewhere, optional=[1])
    for results in ([FACE, elsewhere], [FACE], [FACE, elsewhere, elsewhere]):
        comparison = compare_boxes(truth, results)
        assert comparison.found == [True, False]
        assert not comparison.false_boxes


@given(boxes, boxes)
def test_each_result_is_on_a_face_or_false(faces, results):
    comparison = compare_boxes(truth_of(*faces), results)
    assert sum(comparison.found) + len(comparison.false_boxes) == len(results)


@given(boxes)
def test_the_truth_finds_itself(faces):
    comparison = compare_boxes(truth_of(*faces), faces)
    assert all(comparison.found)
    assert not comparison.false_boxes


@pytest.mark.parametrize('quarters', [0, 1, 2, 3])
def test_boxes_turn_with_the_picture(quarters):
    rgb = np.zeros((60, 90, 3), np.uint8)
    rgb[20:31, 50:76] = 255
    picture = rotate_picture(Picture('', rgb, truth_of([50, 20, 75, 30])), quarters)
    ys, xs = np.nonzero(picture.rgb[..., 0])
    assert picture.faces.boxes_xyxy[0].tolist() == [xs.min(), ys.min(), xs.max(), ys.max()]
    assert picture.faces.sizes_px.tolist() == [10]


@pytest.mark.parametrize('perturbation', PERTURBATIONS, ids=lambda one: one.name)
def test_points_move_with_the_perturbed_picture(perturbation):
    rgb = np.zeros((120, 160, 3), np.uint8)
    centre = np.array([[70.0, 50.0]])
    cv2.circle(rgb, (70, 50), 9, (255, 255, 255), -1, cv2.LINE_AA)
    values = perturbation.apply(rgb)[..., 0].astype(float)
    values[values < 50] = 0  # the noise
    ys, xs = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    found = [(values * places).sum() / values.sum() for places in (xs, ys)]
    assert found == pytest.approx(
        perturbation.move_points(centre, (160, 120))[0].tolist(), abs=0.1
    )


@pytest.mark.parametrize('size_px', [24, 60, 100])
def test_a_composed_face_is_where_its_box_says(require_package, size_px):
    require_package('skimage')
    shown = load_pictures(None)
    picture = compose_picture(shown, size_px, 0)
    astronaut = next(one for one in shown if 'astronaut' in one.name)
    x0, y0, x1, y1 = astronaut.faces.boxes_xyxy[0].astype(int)
    face = astronaut.rgb[y0 : y1 + 1, x0 : x1 + 1]
    assert len(picture.faces) > 0
    assert picture.rgb.shape[1::-1] == IMAGE_WH
    for left, top, right, bottom in np.round(picture.faces.boxes_xyxy).astype(int):
        assert 0 <= left < right < IMAGE_WH[0]
        assert 0 <= top < bottom < IMAGE_WH[1]
        assert bottom - top == pytest.approx(size_px, abs=1)
        shown_face = picture.rgb[top : bottom + 1, left : right + 1]
        small = cv2.resize(face, shown_face.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.corrcoef(small.ravel(), shown_face.ravel())[0, 1] > 0.97


def test_composed_pictures_stay_the_same(require_package):
    require_package('skimage')
    shown = load_pictures(None)
    for number in range(2):
        one, same = (compose_picture(shown, 24, number) for _ in range(2))
        assert np.array_equal(one.rgb, same.rgb)
        assert np.array_equal(one.faces.boxes_xyxy, same.faces.boxes_xyxy)


def test_counts_are_those_of_the_manifest(data_folder):
    """'1(+1)' is one clear face and one that is cut, '1?' an optional one."""
    counts = {}
    for line in (data_folder / 'MANIFEST.tsv').read_text().splitlines()[1:]:
        file, faces = (line.split('\t')[column] for column in (0, 10))
        if file.startswith('images/'):
            counts[file.removeprefix('images/')] = faces
    truth = true_faces()
    assert set(counts) == set(truth)
    for name, faces in truth.items():
        clear = '0' if counts[name].endswith('?') else counts[name].partition('(')[0]
        assert int(clear) == (~faces.optional).sum(), name


def test_a_point_error_is_a_share_of_the_distance_between_the_eyes():
    points = np.zeros((POINTS, 2))
    points[36], points[45] = (0, 0), (200, 0)
    landmarks = np.zeros((478, 2))
    landmarks[263] = 200, 0
    assert point_error(landmarks, points) == 0
    assert point_error(landmarks + np.array([3, 4]), points) == pytest.approx(2.5)
