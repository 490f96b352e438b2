"""Landmarks from the crop to the image, and through a network in batches."""

from __future__ import annotations

import numpy as np
import pytest

from facemesh_ros.geometry.affine import image_from_crop
from facemesh_ros.inference.crop_model import CpuCropModel, landmarks_in_image
from facemesh_ros.inference.session import ModelMismatchError
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.types import Frame, PixelOrder, Rois

MODELS = ['attention', 'mesh', 'v2']
POINTS = np.float32([[[0, 0, 0], [96, 96, 10], [192, 96, -20], [96, 192, 5]]])


def roi(centre, size_wh, rotation_rad=0.0) -> Rois:
    return Rois(np.float32([centre]), np.float32([size_wh]), np.float32([rotation_rad]))


def test_a_crop_of_the_inputs_own_size_only_moves():
    found = landmarks_in_image(POINTS, image_from_crop(roi((196, 296), (192, 192)), 192))
    assert found == pytest.approx(POINTS + np.float32([100, 200, 0]))
    assert found.dtype == np.float32


def test_a_larger_roi_scales_all_three_axes():
    found = landmarks_in_image(POINTS, image_from_crop(roi((192, 192), (384, 384)), 192))
    assert found == pytest.approx(2 * POINTS)


def test_a_turned_roi_turns_x_and_y_clockwise_and_leaves_z():
    found = landmarks_in_image(POINTS, image_from_crop(roi((96, 96), (192, 192), np.pi / 2), 192))
    expected = [[192, 0, 0], [96, 96, 10], [96, 192, -20], [0, 96, 5]]
    assert found[0] == pytest.approx(np.float32(expected), abs=1e-4)


def test_z_has_the_scale_of_the_width():
    # A crop that is not square: MediaPipe multiplies z by the width alone.
    found = landmarks_in_image(POINTS, image_from_crop(roi((192, 48), (384, 96)), 192))
    assert found == pytest.approx(POINTS * np.float32([2, 0.5, 2]))


def test_each_face_has_its_own_roi():
    points = np.repeat(POINTS, 2, axis=0)
    rois = Rois(
        np.float32([[96, 96], [0, 0]]), np.float32([[192, 192], [96, 96]]), np.float32([0, 0])
    )
    found = landmarks_in_image(points, image_from_crop(rois, 192))
    assert found[0] == pytest.approx(POINTS[0])
    assert found[1] == pytest.approx((POINTS[0] - np.float32([96, 96, 0])) / 2)


@pytest.mark.parametrize('batch_limit', [None, 1, 3, 4])
@pytest.mark.parametrize('model', MODELS)
def test_a_batch_is_as_good_as_one_by_one(network_of, astronaut, model, batch_limit):
    landmarker = FaceMesh(
        CpuCropModel(network_of(model), FaceMesh.OUTPUTS, batch_limit=batch_limit)
    )
    frame = Frame(astronaut, PixelOrder.RGB)
    rois = Rois(
        np.float32([[225, 130], [230, 120], [400, 400], [220, 140]]),
        np.float32([[143, 143], [160, 160], [90, 90], [120, 150]]),
        np.float32([0.09, -0.3, 0, 0.2]),
    )
    together = landmarker.predict(frame, rois)
    for index in range(len(rois)):
        alone = landmarker.predict(frame, rois[index : index + 1])
        assert together.points[index] == pytest.approx(alone.points[0], abs=1e-3)
        assert together.presences[index] == pytest.approx(alone.presences[0], abs=1e-4)


@pytest.mark.parametrize('model', MODELS)
def test_presence_tells_a_face_from_a_space_suit(network_of, astronaut, model):
    landmarker = FaceMesh(CpuCropModel(network_of(model), FaceMesh.OUTPUTS))
    rois = Rois(
        np.float32([[225, 130], [60, 440]]),
        np.full((2, 2), 143, np.float32),
        np.zeros(2, np.float32),
    )
    face, nothing = landmarker.predict(Frame(astronaut, PixelOrder.RGB), rois).presences
    assert 0.9 < face <= 1
    assert 0 <= nothing < 0.1


@pytest.mark.parametrize('model', MODELS)
def test_a_turned_picture_gives_the_same_landmarks_turned(network_of, astronaut, model):
    landmarker = FaceMesh(CpuCropModel(network_of(model), FaceMesh.OUTPUTS))
    upright = landmarker.predict(Frame(astronaut, PixelOrder.RGB), roi((225, 130), (143, 143)))
    turned = np.ascontiguousarray(np.rot90(astronaut, -1))  # clockwise: (x, y) to (511 - y, x)
    around = landmarker.predict(
        Frame(turned, PixelOrder.RGB), roi((511 - 130, 225), (143, 143), np.pi / 2)
    )
    x, y, z = upright.points[0].T
    expected = np.stack([511 - y, x, z], axis=1)
    # The same pixels, sampled at other 32nds of a pixel.
    assert around.points[0] == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize('model', MODELS)
def test_no_roi_no_landmarks(network_of, astronaut, model):
    landmarker = FaceMesh(CpuCropModel(network_of(model), FaceMesh.OUTPUTS))
    none = Rois(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0))
    found = landmarker.predict(Frame(astronaut, PixelOrder.RGB), none)
    assert found.points.shape == (0, landmarker.landmark_count, 3)
    assert found.presences.shape == (0,)


def test_a_detector_in_the_landmark_models_place_is_named(network_of):
    with pytest.raises(ModelMismatchError, match="short_range: output 'landmarks' is missing"):
        FaceMesh(CpuCropModel(network_of('short_range'), FaceMesh.OUTPUTS))
