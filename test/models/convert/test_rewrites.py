"""Graphs with fewer kernels give the numbers of those that are written operator by operator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from facemesh_ros.catalog.model_entry import Kind, Variant
from facemesh_ros.catalog.models import CATALOG
from facemesh_ros.models.convert import layers, tflite_to_onnx
from facemesh_ros.models.convert.bias_folding import fold_biases
from facemesh_ros.models.convert.layer_normalization import (
    LAYER_NORMALIZATION,
    fuse_layer_normalization,
)
from facemesh_ros.models.convert.tflite_graph import Operator, Tensor, TfliteGraph, read_tflite
from facemesh_ros.models.convert.translation import Translation

FILES = [
    pytest.param(entry, variant, id=entry.file_name(variant))
    for entry in CATALOG.values()
    for variant in entry.variants
]
EXACT = [file for file in FILES if not (file.values[1].is_half or file.values[1].takes_images)]
WINDOW = {
    **dict.fromkeys(('StrideH', 'StrideW', 'DilationHFactor', 'DilationWFactor'), 1),
    **dict.fromkeys(('Padding', 'FusedActivationFunction'), 0),
}


def run(content: bytes, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    session = ort.InferenceSession(content, providers=['CPUExecutionProvider'])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def assert_relative(found: np.ndarray, expected: np.ndarray, bound: float) -> None:
    assert np.abs(found - expected).max() <= bound * np.abs(expected).max()


@pytest.mark.parametrize(('entry', 'variant'), EXACT)
def test_a_model_without_the_rewrites_gives_the_same(
    entry, variant, converted, tflite, monkeypatch
) -> None:
    generator = np.random.default_rng(3)
    if entry.kind is Kind.BLENDSHAPES:
        batch = generator.normal(300, 80, (2, *entry.input_shape)).astype(np.float32)
    else:
        batch = generator.uniform(0, 1, (2, *entry.input_shape)).astype(np.float32)
    found = run(converted(entry.name, variant), **{entry.input_name: batch})
    for rewrite in ('fold_biases', 'fuse_layer_normalization'):
        monkeypatch.setattr(tflite_to_onnx, rewrite, lambda graph: graph)
    spelt_out = tflite_to_onnx.onnx_from_tflite(tflite(entry.name), entry, variant)
    assert spelt_out != converted(entry.name, variant)
    for name, expected in run(spelt_out, **{entry.input_name: batch}).items():
        assert_relative(found[name], expected, 1e-4)


@pytest.mark.parametrize(('entry', 'variant'), FILES)
def test_no_bias_is_zero_and_none_is_added_in_front_of_a_pointwise_layer(
    entry, variant, converted
) -> None:
    graph = onnx.load_from_string(converted(entry.name, variant)).graph
    constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    layers = [node for node in graph.node if node.op_type == 'Conv']
    for node in layers:
        if len(node.input) < 3:
            continue
        assert constants[node.input[2]].any()
        readers = [each for each in graph.node if node.output[0] in each.input]
        # A depthwise one, but for those of several branches at once.
        if constants[node.input[1]].shape[1] == 1 and len(constants[node.input[1]]) > 1:
            assert [
                reader
                for reader in readers
                if reader.op_type == 'Conv'
                and constants[reader.input[1]].shape[1:] == (len(constants[node.input[1]]), 1, 1)
            ] == []


@pytest.mark.parametrize(('entry', 'variant'), FILES)
def test_every_node_serves_an_output(entry, variant, converted) -> None:
    graph = onnx.load_from_string(converted(entry.name, variant)).graph
    read = {name for node in graph.node for name in node.input}
    read |= {output.name for output in graph.output}
    assert [node.name for node in graph.node if read.isdisjoint(node.output)] == []
    assert {item.name for item in graph.initializer} <= read


def two_layers(seed: int, stride: int, with_bias: bool) -> TfliteGraph:
    """A depthwise convolution that pads, and a 1x1 one behind it."""
    generator = np.random.default_rng(seed)

    def constant(name: str, *shape: int) -> Tensor:
        return Tensor(name, shape, generator.normal(size=shape).astype(np.float32))

    tensors = (
        Tensor('image', (1, 6, 6, 4), None),
        constant('kernels', 1, 3, 3, 4),
        constant('kernel_bias', 4),
        Tensor('between', (1, 6 // stride, 6 // stride, 4), None),
        constant('weights', 5, 1, 1, 4),
        constant('bias', 5),
        Tensor('result', (1, 6 // stride, 6 // stride, 5), None),
    )
    depthwise = Operator(
        'DEPTHWISE_CONV_2D', (0, 1, 2), (3,), {**WINDOW, 'StrideH': stride, 'StrideW': stride}
    )
    pointwise = Operator('CONV_2D', (3, 4, 5) if with_bias else (3, 4), (6,), WINDOW)
    return TfliteGraph(tensors, (depthwise, pointwise), (0,), (6,))


def translated(graph: TfliteGraph) -> bytes:
    translation = Translation(graph, Variant.PLAIN)
    translation.define(0, 'image')
    for operator in graph.operators:
        translation.define(operator.outputs[0], layers.RULES[operator.kind](translation, operator))
    (end,) = graph.outputs
    shape = graph.tensors[end].shape
    translation.target.node('Identity', translation.value(end), output='result')
    model = translation.target.model(
        {'image': (4, 6, 6)}, {'result': (shape[3], *shape[1:3])}, {'name': 'two layers'}
    )
    return bytes(model.SerializeToString())


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), stride=st.sampled_from([1, 2]), with_bias=st.booleans())
def test_a_bias_goes_through_a_pointwise_layer(seed, stride, with_bias) -> None:
    graph = two_layers(seed, stride, with_bias)
    folded = fold_biases(graph)
    assert [len(operator.inputs) for operator in folded.operators] == [2, 3]
    image = np.random.default_rng(seed).normal(size=(2, 4, 6, 6)).astype(np.float32)
    found, expected = (run(translated(each), image=image)['result'] for each in (folded, graph))
    assert_relative(found, expected, 1e-5)


@pytest.mark.parametrize('reason', ['read twice', 'an output', 'activation', 'kernel of 3x3'])
def test_a_bias_stays_where_it_counts(reason) -> None:
    graph = two_layers(0, 1, True)
    depthwise, pointwise = graph.operators
    if reason == 'read twice':
        again = Operator('RELU', (3,), (7,), {})
        graph = replace(graph, operators=(*graph.operators, again))
    elif reason == 'an output':
        graph = replace(graph, outputs=(3, 6))
    elif reason == 'activation':
        relu = replace(depthwise, options={**depthwise.options, 'FusedActivationFunction': 1})
        graph = replace(graph, operators=(relu, pointwise))
    else:
        tensors = list(graph.tensors)
        tensors[4] = Tensor('weights', (5, 3, 3, 4), np.ones((5, 3, 3, 4), np.float32))
        graph = replace(graph, tensors=tuple(tensors))
    assert fold_biases(graph) == graph


def test_all_layer_normalisations_are_found_unless_their_parts_are_read(tflite) -> None:
    graph = read_tflite(tflite('blendshapes'))
    fused = fuse_layer_normalization(graph)
    found = [each for each in fused.operators if each.kind == LAYER_NORMALIZATION]
    roots = [each for each in graph.operators if each.kind == 'RSQRT']
    assert len(found) == len(roots) > 0
    assert len(graph.operators) - len(fused.operators) == 9 * len(found)
    read_too = replace(graph, outputs=(*graph.outputs, roots[0].outputs[0]))
    kept = fuse_layer_normalization(read_too).operators
    assert len([each for each in kept if each.kind == 'RSQRT']) == 1
