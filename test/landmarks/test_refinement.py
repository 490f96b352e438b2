"""ROI refinement: a better crop from the landmarks, and no face where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.geometry.boxes import box_sizes, tight_boxes
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.landmarks.refinement import refine_landmarks
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import (
    FaceDetections,
    FaceLandmarks,
    Frame,
    Observations,
    PixelOrder,
    Rois,
)

pytestmark = pytest.mark.filterwarnings('error')

# Where the astronaut's face is, read off the picture.
CENTRE, CROP_SIDE = (224, 122), 165
MIN_PRESENCE = 0.5


@pytest.fixture(scope='module', params=['attention', 'mesh', 'v2'])
def landmarker(request, network_of) -> FaceMesh:
    return FaceMesh(CpuCropModel(network_of(request.param), FaceMesh.OUTPUTS))


def squares(centres, sides) -> Rois:
    sides = np.float32(sides)
    return Rois(np.float32(centres), np.stack([sides, sides], axis=1), 0 * sides)


def unrefined(landmarker, frame: Frame, rois: Rois) -> Observations:
    return detected(landmarker.predict(frame, rois), np.full(len(rois), 0.8), rois)


def detected(landmarks: FaceLandmarks, scores, rois: Rois) -> Observations:
    boxes, keypoints = np.zeros((len(rois), 4), np.float32), landmarks.points[:, :6, :2]
    detections = FaceDetections(boxes, keypoints, np.float32(scores))
    return Observations.of_detections(landmarks, detections, rois)


def refined(landmarker, frame: Frame, first: Observations) -> Observations:
    return converged_of(first, lambda rois: landmarker.predict(frame, rois))


def converged_of(first: Observations, predict) -> Observations:
    converged, rows = refine_landmarks(first, predict, MIN_PRESENCE)
    assert converged.scores.tolist() == first.scores[rows].tolist()
    return converged


def rms_px(points, others) -> np.ndarray:
    steps = (points - others)[..., :2].astype(float)
    return np.sqrt((steps**2).sum(axis=-1).mean(axis=-1))


def shaken_crops(count: int) -> Rois:
    """The astronaut's crop, up to 10 % of its side away and larger or smaller."""
    random = np.random.default_rng(7)
    centres = CENTRE + random.uniform(-0.1, 0.1, (count, 2)) * CROP_SIDE
    return squares(centres, CROP_SIDE * random.uniform(0.9, 1.1, count))


def test_a_real_face_converges_and_a_third_inference_agrees(landmarker, astronaut):
    frame = Frame(astronaut, PixelOrder.RGB)
    converged = refined(
        landmarker, frame, unrefined(landmarker, frame, squares([CENTRE], [CROP_SIDE]))
    )
    assert len(converged) == 1
    assert converged.presences[0] > 0.9
    assert converged.scores[0] == np.float32(0.8)
    third = landmarker.predict(frame, rois_from_landmarks(converged.points))
    size = box_sizes(tight_boxes(converged.points))
    assert (rms_px(converged.points, third.points) < 0.03 * size).all()


def test_where_the_detector_found_the_face_matters_less(landmarker, astronaut):
    frame = Frame(astronaut, PixelOrder.RGB)
    first = unrefined(landmarker, frame, shaken_crops(16))
    converged = refined(landmarker, frame, first)
    assert len(converged) == len(first)

    def spread(points) -> float:
        return float(rms_px(points, points.mean(axis=0)).mean())

    assert spread(converged.points) < 0.7 * spread(first.points)


def noise(rng) -> np.ndarray:
    return rng.integers(0, 256, (480, 640, 3), np.uint8)


def clouds(rng) -> np.ndarray:
    blurred = cv2.GaussianBlur(rng.normal(size=(480, 640, 3)), (0, 0), 12)
    return np.clip(128 + 128 * blurred / np.abs(blurred).max(), 0, 255).astype(np.uint8)


def stripes(rng) -> np.ndarray:
    image = np.zeros((480, 640, 3), np.uint8)
    image[:, np.arange(640) // 20 % 2 == 0] = rng.integers(100, 256, 3)
    return image


@pytest.mark.parametrize('texture', [noise, clouds, stripes])
def test_no_texture_becomes_a_face(landmarker, texture):
    rng = np.random.default_rng(3)
    frame = Frame(texture(rng), PixelOrder.RGB)
    rois = squares(rng.uniform(100, 380, (20, 2)), rng.uniform(60, 300, 20))
    assert len(refined(landmarker, frame, unrefined(landmarker, frame, rois))) == 0


class ScriptedModel:
    """A landmark model with given outputs, inference by inference."""

    def __init__(self, *outputs: tuple[list[float], list[float]]) -> None:
        self._outputs = list(outputs)
        self.crops: list[int] = []

    def __call__(self, rois: Rois) -> FaceLandmarks:
        self.crops.append(len(rois))
        xs, presences = self._outputs.pop(0)
        return FaceLandmarks(faces(xs), np.float32(presences))


def faces(xs) -> np.ndarray:
    """(N, 468, 3) px: faces of 100 px at an x coordinate each."""
    points = np.random.default_rng(0).uniform(-50, 50, (468, 3)).astype(np.float32)
    points[[33, 263]] = (-30, -20, 0), (30, -20, 0)
    return points + np.float32([(x, 200, 0) for x in xs]).reshape(-1, 1, 3)


def observations(xs, presences) -> Observations:
    scores = np.linspace(0.9, 0.6, len(xs), dtype=np.float32)
    landmarks = FaceLandmarks(faces(xs), np.float32(presences))
    return detected(landmarks, scores, squares([(0, 0)] * len(xs), xs))


def test_an_absent_face_is_not_refined():
    model = ScriptedModel(([302], [0.99]))
    converged = converged_of(observations([100, 300], [0.4, 0.99]), model)
    assert model.crops == [1]
    assert converged.points[0, :, 0].mean() == pytest.approx(
        faces([302])[0, :, 0].mean(), abs=1e-3
    )
    assert converged.scores == pytest.approx([0.6])


def test_each_face_ends_where_it_converges_with_its_own_score():
    # The first converges at once, the second jumps and then converges, the third never does.
    model = ScriptedModel(([101, 330, 590], [0.99] * 3), ([331, 630], [0.99] * 2))
    converged = converged_of(observations([100, 300, 550], [0.99] * 3), model)
    assert model.crops == [3, 2]
    assert np.abs(converged.points - faces([101, 331])).max() < 1e-3
    assert converged.scores == pytest.approx([0.9, 0.75])
    assert np.abs(converged.rois.centres - (331, 200)).max(axis=1)[1] < 40


def test_an_uncertain_face_is_refined_again():
    model = ScriptedModel(([100], [0.7]), ([100], [0.7]))
    assert len(converged_of(observations([100], [0.99]), model)) == 1
    assert model.crops == [1, 1]


def test_a_face_that_is_absent_in_the_refined_crop_is_none():
    model = ScriptedModel(([100], [0.3]))
    assert len(converged_of(observations([100], [0.99]), model)) == 0


def test_without_new_faces_the_model_does_not_run():
    model = ScriptedModel()
    assert len(converged_of(observations([], []), model)) == 0
    assert model.crops == []


@pytest.fixture(scope='module')
def pipeline(require_models):
    require_models('short_range', 'full_range', 'v2')
    return load_sensor(SensorSettings(landmark_model='v2')).stream()


@pytest.mark.parametrize(
    'name', ['brick', 'chelsea', 'coffee', 'coins', 'grass', 'hubble_deep_field', 'rocket']
)
def test_in_pictures_without_people_the_pipeline_finds_no_face(pipeline, require_package, name):
    image = getattr(require_package('skimage.data'), name)()
    order = PixelOrder.RGB if image.ndim == 3 else PixelOrder.MONO
    assert len(pipeline.process_static_image(Frame(image, order))) == 0
