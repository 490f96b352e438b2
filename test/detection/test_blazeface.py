"""From the detector's raw numbers to faces."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.blazeface import BlazeFace, decode
from facemesh_ros.errors import FacemeshError
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.inference.session import ModelMismatchError
from facemesh_ros.types import Frame, PixelOrder

pytestmark = pytest.mark.filterwarnings('error')

MODELS = ['short_range', 'full_range']
# Centre 3 right of and 4 above the anchor, 20 wide, 10 high, then six keypoints.
ROW = [3, -4, 20, 10, 0, 0, 1, 1, 2, -2, 3, 3, -4, 4, 5, 5]


def decoded(rows, logits, min_score=0.0, anchor=(60, 40)):
    anchors = np.tile(np.float32(anchor), (len(rows), 1))
    return decode(np.float32(rows), np.float32(logits), anchors, min_score)


def test_an_example_by_hand():
    found = decoded([ROW], [0.0])
    assert found.boxes_xyxy.tolist() == [[53, 31, 73, 41]]
    assert found.keypoints[0].tolist() == [
        [60, 40],
        [61, 41],
        [62, 38],
        [63, 43],
        [56, 44],
        [65, 45],
    ]
    assert found.scores.tolist() == [0.5]


def test_each_row_belongs_to_its_own_anchor():
    anchors = np.float32([[10, 20], [30, 40]])
    found = decode(np.float32([ROW, ROW]), np.zeros(2, np.float32), anchors, 0.5)
    assert found.boxes_xyxy[1] - found.boxes_xyxy[0] == pytest.approx([20, 20, 20, 20])
    assert (found.keypoints[:, 0] == anchors).all()


def test_the_score_is_the_sigmoid_at_any_logit():
    logits = np.float32([-1000, -2, 0, 2, 1000])
    scores = decoded([ROW] * 5, logits).scores
    assert scores == pytest.approx([0, 1 / (1 + np.e**2), 0.5, 1 / (1 + np.e**-2), 1], abs=1e-6)
    assert scores.dtype == np.float32


@given(st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=40), st.floats(0, 1, width=32))
def test_what_reaches_the_score_by_the_sigmoid_is_kept(logits, min_score):
    scores = 1 / (1 + np.exp(-np.float64(logits)))
    # On the edge itself the rounding decides.
    assume(np.all(np.abs(scores - min_score) > 1e-6))
    found = decoded([ROW] * len(logits), logits, min_score)
    assert found.scores == pytest.approx(scores[scores >= min_score], abs=1e-6)


def test_scores_below_the_minimum_are_dropped():
    logits = np.float32([-1, 0, 1])
    assert decoded([ROW] * 3, logits, 0.5).scores == pytest.approx([0.5, 0.7310586])
    assert len(decoded([ROW] * 3, logits, 0.74)) == 0


@pytest.mark.parametrize('side', [2, 3])
def test_a_box_of_negative_size_is_no_face(side):
    inside_out = list(ROW)
    inside_out[side] = -1
    assert len(decoded([inside_out, ROW], [5, 5])) == 1


@pytest.mark.parametrize('model', MODELS)
def test_the_astronaut_has_one_face_and_it_is_where_it_is(network_of, astronaut, model):
    detector = BlazeFace(
        CpuCropModel(network_of(model), BlazeFace.OUTPUTS), detector_spec(model), 0.3
    )
    found = detector.detect(Frame(astronaut, PixelOrder.RGB), 0.5)
    assert len(found) == 1
    assert 0.5 <= found.scores[0] <= 1
    right_eye, left_eye, nose, mouth, right_ear, left_ear = found.keypoints[0]
    # Read off the picture, as a person sees it.
    assert right_eye == pytest.approx((206, 106), abs=8)
    assert left_eye == pytest.approx((243, 107), abs=8)
    assert nose == pytest.approx((226, 128), abs=10)
    assert mouth == pytest.approx((226, 147), abs=10)
    assert right_ear[0] < right_eye[0] < left_eye[0] < left_ear[0]


@pytest.mark.parametrize('model', MODELS)
def test_a_small_face_is_found_by_full_range_alone(network_of, astronaut, model):
    # Half as large, her face is a twelfth as wide as this image.
    small = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    image = np.full((640, 640, 3), 127, np.uint8)
    image[60:316, 40:296] = small
    detector = BlazeFace(
        CpuCropModel(network_of(model), BlazeFace.OUTPUTS), detector_spec(model), 0.3
    )
    found = detector.detect(Frame(image, PixelOrder.RGB), 0.5)
    assert len(found) == (1 if model == 'full_range' else 0)
    if len(found):
        nose = found.keypoints[0, 2]
        assert nose == pytest.approx((40 + 226 / 2, 60 + 128 / 2), abs=6)


@pytest.mark.parametrize('model', MODELS)
def test_any_score_may_be_asked_for(network_of, astronaut, model):
    detector = BlazeFace(
        CpuCropModel(network_of(model), BlazeFace.OUTPUTS), detector_spec(model), 0.3
    )
    frame = Frame(astronaut, PixelOrder.RGB)
    all_found = detector.detect(frame, 0.0)
    assert np.isfinite(all_found.boxes_xyxy).all()
    assert np.isfinite(all_found.keypoints).all()
    assert len(all_found) > 1
    assert all_found.scores[0] == detector.detect(frame, 0.5).scores[0]
    assert len(detector.detect(frame, 1.0)) == 0


def test_another_model_in_the_detectors_place_is_named(network_of):
    with pytest.raises(ModelMismatchError, match=r'v2: output .*facemesh models fetch'):
        BlazeFace(
            CpuCropModel(network_of('v2'), BlazeFace.OUTPUTS), detector_spec('short_range'), 0.3
        )


@pytest.mark.parametrize(('model', 'other'), [MODELS, MODELS[::-1]])
def test_another_detectors_profile_is_refused(network_of, model, other):
    with pytest.raises(ModelMismatchError, match=f"{model}: output 'regressors' must be"):
        BlazeFace(CpuCropModel(network_of(model), BlazeFace.OUTPUTS), detector_spec(other), 0.3)


def test_an_unknown_detector_names_the_known_ones():
    with pytest.raises(FacemeshError, match=r'retinaface.*short_range, full_range'):
        detector_spec('retinaface')
