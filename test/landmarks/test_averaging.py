"""Landmarks of pictures are a mean over several crops, which hangs less on where each one lies."""

import numpy as np
import pytest
from annotated_points import annotated_faces, point_error
from ground_truth import TrueFaces, match_boxes
from sample_pictures import load_pictures

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.geometry.canonical_face import mirrored_landmarks
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.landmarks.averaging import OTHER_CROPS, average_over_crops
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import FaceLandmarks, Frame, Observations, PixelOrder, Rois


def points_of(centres, rng) -> np.ndarray:
    points = rng.uniform(-50, 50, (len(centres), 468, 3)).astype(np.float32)
    points[:, [33, 263]] = (-30, -20, 0), (30, 0, 0)
    points[..., :2] += np.float32(centres)[:, None]
    return points


def test_an_error_that_follows_the_crop_is_averaged_out():
    truth = points_of([(200, 150), (400, 300)], np.random.default_rng(2))
    rois = rois_from_landmarks(truth)
    pulled: list[Rois] = []

    def predict(shifted: Rois) -> FaceLandmarks:
        """Drawn to the middle of the crop by a fifth, as far as the crop is shifted."""
        pulled.append(shifted)
        pull = np.zeros_like(truth)
        pull[..., :2] = 0.2 * (shifted.centres - rois.centres)[:, None]
        seen = truth + pull
        if (shifted.sizes_wh[:, 0] < 0).all():  # in a mirror, right is left
            seen = seen[:, mirrored_landmarks(468)]
        return FaceLandmarks(seen, np.ones(2, np.float32))

    faces = Observations.of_tracks(FaceLandmarks(truth, np.ones(2, np.float32)), rois)
    mean = average_over_crops(faces, predict)
    assert len(pulled) == len(OTHER_CROPS)
    assert all(np.abs(one.centres - rois.centres).max() > 3 for one in pulled)
    assert np.abs(mean.points - truth).max() < 1e-3
    assert mean.presences.tolist() == [1, 1]


def test_without_faces_the_model_does_not_run():
    nothing = FaceLandmarks(np.empty((0, 468, 3), np.float32), np.empty(0, np.float32))
    faces = Observations.of_tracks(nothing, Rois.none())
    assert len(average_over_crops(faces, lambda rois: 1 / 0)) == 0


@pytest.mark.parametrize('name', ['attention', 'mesh', 'v2'])
def test_mirrored_crops_show_the_same_face(network_of, astronaut, name):
    landmarker = FaceMesh(CpuCropModel(network_of(name), FaceMesh.OUTPUTS))
    frame = Frame(astronaut, PixelOrder.RGB)
    roi = Rois(np.float32([(224, 122)]), np.float32([(165, 165)]), np.float32([0.1]))
    mirror = Rois(roi.centres, roi.sizes_wh * np.float32([-1, 1]), roi.rotations_rad)
    plain, mirrored = landmarker.predict(frame, roi), landmarker.predict(frame, mirror)
    seen = mirrored.points[:, mirrored_landmarks(landmarker.landmark_count)]
    steps = np.linalg.norm((seen - plain.points)[0, :, :2], axis=1)
    assert steps.max() < 0.1 * np.linalg.norm(plain.points[0, 263] - plain.points[0, 33])


@pytest.mark.parametrize('name', ['attention', 'mesh', 'v2'])
def test_the_mean_is_nearer_to_annotated_points(require_models, data_folder, name):
    require_models(name, 'short_range', 'full_range')
    sensor = load_sensor(SensorSettings(landmark_model=name, execution_provider='cpu'))
    try:
        pipeline = sensor.stream()
        rgb_of = {picture.name: picture.rgb for picture in load_pictures(data_folder)}
        errors = np.array(
            [
                both
                for picture, faces in annotated_faces(data_folder).items()
                for both in errors_in(pipeline, Frame(rgb_of[picture], PixelOrder.RGB), faces)
            ]
        )
    finally:
        sensor.close()
    assert len(errors) >= 16
    once, averaged = errors.mean(axis=0)
    assert averaged < once


def errors_in(pipeline, frame, annotated):
    """Errors of each annotated face that is found, from one crop and as a mean."""
    boxes = np.array([[*points.min(axis=0), *points.max(axis=0)] for points in annotated])
    truth = TrueFaces(boxes, boxes[:, 3] - boxes[:, 1], np.zeros(len(boxes), bool))
    by_face = []
    for averaged in (False, True):
        found = pipeline.process_static_image(frame, averaged=averaged)
        pairs = match_boxes(truth, found.boxes_xyxy.astype(float))
        by_face.append({face: found.landmarks[result, :, :2] for face, result in pairs})
    for face in by_face[0].keys() & by_face[1].keys():
        points = annotated[face]
        yield [point_error(landmarks[face].astype(float), points) for landmarks in by_face]
