"""Faces of hard kinds are found by default, and nothing is where none is.

Every bound is a share of the faces that are there; `./run bench recall --parts kinds,negatives`
measures more pictures of each kind, beside MediaPipe.
"""

from __future__ import annotations

import cv2
import pytest
from face_kinds import KINDS, SMALL
from face_outcomes import Outcome, outcome_of
from negative_kinds import NEGATIVES
from sample_pictures import load_pictures

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder

# Least share found of each kind; of every so many of its pictures, so that it takes seconds.
LEAST = {
    'unchanged': 1.0,
    'behind a hand': 0.9,
    'behind a thing': 0.75,
    'mask': 0.9,
    'sunglasses': 0.9,
    'cut 20%, top': 0.9,
    'cut 20%, bottom': 0.9,
    'cut 20%, left': 0.9,
    'cut 20%, right': 0.9,
    'light x 0.25': 1.0,
    'light x 0.1': 0.9,
    '30 px': 0.75,
}
EVERY, EVERY_NEGATIVE = 3, 5


@pytest.fixture(scope='module')
def shown(data_folder):
    return load_pictures(data_folder)


@pytest.fixture(scope='module')
def pipeline_with(require_models):
    require_models('short_range', 'full_range', 'v2')
    cv2.setNumThreads(1)

    def loaded(**settings):
        return load_sensor(
            SensorSettings(execution_provider='cpu', publish_blendshapes=False, **settings)
        ).stream()

    return loaded


@pytest.fixture(scope='module')
def upright(pipeline_with):
    return pipeline_with()


def outcomes(pipeline, pictures) -> Outcome:
    found = turned = false = 0
    for picture in pictures:
        faces = pipeline.process_static_image(Frame(picture.rgb, PixelOrder.RGB))
        one = outcome_of(picture, faces.boxes_xyxy.tolist(), faces.landmarks)
        found, turned, false = found + one.found, turned + one.turned, false + one.false
    return Outcome(found, turned, false)


def chosen(kind, shown, every=EVERY):
    return list(kind(shown))[::every]


@pytest.mark.parametrize('kind', LEAST)
def test_faces_of_a_hard_kind_are_found(upright, shown, kind):
    pictures = chosen(KINDS[kind], shown) if kind in KINDS else chosen(SMALL[kind], shown, 1)
    asked = sum(int((~picture.faces.optional).sum()) for picture in pictures)
    assert asked >= 4
    outcome = outcomes(upright, pictures)
    assert outcome.found >= LEAST[kind] * asked
    assert outcome.turned == 0


@pytest.mark.parametrize('kind', NEGATIVES)
def test_nothing_is_found_where_no_face_is(upright, shown, kind):
    assert outcomes(upright, chosen(NEGATIVES[kind], shown, EVERY_NEGATIVE)).false == 0


@pytest.mark.parametrize('kind', ['on its side', 'upside down'])
def test_turned_heads_are_found_as_they_are_where_they_are_asked_for(pipeline_with, shown, kind):
    pictures = chosen(KINDS[kind], shown)
    outcome = outcomes(pipeline_with(detector_rotations='all'), pictures)
    assert outcome.found == len(pictures)


def test_no_landmarks_lie_turned_on_heads_on_their_side(upright, shown):
    assert outcomes(upright, chosen(KINDS['on its side'], shown, 1)).turned == 0
