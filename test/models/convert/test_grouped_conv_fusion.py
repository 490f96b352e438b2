"""Fusion of equal branches into grouped layers: the same numbers from fewer operators."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.catalog.model_entry import Kind, Variant
from facemesh_ros.catalog.models import ATTENTION, CATALOG
from facemesh_ros.models.convert import arithmetic, attention, layers, shape_ops
from facemesh_ros.models.convert.grouped_conv_fusion import fuse_branches
from facemesh_ros.models.convert.tflite_graph import Operator, Tensor, TfliteGraph, read_tflite
from facemesh_ros.models.convert.tflite_to_onnx import onnx_from_tflite
from facemesh_ros.models.convert.translation import NCHW_FROM_NHWC, Translation

RULES = {**layers.RULES, **arithmetic.RULES, **shape_ops.RULES, **attention.RULES}
WINDOW = {
    'Padding': 0,
    'StrideH': 1,
    'StrideW': 1,
    'DilationHFactor': 1,
    'DilationWFactor': 1,
    'FusedActivationFunction': 0,
}
BATCH = 2
ENTRANCE = {'output_height': 6, 'output_width': 5}
LAYERS = ('CONV_2D', 'DEPTHWISE_CONV_2D', 'PRELU', 'PAD', 'MAX_POOL_2D', 'ADD')


class Sketch:
    """A TFLite graph in the making: a feature map seen through matrices, then layers."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self.tensors = [Tensor('map', (1, 8, 9, 3), None)]
        self.operators: list[Operator] = []

    def constant(self, *shape: int) -> int:
        return self._add(Tensor('constant', shape, self._numbers(shape)))

    def matrix(self) -> int:
        """Looks at each map of a batch that reach outside of it."""
        rows = np.tile(np.eye(4, dtype=np.float32), (BATCH, 1, 1))
        rows[:, :2, [0, 1, 3]] += 0.4 * self._numbers((BATCH, 2, 3))
        return self._add(Tensor('matrix', (1, 4, 4), rows))

    def operator(self, kind: str, *inputs: int, shape, **options) -> int:
        output = self._add(Tensor(f'{kind}_{len(self.tensors)}', tuple(shape), None))
        self.operators.append(Operator(kind, inputs, (output,), options))
        return output

    def layer(self, kind: str, value: int, skipped: int) -> int:
        """One more layer on a value; `skipped` is another value of its branch, for a sum."""
        shape = self.tensors[value].shape
        channels = shape[3]
        if kind == 'CONV_2D':
            made_of = [self.constant(4, 1, 1, channels), self.constant(4)]
            return self.operator(kind, value, *made_of, shape=(*shape[:3], 4), **WINDOW)
        if kind == 'DEPTHWISE_CONV_2D':
            made_of = [self.constant(1, 3, 3, channels), self.constant(channels)]
            return self.operator(kind, value, *made_of, shape=shape, **WINDOW)
        if kind == 'PRELU':
            return self.operator(kind, value, self.constant(1, 1, channels), shape=shape)
        if kind == 'PAD':
            paddings = Tensor('paddings', (4, 2), np.array([[0, 0]] * 3 + [[1, 2]], np.int32))
            padded = (*shape[:3], channels + 3)
            return self.operator(kind, value, self._add(paddings), shape=padded)
        if kind == 'MAX_POOL_2D':
            return self.operator(kind, value, shape=shape, FilterHeight=1, FilterWidth=2, **WINDOW)
        if self.tensors[skipped].shape != shape:
            return value
        return self.operator(kind, value, skipped, shape=shape, FusedActivationFunction=0)

    def graph(self, *outputs: int) -> TfliteGraph:
        return TfliteGraph(tuple(self.tensors), tuple(self.operators), (0,), outputs)

    def _numbers(self, shape):
        return self._random.uniform(-1, 1, shape).astype(np.float32)

    def _add(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1


def numbers_of(graph: TfliteGraph, variant: Variant, feature_map: np.ndarray) -> list[np.ndarray]:
    """Run a graph whose matrices are constants."""
    translation = Translation(graph, variant)
    target = translation.target
    translation.define(0, target.node('Transpose', 'map', perm=NCHW_FROM_NHWC))
    for index, tensor in enumerate(graph.tensors):
        if tensor.name == 'matrix':
            translation.define(index, target.constant(tensor.constant))
    for operator in graph.operators:
        translation.define(operator.outputs[0], RULES[operator.kind](translation, operator))
    outputs = {}
    for place, index in enumerate(graph.outputs):
        name = f'output_{place}'
        target.node('Identity', translation.channels_last(index), output=name)
        outputs[name] = graph.tensors[index].shape[1:]
    model = target.model({'map': feature_map.shape[1:]}, outputs, {'name': 'sketch'})
    session = ort.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    return session.run(None, {'map': feature_map})


@given(
    st.integers(2, 4),
    st.lists(st.sampled_from(LAYERS), max_size=6),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
@settings(deadline=None)
def test_branches_of_any_layers_keep_their_numbers(count, kinds, fork, seed):
    sketch = Sketch(seed)
    matrices = [sketch.matrix() for _ in range(count)]
    branches = [
        sketch.operator('TransformTensorBilinear', 0, m, shape=(1, 6, 5, 3), **ENTRANCE)
        for m in matrices
    ]
    if fork:  # the last one goes two ways from here, as eyes do for their irises
        branches.append(branches[-1])
    skipped = list(branches)
    for kind in kinds:
        before = list(branches)
        branches = [sketch.layer(kind, *pair) for pair in zip(branches, skipped, strict=True)]
        skipped = before
    graph = sketch.graph(*branches)
    feature_map = np.random.default_rng(seed).normal(size=(BATCH, 8, 9, 3)).astype(np.float32)
    merged = fuse_branches(graph)
    wanted = numbers_of(graph, Variant.PLAIN, feature_map)
    got = numbers_of(merged, Variant.CPU, feature_map)
    for one, other in zip(wanted, got, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-4)
    made_of = Counter(operator.kind for operator in merged.operators)
    assert made_of['TransformTensorBilinear'] == 1


def test_what_differs_stays_apart(tflite):
    """Detectors and the other landmark models have no branches."""
    for entry in CATALOG.values():
        if entry is ATTENTION or entry.kind is Kind.BLENDSHAPES:
            continue
        graph = read_tflite(tflite(entry.name))
        assert fuse_branches(graph) is graph


@pytest.mark.parametrize(('kind', 'most'), [('Conv', 200), ('GatherND', 1), ('GridSample', 0)])
def test_the_refinements_of_attention_are_one_branch(tflite, kind, most):
    content = onnx_from_tflite(tflite(ATTENTION.name), ATTENTION, Variant.CPU)
    nodes = onnx.load_from_string(content).graph.node
    assert sum(node.op_type == kind for node in nodes) <= most
