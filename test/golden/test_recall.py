"""Every face that a person would point at is found, and no other, at default thresholds.

The truth was made by eye and from annotations, see `test/support/faces.tsv`; what counts as
found is `ground_truth.RULE`. `./run bench recall` prints the same by size, beside MediaPipe.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from annotated_points import annotated_faces
from composed_pictures import compose_picture
from ground_truth import compare_boxes
from perturbations import PERTURBATIONS
from refinement_accuracy import measure_refinement
from sample_pictures import load_pictures, rotate_picture, true_faces

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder

GROUPS = {
    'dlib__2007_007763.jpg': 7,
    'dlib__2008_001322.jpg': 3,
    'dlib__2008_002079.jpg': 6,
    'human__solvay1927.jpg': 27,
}
EMPTY = [name for name, faces in true_faces().items() if not len(faces)]
SMALL_PX, STREAM_IMAGES, PERIOD_NS = 24, 10, 33_333_333
SOON = 0.95
LARGEST_LOSS, LARGEST_AREA = 0.05, 200_000


@pytest.fixture(scope='module')
def shown(data_folder):
    return {picture.name: picture for picture in load_pictures(data_folder)}


@pytest.fixture(scope='module')
def pipeline_with(require_models):
    """Load a pipeline with room for all faces."""
    require_models('short_range', 'full_range', 'v2')
    cv2.setNumThreads(1)

    def loaded(**settings):
        return load_sensor(
            SensorSettings(
                max_faces=64,
                landmark_model='v2',
                execution_provider='cpu',
                publish_blendshapes=False,
                **settings,
            )
        ).stream()

    return loaded


@pytest.fixture(scope='module')
def upright(pipeline_with):
    return pipeline_with()


def examined(pipeline, picture):
    faces = pipeline.process_static_image(Frame(picture.rgb, PixelOrder.RGB))
    return compare_boxes(picture.faces, faces.boxes_xyxy)


@pytest.mark.parametrize('name', GROUPS)
def test_groups_are_found(upright, shown, name):
    assert sum(examined(upright, shown[name]).found) >= GROUPS[name]


@pytest.mark.parametrize('name', EMPTY)
def test_no_face_is_found_where_none_is(upright, shown, name):
    assert examined(upright, shown[name]).false_boxes == []


def test_a_stream_by_default_finds_groups_up_to_its_limit(require_models, shown):
    """As many as `max_faces` in each picture, but for one in sunglasses and a mask: 52 of 66."""
    require_models('short_range', 'full_range', 'v2')
    cv2.setNumThreads(1)
    sensor = load_sensor(SensorSettings(execution_provider='cpu', publish_blendshapes=False))
    found, false_boxes = 0, []
    for picture in shown.values():
        stream = sensor.stream()
        for image in range(1, STREAM_IMAGES + 1):
            faces = stream.process(Frame(picture.rgb, PixelOrder.RGB, image * PERIOD_NS))
        seen = compare_boxes(picture.faces, faces.boxes_xyxy)
        found += sum(seen.found)
        false_boxes += seen.false_boxes
    assert found >= SOON * 52
    assert false_boxes == []


def first_images(pipeline, picture):
    """Return in which image of a stream each face was found first, None if it never was."""
    pipeline.reset()
    first = [None] * len(picture.faces)
    for image in range(1, STREAM_IMAGES + 1):
        faces = pipeline.process(Frame(picture.rgb, PixelOrder.RGB, image * PERIOD_NS))
        found = compare_boxes(picture.faces, faces.boxes_xyxy).found
        first = [
            image if now and before is None else before
            for now, before in zip(found, first, strict=True)
        ]
    return first


def test_small_faces_in_a_stream_are_found_soon(upright, shown):
    first = [
        image
        for number in range(6)
        for image in first_images(upright, compose_picture(list(shown.values()), SMALL_PX, number))
    ]
    assert len(first) == 24
    assert None not in first


def test_the_packaged_face_in_a_stream_is_found_soon_nearly_everywhere(upright, require_package):
    require_package('skimage')
    shown = load_pictures(None)
    first = [
        image
        for number in range(5)
        for image in first_images(upright, compose_picture(shown, SMALL_PX, number))
    ]
    assert len(first) == 20
    # On one of the backgrounds one of them is never found: 38 of 40 places measured.
    assert sum(image is not None for image in first) >= SOON * len(first), first


def test_turned_heads_are_found_as_well_as_upright_ones(pipeline_with, shown):
    """On the smaller pictures, which take less time; the benchmark turns all."""
    pipeline = pipeline_with(detector_rotations='all')
    small = [one for one in shown.values() if len(one.faces) and one.rgb.size <= 3 * LARGEST_AREA]
    found = [
        sum(sum(examined(pipeline, rotate_picture(picture, quarters)).found) for picture in small)
        for quarters in (0, 1, 2)
    ]
    asked = sum((~picture.faces.optional).sum() for picture in small)
    assert found[0] >= 0.9 * asked
    assert min(found) >= found[0] - LARGEST_LOSS * asked


def test_roi_refinement_is_more_accurate(require_models, data_folder, shown):
    """Measured by the benchmark in 7 perturbations: 4.3 % instead of 4.7 % from the points."""
    require_models('short_range', 'full_range', 'v2')
    annotated = [shown[name] for name in annotated_faces(data_folder)]
    faces = measure_refinement(annotated, data_folder, PERTURBATIONS[:2]).faces
    errors = np.array([one.errors for one in faces if one.errors])
    distances = np.array([one.distances for one in faces])
    assert len(errors) > 30
    assert errors[:, 1].mean() < errors[:, 0].mean()
    assert np.median(distances[:, 1]) < 0.6 * np.median(distances[:, 0])
