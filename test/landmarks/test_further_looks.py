"""Further looks find a face that the first crop missed, and nothing where there is none."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import pytest

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.blazeface import BlazeFace
from facemesh_ros.detection.face_search import FaceSearch
from facemesh_ros.geometry.boxes import tight_boxes
from facemesh_ros.geometry.rois import rois_from_detections
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.landmarks.face_gate import WINDOW_NEUTRAL
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.landmarks.further_looks import look_further
from facemesh_ros.landmarks.new_faces import NewFaces
from facemesh_ros.types import FaceDetections, Frame, Observations, PixelOrder, Rois

pytestmark = pytest.mark.filterwarnings('error')

# What the detector says of the astronaut, read off the picture: box, then eyes, nose, mouth, ears.
BOX = (170, 65, 280, 175)
KEYPOINTS = [(205, 107), (244, 107), (227, 127), (225, 146), (180, 112), (268, 112)]
SECOND = 10**9


@pytest.fixture(scope='module', params=['attention', 'mesh', 'v2'])
def landmarker(request, network_of) -> FaceMesh:
    return FaceMesh(CpuCropModel(network_of(request.param), FaceMesh.OUTPUTS))


def undecided(boxes_xyxy, angles_rad):
    """A detector's scores that speak neither for a face nor against one."""
    return np.full((len(boxes_xyxy), 3), WINDOW_NEUTRAL)


@pytest.fixture(scope='module')
def score_boxes(network_of):
    """What the short range detector says of boxes in a frame."""
    crops = CpuCropModel(network_of('short_range'), BlazeFace.OUTPUTS)
    detector = BlazeFace(crops, detector_spec('short_range'), 0.5)
    return FaceSearch({'short_range': detector}).score_new_faces


class Looks:
    """The landmark model on one frame, counting crops."""

    def __init__(self, landmarker: FaceMesh, rgb: np.ndarray) -> None:
        self._landmarker, self._frame = landmarker, Frame(rgb, PixelOrder.RGB)
        self.batches: list[int] = []

    def __call__(self, rois: Rois):
        self.batches.append(len(rois))
        return self._landmarker.predict(self._frame, rois)

    def first(self, *found: tuple) -> Observations:
        """What the first crops of detections (box, keypoints, score) show."""
        detections = FaceDetections(
            np.float32([box for box, _, _ in found]),
            np.float32([keypoints for _, keypoints, _ in found]),
            np.float32([score for _, _, score in found]),
        )
        rois = rois_from_detections(detections, square=True)
        return Observations.of_detections(self(rois), detections, rois)


def test_a_head_that_was_reported_upright_is_found_upside_down(landmarker, astronaut):
    upside_down = np.ascontiguousarray(astronaut[::-1, ::-1])
    height, width = astronaut.shape[:2]
    left, top, right, bottom = BOX
    box = (width - 1 - right, height - 1 - bottom, width - 1 - left, height - 1 - top)
    # Eyes where chin and mouth are: what detectors make of such heads.
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    upright = np.array(KEYPOINTS) - np.array(KEYPOINTS).mean(axis=0) + middle
    looks = Looks(landmarker, upside_down)
    seen, rows = look_further(looks.first((box, upright, 0.7)), looks)
    assert rows.tolist() == [0]
    eyes = seen.points[0, 263] - seen.points[0, 33]
    assert eyes[0] < 0
    assert abs(eyes[1]) < 0.3 * abs(eyes[0])


def test_a_box_that_is_too_large_is_made_up_for(landmarker, astronaut):
    looks = Looks(landmarker, astronaut)
    box = (135, 20, 335, 220)
    seen, rows = look_further(looks.first((box, KEYPOINTS, 0.7)), looks)
    assert rows.tolist() == [0]
    left, top, right, bottom = tight_boxes(seen.points)[0]
    assert 160 < left < 195 < 255 < right < 290
    assert 55 < top < 90 < 160 < bottom < 195


def test_all_detections_are_looked_at_in_two_batches(landmarker, astronaut):
    looks = Looks(landmarker, astronaut)
    shifted = (np.array(BOX) + 200, np.array(KEYPOINTS) + 200, 0.7)
    first = looks.first((BOX, KEYPOINTS, 0.9), shifted)
    looks.batches.clear()
    _, rows = look_further(first, looks)
    assert len(looks.batches) == 2
    assert rows.tolist() == [0]


@pytest.mark.parametrize('seed', range(3))
def test_no_texture_becomes_a_face(landmarker, score_boxes, seed):
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(size=(480, 640, 3)), (0, 0), (1, 4, 12)[seed])
    rgb = np.clip(128 + 100 * noise / np.abs(noise).max(), 0, 255).astype(np.uint8)
    looks = Looks(landmarker, rgb)
    shifts = rng.integers(0, 250, (8, 2))
    found = [(np.array(BOX) + np.tile(s, 2), np.array(KEYPOINTS) + s, 0.7) for s in shifts]
    new = NewFaces().observe(
        looks.first(*found),
        np.float32([box for box, _, _ in found]),
        looks,
        partial(score_boxes, Frame(rgb, PixelOrder.RGB)),
        image_wh=(rgb.shape[1], rgb.shape[0]),
        min_presence=0.5,
        now_ns=0,
        max_further=8,
    )
    assert not new.are_faces.any()


def observe_one(new_faces: NewFaces, first: Observations, looks: Looks, now_ns=0) -> None:
    """Observe the detection of `BOX`, of which a detector asked again is undecided."""
    new_faces.observe(
        first,
        np.float32([BOX]),
        looks,
        undecided,
        image_wh=(512, 512),
        min_presence=0.5,
        now_ns=now_ns,
        max_further=1,
    )


def test_what_was_rejected_is_left_alone_for_a_while(landmarker):
    looks, new_faces = Looks(landmarker, np.full((480, 640, 3), 127, np.uint8)), NewFaces()

    def crops_at(now_s: float) -> int:
        first = looks.first((BOX, KEYPOINTS, 0.7))
        looks.batches.clear()
        observe_one(new_faces, first, looks, now_ns=round(now_s * SECOND))
        return sum(looks.batches)

    assert crops_at(0.0) > 1
    assert [crops_at(t) for t in (0.1, 1.0, 2.9)] == [0, 0, 0]
    assert crops_at(3.1) > 1


def test_an_unlikely_detection_gets_one_look(landmarker):
    looks = Looks(landmarker, np.full((480, 640, 3), 127, np.uint8))
    first = looks.first((BOX, KEYPOINTS, 0.55))
    looks.batches.clear()
    observe_one(NewFaces(), first, looks)
    assert looks.batches == []
