"""The GPU path gives what the CPU path gives; here both on the CPU provider."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest
from fp16_rounding import round_to_fp16

from facemesh_ros.attributes.blendshapes import Blendshapes
from facemesh_ros.catalog.model_entry import Kind, Variant
from facemesh_ros.catalog.models import detector_spec, landmark_spec, names_of
from facemesh_ros.detection.blazeface import BlazeFace
from facemesh_ros.geometry.rois import rois_from_detections
from facemesh_ros.geometry.tiles import rotate_quarter_turns
from facemesh_ros.inference.crop_model import CpuCropModel, GpuCropModel
from facemesh_ros.inference.gpu.batch_worker import BatchWorker
from facemesh_ros.inference.gpu.executor_factory import GpuExecutorFactory
from facemesh_ros.inference.model_loader import load_session
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelOutputError
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.types import Frame, PixelOrder, Rois

MODELS = list(names_of(Kind.LANDMARKS))
# Required; measured on 36 faces of 32 pictures: v2 .019, attention .009, mesh .004 px.
TOLERANCE_PX = 0.05
PRESENCE = 0.01  # measured .0032, where it is neither a face nor none
FACE = Rois(np.float32([[225, 130]]), np.float32([[143, 143]]), np.float32([0.09]))


@pytest.fixture(scope='session')
def cpu_landmark_model(model_store, require_models):
    def made(name: str) -> FaceMesh:
        require_models(name)
        return FaceMesh(
            CpuCropModel(
                load_session(model_store, name, ProviderChoice('cpu')),
                FaceMesh.OUTPUTS,
                batch_limit=1,
            )
        )

    return made


@pytest.fixture(scope='session')
def cpu_detector(model_store, require_models):
    def made(name: str) -> BlazeFace:
        require_models(name)
        network = load_session(model_store, name, ProviderChoice('cpu'))
        return BlazeFace(
            CpuCropModel(network, BlazeFace.OUTPUTS),
            detector_spec(name),
            landmark_spec('v2').max_iou,
        )

    return made


def in_order(rgb: np.ndarray, order: PixelOrder) -> Frame:
    """The same picture in another format; grey where that has no colours."""
    if order is PixelOrder.MONO:
        return Frame(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), order)
    channels = {3: rgb, 4: np.dstack([rgb, np.full(rgb.shape[:2], 7, np.uint8)])}[order.channels]
    return Frame(np.ascontiguousarray(channels[..., list(order.value)]), order)


@pytest.mark.parametrize('model', MODELS)
def test_landmarks_of_all_faces_of_all_pictures(
    on_gpu, cpu_landmark_model, cpu_detector, frames, model
):
    landmark_model, detector = cpu_landmark_model(model), cpu_detector('full_range')
    square, faces = landmark_spec(model).square_roi, 0
    for frame in frames:
        rois = rois_from_detections(detector.detect(frame, 0.5), square=square)
        expected = landmark_model.predict(frame, rois)
        found = on_gpu(model).landmark_model.predict(frame, rois)
        present = expected.presences > 0.5
        faces += present.sum()
        assert np.abs(found.presences - expected.presences).max(initial=0) <= PRESENCE
        offsets = np.abs(found.points - expected.points)[present]
        assert offsets.max(initial=0) <= TOLERANCE_PX
    assert faces >= 30


@pytest.mark.parametrize('order', list(PixelOrder))
@pytest.mark.parametrize('scale', [0.3, 1, 2.2])
@pytest.mark.parametrize('model', MODELS)
def test_every_format_and_size_of_image(
    on_gpu, cpu_landmark_model, astronaut, model, order, scale
):
    frame = in_order(cv2.resize(astronaut, None, fx=scale, fy=scale), order)
    rois = Rois(scale * FACE.centres, np.float32(scale) * FACE.sizes_wh, FACE.rotations_rad)
    expected = cpu_landmark_model(model).predict(frame, rois)
    found = on_gpu(model).landmark_model.predict(frame, rois)
    assert expected.presences[0] > 0.9
    assert found.points == pytest.approx(expected.points, abs=TOLERANCE_PX)
    assert found.presences == pytest.approx(expected.presences, abs=PRESENCE)


@pytest.mark.parametrize('model', MODELS)
def test_turned_faces_and_crops_that_reach_outside(on_gpu, cpu_landmark_model, astronaut, model):
    frames, rois = [], []
    for quarters in range(4):
        turned_image = np.ascontiguousarray(np.rot90(astronaut, -quarters))
        middle, arm = np.float64([255.5, 255.5]), np.float64([225 - 255.5, 130 - 255.5])
        turn = np.linalg.matrix_power(np.array([[0, -1], [1, 0]]), quarters)
        centre = middle + turn @ arm
        frames.append(Frame(turned_image, PixelOrder.RGB))
        rois.append(
            Rois(np.float32([centre]), FACE.sizes_wh, FACE.rotations_rad + quarters * np.pi / 2)
        )
    cut = Frame(np.ascontiguousarray(astronaut[90:170, 190:260]), PixelOrder.RGB)
    frames.append(cut)
    rois.append(Rois(np.float32([[35, 40]]), FACE.sizes_wh, FACE.rotations_rad))
    landmark_model = cpu_landmark_model(model)
    for frame, roi in zip(frames, rois, strict=True):
        expected = landmark_model.predict(frame, roi)
        found = on_gpu(model).landmark_model.predict(frame, roi)
        assert expected.presences[0] > 0.5
        assert found.points == pytest.approx(expected.points, abs=TOLERANCE_PX)


@pytest.mark.parametrize('name', ['short_range', 'full_range'])
def test_the_same_faces_are_detected(on_gpu, cpu_detector, frames, name):
    detector, faces = cpu_detector(name), 0
    for frame in frames:
        expected = detector.detect(frame, 0.5)
        found = on_gpu('v2').detectors[name].detect(frame, 0.5)
        assert len(found) == len(expected)
        faces += len(found)
        assert found.scores == pytest.approx(expected.scores, abs=1e-3)
        assert found.boxes_xyxy == pytest.approx(expected.boxes_xyxy, abs=TOLERANCE_PX)
        assert found.keypoints == pytest.approx(expected.keypoints, abs=TOLERANCE_PX)
    assert faces >= 20


@pytest.mark.parametrize('quarters', [0, 1, 2, 3])
@pytest.mark.parametrize('name', ['short_range', 'full_range'])
def test_a_region_gives_the_same_detections(on_gpu, cpu_detector, astronaut, name, quarters):
    frame = Frame(np.ascontiguousarray(np.rot90(astronaut, -quarters)), PixelOrder.RGB)
    region = Rois(np.float32([[255, 255]]), np.float32([[540, 540]]), np.zeros(1, np.float32))
    region = rotate_quarter_turns(region, quarters)
    expected = cpu_detector(name).detect(frame, 0.5, region)
    found = on_gpu('v2').detectors[name].detect(frame, 0.5, region)
    assert len(expected) == len(found) == 1
    assert found.boxes_xyxy == pytest.approx(expected.boxes_xyxy, abs=TOLERANCE_PX)
    assert found.scores == pytest.approx(expected.scores, abs=1e-3)


def test_the_same_blendshapes_are_scored(
    on_gpu, cpu_landmark_model, astronaut, model_store, require_models
):
    require_models('blendshapes')
    network = load_session(model_store, 'blendshapes', ProviderChoice('cpu'))
    points = cpu_landmark_model('v2').predict(Frame(astronaut, PixelOrder.RGB), FACE).points
    points = np.concatenate([points, points[:, :, ::1] * 1.5, points + 3])
    blendshapes = on_gpu('v2').blendshape_model
    assert blendshapes.predict(points) == pytest.approx(
        Blendshapes(network).predict(points), abs=1e-3
    )
    assert blendshapes.predict(points[:0]).shape == (0, 52)


@pytest.mark.parametrize('model', MODELS)
def test_no_regions_no_run(on_gpu, astronaut, model, monkeypatch):
    models = on_gpu(model)
    monkeypatch.setattr(models.runner, 'run', None)
    found = models.landmark_model.predict(Frame(astronaut, PixelOrder.RGB), Rois.none())
    assert found.points.shape == (0, models.landmark_model.landmark_count, 3)
    assert found.presences.shape == (0,)


@pytest.mark.parametrize('order', list(PixelOrder))
@pytest.mark.parametrize('model', MODELS)
def test_black_and_empty_crops_are_no_faces(on_gpu, model, order):
    shape = (48, 64) if order is PixelOrder.MONO else (48, 64, order.channels)
    black = Frame(np.zeros(shape, np.uint8), order)
    rois = Rois(
        np.float32([[32, 24], [-500, 900], [10, 10], [20, 20]]),
        np.float32([[40, 40], [50, 50], [1e-3, 1e-3], [0, 0]]),
        np.float32([0, 1, 2, 3]),
    )
    found = on_gpu(model).landmark_model.predict(black, rois)
    assert np.isfinite(found.points).all()
    assert (found.presences < 0.2).all()
    for detector in on_gpu(model).detectors.values():
        assert len(detector.detect(black, 0.5)) == 0


@pytest.mark.parametrize('model', MODELS)
def test_an_invalid_region_spoils_no_other_crop(on_gpu, cpu_landmark_model, astronaut, model):
    frame = Frame(astronaut, PixelOrder.RGB)
    nowhere = Rois(np.float32([[np.nan, np.inf]]), np.float32([[np.inf, 1]]), np.float32([np.nan]))
    alone = cpu_landmark_model(model).predict(frame, FACE)
    with np.errstate(invalid='ignore'):
        for landmark_model in (on_gpu(model).landmark_model, cpu_landmark_model(model)):
            found = landmark_model.predict(frame, nowhere + FACE)
            assert found.points[1] == pytest.approx(alone.points[0], abs=TOLERANCE_PX)
            assert found.presences[1] > 0.9
            assert found.presences[0] == 0
            assert np.isfinite(found.points).all()
            with pytest.raises(ModelOutputError):
                landmark_model.predict(frame, nowhere)
    assert on_gpu(model).runner.failures == 0


@pytest.mark.parametrize('model', MODELS)
def test_each_of_many_crops_is_as_alone(on_gpu, astronaut, model):
    """More than the largest batch, and numbers between two batch sizes."""
    landmark_model, frame = on_gpu(model).landmark_model, Frame(astronaut, PixelOrder.RGB)
    count = 70 if model == 'mesh' else 5
    random = np.random.default_rng(5)
    rois = Rois(
        random.uniform(0, 512, (count, 2)).astype(np.float32),
        random.uniform(50, 300, (count, 2)).astype(np.float32),
        random.uniform(-4, 4, count).astype(np.float32),
    )
    together = landmark_model.predict(frame, rois)
    for index in range(0, count, 3):
        alone = landmark_model.predict(frame, rois[index : index + 1])
        assert together.points[index] == pytest.approx(alone.points[0], abs=5e-3)
        assert together.presences[index] == pytest.approx(alone.presences[0], abs=PRESENCE)


def test_cameras_at_the_same_time_get_what_each_gets_alone(on_gpu, astronaut):
    models = on_gpu('mesh')
    scales, orders = (0.5, 1, 0.7, 1.5, 1, 2), (*PixelOrder, PixelOrder.BGR)
    frames = [
        in_order(cv2.resize(astronaut, None, fx=scale, fy=scale), order)
        for scale, order in zip(scales, orders, strict=True)
    ]
    rois = [
        Rois(FACE.centres * scale, FACE.sizes_wh * np.float32(scale), FACE.rotations_rad)
        for scale in scales
    ]
    expected = [models.landmark_model.predict(*each) for each in zip(frames, rois, strict=True)]
    differences, together = [], threading.Barrier(len(frames))

    def camera(index: int) -> None:
        together.wait()
        for _ in range(5):
            detected = models.detectors['short_range'].detect(frames[index], 0.5)
            found = models.landmark_model.predict(frames[index], rois[index])
            offset = np.abs(found.points - expected[index].points).max()
            differences.append((len(detected), float(offset)))

    threads = [threading.Thread(target=camera, args=(index,)) for index in range(len(frames))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(differences) == 5 * len(frames)
    assert max(offset for _, offset in differences) <= 5e-3
    assert models.runner.failures == 0


@pytest.mark.parametrize('model', MODELS)
def test_fp16_goes_between_the_same_parts(
    model_store, require_models, cpu_landmark_model, frames, cpu_detector, model
):
    """The CPU rounds to fp16 where a GPU would calculate in it; see test/models/test_half."""
    require_models(model)
    content = round_to_fp16(model_store.load(model, Variant.HALF_IMAGES))
    factory = GpuExecutorFactory(
        {model: content},
        {model: FaceMesh.OUTPUTS},
        ProviderChoice('cpu'),
        images=2,
    )
    worker = BatchWorker(factory)
    session = factory.sessions[model]
    landmark_model = FaceMesh(GpuCropModel(session, FaceMesh.OUTPUTS, worker))
    assert session.precision == 'fp16'
    offsets = []
    for frame in frames[:8]:
        rois = rois_from_detections(cpu_detector('full_range').detect(frame, 0.5), square=True)
        expected = cpu_landmark_model(model).predict(frame, rois)
        found = landmark_model.predict(frame, rois)
        assert found.presences == pytest.approx(expected.presences, abs=0.03)
        offsets.append(np.abs(found.points - expected.points)[expected.presences > 0.5].ravel())
    worker.close()
    # Measured by `./run bench precision` for the network alone: .054 (95 %), .196 (largest).
    assert np.percentile(np.concatenate(offsets), 95) <= 0.11
    assert np.concatenate(offsets).max() <= 0.4
