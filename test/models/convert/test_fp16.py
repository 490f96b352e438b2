"""fp16 against fp32: the same faces, landmarks and presences, within what was measured.

What is compared with, the plain conversion, is held to the original runtimes by test_conversion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from fp16_rounding import round_to_fp16
from model_differences import detector_differences, landmark_differences
from onnx import TensorProto
from onnx.reference import ReferenceEvaluator

from facemesh_ros.catalog.model_entry import Kind, Variant
from facemesh_ros.catalog.models import BLENDSHAPES, CATALOG, detector_spec, entry_of, names_of
from facemesh_ros.detection.blazeface import BlazeFace
from facemesh_ros.geometry.rois import rois_from_detections
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.inference.providers import CPU, ProviderChoice
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.types import Frame, PixelOrder, Rois

# Median, 95 % and largest distance from fp32 in px of the image, about twice what
# `./run bench precision` measured on 31 pictures with fp16 rounded on the CPU:
# corners of boxes .0099 .0520 .229 (short range), .0073 .0403 .0840 (full range);
# landmarks .0087 .0540 .196 (v2), .0042 .0131 .0512 (attention), .0038 .0136 .0272 (mesh).
TOLERANCES_PX = {
    'short_range': (0.02, 0.1, 0.5),
    'full_range': (0.02, 0.08, 0.2),
    'v2': (0.02, 0.11, 0.4),
    'attention': (0.01, 0.03, 0.12),
    'mesh': (0.01, 0.03, 0.08),
}
SCORE_TOLERANCE = 0.003  # measured .0013
PRESENCE_TOLERANCE = 0.025  # measured .0120
# Convolutions whose results are no images: one per output, and per layer in short range.
HEADS = {'short_range': 4, 'full_range': 2, 'v2': 3, 'attention': 7, 'mesh': 2}
MAX_IOU = 0.3

Convert = Callable[[str, Variant], bytes]
Load = Callable[[str], ModelSession]


@pytest.fixture(scope='module')
def plain(converted: Convert) -> Load:
    return lambda name: ModelSession(converted(name, Variant.PLAIN), ProviderChoice('cpu'))


@pytest.fixture(scope='module', params=['rounded', 'cuda'])
def half(request, converted: Convert) -> Load:
    if request.param == 'rounded':
        choice = ProviderChoice('cpu')
        return lambda name: ModelSession(round_to_fp16(converted(name, Variant.HALF)), choice)
    if 'CUDAExecutionProvider' not in ort.get_available_providers():
        # Stand-ins for CUDA calculate nothing, so that only a GPU shows what is compared here.
        pytest.skip('this ONNX Runtime has no CUDA, and results need a GPU')
    choice = ProviderChoice('cuda', precision='fp16')
    return lambda name: ModelSession(converted(name, Variant.HALF), choice)


@pytest.fixture(scope='module')
def frames(data_folder: Path) -> list[Frame]:
    images = [cv2.imread(str(path)) for path in sorted((data_folder / 'images').iterdir())]
    return [Frame(image, PixelOrder.BGR) for image in images]


@pytest.fixture(scope='module')
def crops(frames, plain) -> list[tuple[Frame, Rois]]:
    detector = BlazeFace(
        CpuCropModel(plain('full_range'), BlazeFace.OUTPUTS), detector_spec('full_range'), MAX_IOU
    )
    return [
        (frame, rois_from_detections(detector.detect(frame, 0.5), square=True)) for frame in frames
    ]


def assert_close(name: str, distances_px: np.ndarray) -> None:
    assert (np.percentile(distances_px, (50, 95, 100)) <= TOLERANCES_PX[name]).all()


@pytest.mark.parametrize('name', names_of(Kind.DETECTOR))
def test_the_same_faces_are_found(name, plain, half, frames) -> None:
    profile = detector_spec(name)
    detectors = [
        BlazeFace(CpuCropModel(load(name), BlazeFace.OUTPUTS), profile, MAX_IOU)
        for load in (plain, half)
    ]
    found = detector_differences(frames, *detectors)
    assert len(found.scores) > 20
    assert found.lost == found.new == 0
    assert found.scores.max() <= SCORE_TOLERANCE
    assert_close(name, found.corners_px)


@pytest.mark.parametrize('name', names_of(Kind.LANDMARKS))
def test_landmarks_are_where_they_were(name, plain, half, crops) -> None:
    landmarkers = [FaceMesh(CpuCropModel(load(name), FaceMesh.OUTPUTS)) for load in (plain, half)]
    found = landmark_differences(crops, *landmarkers)
    assert len(found.offsets_px) > 30
    assert found.presences.max() <= PRESENCE_TOLERANCE
    assert_close(name, found.offsets_px)


@pytest.mark.parametrize('name', HEADS)
def test_no_picture_overflows(name, half) -> None:
    network, side = half(name), entry_of(name).input_size
    noise = np.random.default_rng(7).random((side, side, 3), np.float32)
    flat = [np.full((side, side, 3), value, np.float32) for value in (-1, 0, 1)]
    for values in network.run(np.stack([noise, 2 * noise - 1, *flat]), ()):
        assert np.isfinite(values).all()


@pytest.mark.parametrize('name', ['short_range', 'mesh'])
def test_rounding_on_the_cpu_is_what_the_standard_calculates(name, converted, astronaut) -> None:
    """ONNX's reference implementation in fp16 is as far from fp32 as the rounded model."""
    side = entry_of(name).input_size
    image = astronaut[None, 20 : 20 + side, 130 : 130 + side].astype(np.float32) / 255
    single, half = converted(name, Variant.PLAIN), converted(name, Variant.HALF)
    truth, emulated = (
        ort.InferenceSession(content, providers=[CPU]).run(None, {'image': image})
        for content in (single, round_to_fp16(half))
    )
    reference = ReferenceEvaluator(onnx.load_from_string(half)).run(None, {'image': image})
    for exact, ours, theirs in zip(truth, emulated, reference, strict=True):
        if exact.size > 1 or abs(exact).max() > 1:  # not a presence, which both have right
            errors = [np.sqrt(np.mean((values - exact) ** 2)) for values in (ours, theirs)]
            assert errors[0] == pytest.approx(errors[1], rel=0.5)
            assert errors[0] > 1e-4  # the roundings are there


@pytest.mark.parametrize('name', HEADS)
def test_layers_are_fp16_and_coordinates_are_not(name, converted) -> None:
    model = onnx.shape_inference.infer_shapes(
        onnx.load_from_string(converted(name, Variant.HALF)), strict_mode=True
    )
    types = {item.name: item.type.tensor_type.elem_type for item in model.graph.value_info}
    ends = [*model.graph.input, *model.graph.output]
    assert {item.type.tensor_type.elem_type for item in ends} == {TensorProto.FLOAT}
    kinds: dict[int, Counter[str]] = {TensorProto.FLOAT: Counter(), TensorProto.FLOAT16: Counter()}
    for node in model.graph.node:
        kind = types.get(node.output[0], TensorProto.FLOAT)
        if kind in kinds:
            kinds[kind][node.op_type] += 1
    assert kinds[TensorProto.FLOAT]['Conv'] == HEADS[name]
    assert kinds[TensorProto.FLOAT16]['Conv'] > 30
    assert {'GridSample', 'MatMul', 'Mul', 'Div', 'Gather'}.isdisjoint(kinds[TensorProto.FLOAT16])
    assert {'PRelu', 'Relu', 'MaxPool', 'Resize'}.isdisjoint(kinds[TensorProto.FLOAT])


def test_every_image_network_has_an_fp16_file() -> None:
    assert {n for n, entry in CATALOG.items() if Variant.HALF in entry.variants} == set(HEADS)
    assert Variant.HALF not in BLENDSHAPES.variants
