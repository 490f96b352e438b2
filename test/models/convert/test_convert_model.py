"""Converted models against the original runtimes: LiteRT, and MediaPipe for custom operators."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attention_pictures
import conversions
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from facemesh_ros.attributes.blendshapes import LANDMARKS
from facemesh_ros.catalog.model_entry import Kind, ModelEntry, Variant
from facemesh_ros.catalog.models import ATTENTION, BLENDSHAPES, CATALOG, CONVERTER_VERSION
from facemesh_ros.errors import ConversionError
from facemesh_ros.inference.openvino_runtime import openvino_version
from facemesh_ros.inference.openvino_session import OpenVinoSession
from facemesh_ros.models.convert import nchwc_rewrites
from facemesh_ros.models.convert.onnx_graph import OnnxGraph
from facemesh_ros.models.convert.tflite_to_onnx import onnx_from_tflite
from facemesh_ros.models.files import sha256_of

TOLERANCE = 1e-3
GOLDEN = Path(__file__).parents[1] / 'golden' / 'attention.npz'
FACES = Path(__file__).parents[2] / 'golden' / 'mediapipe_1_2_2_v2.npz'
FILES = [
    pytest.param(entry, variant, id=entry.file_name(variant))
    for entry in CATALOG.values()
    for variant in entry.variants
    if not variant.takes_images  # see test_image_graph
]
# fp16 has tolerances of its own, in test_half.
EXACT = (Variant.PLAIN, Variant.CPU)
# OpenVINO gets the plain ones.
EXACT_RUNS = [
    *((variant, 'onnxruntime') for variant in EXACT),
    (Variant.PLAIN, 'openvino'),
]
BATCHES = (1, 5)
PROMISED = {
    'short_range': {'regressors': [896, 16], 'classificators': [896, 1]},
    'full_range': {'regressors': [2304, 16], 'classificators': [2304, 1]},
    'v2': {'landmarks': [478, 3], 'presence': []},
    'attention': {'landmarks': [478, 3], 'presence': []},
    'mesh': {'landmarks': [468, 3], 'presence': []},
    'blendshapes': {'scores': [52]},
}

Outputs = dict[str, np.ndarray]


@pytest.fixture(scope='session')
def litert(tflite, require_package) -> Callable[[ModelEntry, np.ndarray], Outputs]:
    """Run the original on one picture after the other."""
    interpreters = require_package('ai_edge_litert.interpreter')

    def run(entry: ModelEntry, given: np.ndarray) -> Outputs:
        interpreter = interpreters.Interpreter(model_content=tflite(entry.name))
        interpreter.allocate_tensors()
        place = interpreter.get_input_details()[0]['index']
        rows: dict[str, list[np.ndarray]] = {}
        for one in given:
            interpreter.set_tensor(place, one[None])
            interpreter.invoke()
            for output in interpreter.get_output_details():
                values = interpreter.get_tensor(output['index'])
                if entry.kind is Kind.BLENDSHAPES:  # the only ones without a batch axis
                    values = values[None]
                rows.setdefault(output['name'], []).append(values)
        return {name: np.concatenate(parts) for name, parts in rows.items()}

    return run


def opened(content: bytes, runtime: str) -> Any:
    if runtime == 'openvino':
        return OpenVinoSession(content)
    return ort.InferenceSession(content, providers=['CPUExecutionProvider'])


def run_onnx(
    content: bytes, given: np.ndarray, batch: int, runtime: str = 'onnxruntime'
) -> Outputs:
    session = opened(content, runtime)
    names = [output.name for output in session.get_outputs()]
    (entrance,) = session.get_inputs()
    rows = [
        session.run(names, {entrance.name: given[start : start + batch]})
        for start in range(0, len(given), batch)
    ]
    return {
        name: np.concatenate(parts)
        for name, parts in zip(names, zip(*rows, strict=True), strict=True)
    }


def model_input(entry: ModelEntry, images: np.ndarray) -> np.ndarray:
    unit = images.astype(np.float32) / 255
    return unit * 2 - 1 if entry.kind is Kind.DETECTOR else unit


def crops(astronaut: np.ndarray, size: int) -> np.ndarray:
    """Five windows around the face, also turned and mirrored, sampled without interpolation."""
    windows = []
    for x, y, side in ((224, 112, 192), (210, 120, 160), (240, 130, 256), (224, 112, 220)):
        lines = np.arange(size) * side // size - side // 2
        windows.append(astronaut[(y + lines).clip(0, 511)][:, (x + lines).clip(0, 511)])
    windows[1] = np.rot90(windows[1])
    return np.stack([*windows, windows[0][:, ::-1]])


def noise(size: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (5, size, size, 3), np.uint8)


def points() -> np.ndarray:
    """Landmarks of five faces in px as MediaPipe found them, (5, 146, 2)."""
    with np.load(FACES) as golden:
        faces = np.concatenate([golden[name] for name in sorted(golden.files)])
    return np.ascontiguousarray(faces[:5, LANDMARKS, :2])


def random_points() -> np.ndarray:
    return np.random.default_rng(7).normal(300, 80, (5, 146, 2)).astype(np.float32)


# Original names of what the contract renames.
RENAMED = {
    'full_range': {'Identity': 'regressors', 'Identity_1': 'classificators'},
    'blendshapes': {'StatefulPartitionedCall:0': 'scores'},
}


def assert_close(results: Outputs, truth: Outputs) -> None:
    for name, expected in truth.items():
        np.testing.assert_allclose(results[name], expected, rtol=0, atol=TOLERANCE, err_msg=name)


@pytest.mark.parametrize('batch', BATCHES)
@pytest.mark.parametrize('pictures', ['face', 'noise'])
@pytest.mark.parametrize(('variant', 'runtime'), EXACT_RUNS)
@pytest.mark.parametrize(
    'entry', [it for it in CATALOG.values() if it is not ATTENTION], ids=lambda it: it.name
)
def test_outputs_are_those_of_litert(
    entry, variant, runtime, pictures, batch, converted, litert, astronaut, require
) -> None:
    require(runtime != 'openvino' or openvino_version(), 'the Python package openvino')
    size = entry.input_size
    if entry.kind is Kind.BLENDSHAPES:
        given = points() if pictures == 'face' else random_points()
    else:
        given = model_input(entry, crops(astronaut, size) if pictures == 'face' else noise(size))
    results = run_onnx(converted(entry.name, variant), given, batch, runtime)
    renamed = RENAMED.get(entry.name, {})
    assert_close(results, {renamed.get(n, n): v for n, v in litert(entry, given).items()})


@pytest.mark.parametrize('batch', BATCHES)
@pytest.mark.parametrize(('variant', 'runtime'), EXACT_RUNS)
def test_attention_outputs_and_merge_are_those_of_mediapipe(
    variant, runtime, batch, converted, astronaut, require
) -> None:
    require(runtime != 'openvino' or openvino_version(), 'the Python package openvino')
    pictures = attention_pictures.pictures(astronaut)
    with np.load(GOLDEN) as golden:
        assert attention_pictures.digest(pictures) == golden['pictures_sha256']
        truth = {name: golden[name] for name in golden.files if golden[name].dtype == np.float32}
    images = model_input(ATTENTION, pictures)
    results = run_onnx(converted('attention', variant), images, batch, runtime)
    raw_names = set(results) - {'landmarks', 'presence'}
    assert raw_names == set(truth) - {'landmarks'}
    raw = {name: results[name].reshape(len(pictures), -1) for name in raw_names}
    assert_close({**raw, 'landmarks': results['landmarks']}, truth)


@pytest.mark.parametrize('variant', [Variant.PLAIN, Variant.CPU, Variant.HALF])
def test_attention_survives_a_mesh_without_direction(variant, converted) -> None:
    flat = np.zeros((2, 192, 192, 3), np.float32)
    flat[1] = 1
    for name, values in run_onnx(converted('attention', variant), flat, 2).items():
        assert np.isfinite(values).all(), name


@pytest.mark.parametrize(
    ('entry', 'variant'), [file for file in FILES if file.values[0].kind is Kind.LANDMARKS]
)
def test_added_outputs_follow_from_the_original_ones(entry, variant, converted, astronaut) -> None:
    images = model_input(entry, crops(astronaut, entry.input_size))
    results = run_onnx(converted(entry.name, variant), images, 5)
    assert results['landmarks'].shape == (5, entry.points, 3)
    mesh = results[entry.mesh_output].reshape(5, -1, 3)
    # Depth of the mesh is never refined; irises have none of their own in the attention model.
    np.testing.assert_array_equal(results['landmarks'][:, :468, 2], mesh[:, :468, 2])
    flag = results[entry.flag_output].reshape(5).astype(np.float64)
    np.testing.assert_allclose(results['presence'], 1 / (1 + np.exp(-flag)), atol=1e-6)
    assert results['presence'][0] > 0.9  # the upright face


@pytest.mark.parametrize(('entry', 'variant'), FILES)
def test_file_keeps_its_contract(entry, variant, converted, tflite) -> None:
    content = converted(entry.name, variant)
    session = ort.InferenceSession(content, providers=['CPUExecutionProvider'])
    (given,) = session.get_inputs()
    size = entry.input_size
    expected = ('points', [146, 2]) if entry is BLENDSHAPES else ('image', [size, size, 3])
    assert (given.name, given.shape[1:], given.type) == (*expected, 'tensor(float)')
    batch_axes = {item.shape[0] for item in (given, *session.get_outputs())}
    assert batch_axes == {'N'}
    shapes = {item.name: item.shape[1:] for item in session.get_outputs()}
    for name, shape in PROMISED[entry.name].items():
        assert shapes[name] == shape
    assert session.get_modelmeta().custom_metadata_map == {
        'name': entry.name,
        'kind': entry.kind.value,
        'input_size': str(size),
        'source_sha256': sha256_of(tflite(entry.name)),
        'converter_version': session.get_modelmeta().custom_metadata_map['converter_version'],
        'variant': variant.value,
        'precision': 'fp16' if variant is Variant.HALF else 'fp32',
    }


@pytest.mark.parametrize(('entry', 'variant'), FILES)
def test_file_loads_in_the_oldest_supported_runtime(entry, variant, converted) -> None:
    # onnxruntime 1.16 knows IR version 9 and opset 19.
    model = onnx.load_from_string(converted(entry.name, variant))
    assert model.ir_version <= 9
    assert [(item.domain, item.version <= 19) for item in model.opset_import] == [('', True)]


@pytest.mark.parametrize(('entry', 'variant'), FILES)
def test_only_the_cpu_variant_avoids_what_leaves_the_blocked_layout(
    entry, variant, converted
) -> None:
    model = onnx.load_from_string(converted(entry.name, variant))
    kinds = {node.op_type for node in model.graph.node}
    landmarks = entry.kind is Kind.LANDMARKS
    assert ('PRelu' in kinds) == (landmarks and variant is not Variant.CPU)


@given(
    values=npst.arrays(np.float32, (2, 3, 2, 2), elements=st.floats(-100, 100, width=32)),
    slopes=npst.arrays(np.float32, (2, 3), elements=st.floats(-20, 20, width=32)),
    padding=st.tuples(st.integers(0, 4), st.integers(0, 4)),
)
@settings(deadline=None, max_examples=50)
def test_layers_as_convolutions_are_exact(values, slopes, padding) -> None:
    graph = OnnxGraph()
    shaped = nchwc_rewrites.two_slopes(graph, 'image', *slopes)
    padded = nchwc_rewrites.padded_channels(graph, shaped, 3, *padding)
    graph.node('Identity', padded, output='padded')
    model = graph.model(
        {'image': (3, 2, 2)}, {'padded': (3 + sum(padding), 2, 2)}, {'name': 'layers'}
    )
    (result,) = run_onnx(model.SerializeToString(), values, 2).values()
    below, above = slopes[:, :, None, None]
    expected = np.where(values > 0, above, below) * values
    expected = np.pad(expected, ((0, 0), padding, (0, 0), (0, 0)))
    # Two products of up to 21 * 100 are summed, so up to 21 * 100 * 2^-23 is rounding.
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-3)


def test_a_file_of_another_model_is_refused(tflite) -> None:
    with pytest.raises(ConversionError, match=r'is not \(1, 192, 192, 3\)'):
        onnx_from_tflite(tflite('v2'), ATTENTION, Variant.PLAIN)


def test_anything_but_tflite_is_refused() -> None:
    with pytest.raises(ConversionError, match='not a TFLite file'):
        onnx_from_tflite(b'\x00' * 64, ATTENTION, Variant.PLAIN)


@pytest.mark.parametrize('entry', CATALOG.values(), ids=lambda entry: entry.name)
def test_a_changed_conversion_has_a_new_version(entry, converted) -> None:
    """Else users keep what the old converter made; see golden/conversions.py."""
    record = json.loads(conversions.RECORD.read_text())
    digests = {
        entry.file_name(variant): conversions.digest(converted(entry.name, variant))
        for variant in entry.variants
    }
    unchanged = digests.items() <= record['digests'].items()
    assert (unchanged, CONVERTER_VERSION) == (True, record['converter_version']), (
        'raise CONVERTER_VERSION if the files changed since the last release, '
        'then run test/models/golden/conversions.py'
    )


@pytest.mark.parametrize('entry', CATALOG.values(), ids=CATALOG)
def test_the_catalog_says_which_graphs_join_tensors_of_unequal_length(
    entry: ModelEntry, converted
) -> None:
    """Old releases of ONNX Runtime are wrong about them in a CUDA graph."""
    variant = Variant.PLAIN_IMAGES if Variant.PLAIN_IMAGES in entry.variants else Variant.PLAIN
    graph = onnx.shape_inference.infer_shapes(
        onnx.load_from_string(converted(entry.name, variant)), data_prop=True
    ).graph
    lengths = {
        item.name: [axis.dim_value for axis in item.type.tensor_type.shape.dim]
        for item in (*graph.input, *graph.value_info)
    }
    lengths |= {item.name: list(item.dims) for item in graph.initializer}
    joined = [node for node in graph.node if node.op_type in ('Concat', 'ScatterND')]
    ragged = [
        node
        for node in joined
        if len({str(lengths.get(name)) for name in node.input}) > 1 or node.op_type == 'ScatterND'
    ]
    assert bool(ragged) == entry.has_ragged_concat
