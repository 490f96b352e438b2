"""Meshes that lie upside down on a face are turned over, and no others."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.blazeface import BlazeFace
from facemesh_ros.detection.face_search import FaceSearch
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.landmarks.detector_answers import ask_detectors
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.landmarks.refinement import refine_landmarks
from facemesh_ros.landmarks.turned_faces import turn_over
from facemesh_ros.types import FaceDetections, Frame, Observations, PixelOrder, Rois

pytestmark = pytest.mark.filterwarnings('error')

# Middle of the astronaut's face.
FACE_XY = np.array([222, 115])


@pytest.fixture(scope='module')
def search(network_of) -> FaceSearch:
    crops = CpuCropModel(network_of('short_range'), BlazeFace.OUTPUTS)
    return FaceSearch({'short_range': BlazeFace(crops, detector_spec('short_range'), 0.5)})


def converged(landmarker, search, rgb, centres, sides) -> tuple[Observations, Observations]:
    """Faces found in upright crops before and after they may be turned over."""

    def predict(rois: Rois):
        return landmarker.predict(Frame(rgb, PixelOrder.RGB), rois)

    count = len(centres)
    squares = np.repeat(np.float32(sides)[:, None], 2, axis=1)
    rois = Rois(np.float32(centres), squares, np.zeros(count, np.float32))
    found = predict(rois)
    detections = FaceDetections(
        np.zeros((count, 4), np.float32), found.points[:, :6, :2], np.full(count, 0.7, np.float32)
    )
    before, _ = refine_landmarks(
        Observations.of_detections(found, detections, rois), predict, min_presence=0.5
    )
    score_boxes = partial(search.score_new_faces, Frame(rgb, PixelOrder.RGB))
    answers = ask_detectors(before, np.arange(len(before)), score_boxes)
    after, kept = turn_over(before, answers, predict)
    turned = np.isnan(after.keypoints).all(axis=(1, 2))
    assert (kept.right[turned] == answers.upside_down[turned]).all()
    return before, after


def eyes_to_mouth_px(faces: Observations) -> np.ndarray:
    """(N, 2) px from between the eyes to the mouth."""
    points = faces.points[..., :2]
    return points[:, [13, 14]].mean(axis=1) - points[:, [33, 263]].mean(axis=1)


@pytest.mark.parametrize(
    ('model', 'shift_px', 'side_px'), [('attention', 0, 130), ('mesh', -20, 160)]
)
def test_an_upright_mesh_on_a_face_upside_down_is_turned_over(
    network_of, search, astronaut, model, shift_px, side_px
):
    landmarker = FaceMesh(CpuCropModel(network_of(model), FaceMesh.OUTPUTS))
    height, width = astronaut.shape[:2]
    upside_down = np.ascontiguousarray(astronaut[::-1, ::-1])
    centre = (width - 1, height - 1) - FACE_XY + (0, shift_px)
    before, after = converged(landmarker, search, upside_down, [centre], [side_px])
    assert len(before) == len(after) == 1
    assert eyes_to_mouth_px(before)[0, 1] > 0
    assert eyes_to_mouth_px(after)[0, 1] < 0
    assert np.isnan(after.keypoints).all()


@pytest.mark.parametrize('model', ['attention', 'mesh', 'v2'])
def test_a_face_the_right_way_up_stays_so_in_any_crop(network_of, search, astronaut, model):
    landmarker = FaceMesh(CpuCropModel(network_of(model), FaceMesh.OUTPUTS))
    random = np.random.default_rng(3)
    centres = FACE_XY + random.uniform(-20, 20, (30, 2))
    before, after = converged(landmarker, search, astronaut, centres, random.uniform(130, 230, 30))
    assert len(before) > 15
    assert (eyes_to_mouth_px(after)[:, 1] > 0).all()
