"""Gaze of rendered heads whose eyes look in known directions, through the whole pipeline."""

from __future__ import annotations

import numpy as np
import pytest
from ideal_faces import FACING
from rendered_eyeballs import HUMAN_EYEBALL, MODEL_EYEBALL, PUPIL_RADIUS_M
from rendered_eyes import HeadModel, Scene, render

from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.types import Faces, Frame, PixelOrder

IMAGE_WH, FOCAL_PX = (800, 600), 800
INTRINSICS = Intrinsics(FOCAL_PX, FOCAL_PX, 399.5, 299.5)
CAMERA = CalibratedCamera(INTRINSICS)
DISTANCE_M = FOCAL_PX * 0.0117 / 14  # irises of 14 px
TURNS_DEG = [(-20, -12), (-20, 10), (0, -12), (0, 10), (20, -12), (20, 10)]


@pytest.fixture(scope='module')
def head(truth_path) -> HeadModel:
    return HeadModel(truth_path('ict_facekit/ict_head_eyes.npz'))


def scene(turn_deg: tuple[float, float], seed: int = 0, **more) -> Scene:
    eyes = tuple(np.radians(turn_deg).tolist())
    return Scene(FACING, np.array([0.02, 0.01, DISTANCE_M]), eyes, seed=seed, **more)


def faces_of(pipeline: FacePipeline, head: HeadModel, rendered: Scene) -> Faces:
    frame = Frame(render(head, rendered, INTRINSICS, IMAGE_WH), PixelOrder.BGR, 0, CAMERA)
    return pipeline.process_static_image(frame)


@pytest.mark.parametrize('eyeball', [HUMAN_EYEBALL, MODEL_EYEBALL])
def test_pupils_are_rendered_where_the_eyes_look(head, eyeball):
    looks = scene((15, 5), eyeball=eyeball)
    image = render(head, looks, INTRINSICS.scaled((3, 3)), (2400, 1800)).mean(axis=2)
    centres = head.eyeball_centres_m(looks) @ looks.rotation.T + looks.position_m
    pupils = CalibratedCamera(INTRINSICS.scaled((3, 3))).pixels_from_points(
        centres + eyeball.iris_distance_m * looks.gaze
    )
    radius_px = 3 * FOCAL_PX * PUPIL_RADIUS_M / DISTANCE_M
    for x, y in pupils:
        rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]]
        near = (rows - y) ** 2 + (columns - x) ** 2 < (1.5 * radius_px) ** 2
        dark = near & (image < 30)
        assert dark.sum() == pytest.approx(np.pi * radius_px**2, rel=0.3)
        assert [columns[dark].mean(), rows[dark].mean()] == pytest.approx([x, y], abs=1)


def test_gaze_follows_rendered_eyes(head, pipeline):
    errors, still, found, true = [], [], [], []
    for seed, turn in enumerate(TURNS_DEG):
        looks = scene(turn, seed)
        metric = faces_of(pipeline, head, looks).metric
        gaze = metric.gazes_left[0].astype(float)
        errors.append(angle_deg(gaze, looks.gaze))
        still.append(angle_deg(metric.rotations[0, :, 0], looks.gaze))
        found.append(looks.rotation.T @ gaze)
        true.append(looks.rotation.T @ looks.gaze)
        assert 0.05 < metric.gaze_sigmas_rad[0] < 0.25
    assert np.median(errors) < 8
    assert np.median(errors) < 0.5 * np.median(still)
    for axis in (1, 2):
        sines = np.array(true)[:, axis]
        gain = np.polyfit(sines, np.array(found)[:, axis], 1)[0]
        assert 0.5 < gain < 1.4


def test_closed_eyes_look_nowhere(head, pipeline):
    metric = faces_of(pipeline, head, scene((0, 0), blink=1.0)).metric
    assert np.isfinite(metric.positions_m).all()
    assert np.isnan(metric.gazes_left).all()
    assert np.isnan(metric.gazes_right).all()
    assert np.isnan(metric.gaze_sigmas_rad).all()


def test_a_blink_does_not_throw_the_direction_about(head, pipeline):
    images = {
        blink: render(head, scene((8, 4), blink=blink), INTRINSICS, IMAGE_WH)
        for blink in (0.15, 0.4, 0.7, 1.0)
    }
    blinks = [0.15] * 15 + [0.4, 0.7, 1.0, 1.0, 0.7, 0.4] + [0.15] * 10
    pipeline.reset()
    gazes = []
    for index, blink in enumerate(blinks):
        frame = Frame(images[blink], PixelOrder.BGR, index * 33_000_000, CAMERA)
        gazes.append(pipeline.process(frame).metric.gazes_left[0].astype(float))
    before, during = gazes[14], np.array(gazes[15:])
    known = np.isfinite(during[:, 0])
    assert not known.all()
    assert known[-1]
    assert max(angle_deg(before, gaze) for gaze in during[known]) < 8


def angle_deg(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1, 1))))
