"""Small TFLite graphs with random numbers, and what they calculate after a translation."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.models.convert import arithmetic, attention, layers, shape_ops
from facemesh_ros.models.convert.attention_regions import MATRIX, SAMPLING, fuse_regions
from facemesh_ros.models.convert.tflite_graph import Operator, Tensor, TfliteGraph
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
BATCH, POINTS = 2, 12
ENTRANCE = {'output_height': 6, 'output_width': 5}
LAYERS = ('CONV_2D', 'DEPTHWISE_CONV_2D', 'PRELU', 'RELU', 'PAD', 'MAX_POOL_2D', 'ADD')


class Sketch:
    """A TFLite graph in the making: a feature map of three channels, then layers.

    Attributes:
        tensors: Those so far; the first one is the map.
        operators: Those so far.
    """

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self.tensors = [Tensor('map', (1, 8, 9, 3), None)]
        self.operators: list[Operator] = []
        self._landmarks: int | None = None

    def constant(self, *shape: int, bound: float = 1) -> int:
        return self._add(Tensor('constant', shape, self._numbers(shape, bound)))

    def crop(self) -> int:
        """The matrix of a crop along some landmarks, of which some lie outside of the map."""
        if self._landmarks is None:
            points = 4 + 6 * self._numbers((BATCH, POINTS, 3))
            self._landmarks = self._add(Tensor('landmarks', (1, POINTS, 3), points))
        left, right, *subset = self._random.permutation(POINTS)[: self._random.integers(4, 9)]
        scale_x, scale_y = self._random.uniform(0.5, 2, 2)
        options = {
            'left_rotation_idx': int(left),
            'right_rotation_idx': int(right),
            'subset_idxs': [int(it) for it in subset],
            'scale_x': float(scale_x),
            'scale_y': float(scale_y),
            'target_rotation_radians': 0.0,
            **ENTRANCE,
        }
        return self.operator(MATRIX, self._landmarks, shape=(1, 4, 4), **options)

    def sampled(self, matrix: int) -> int:
        """The map through a matrix."""
        return self.operator(SAMPLING, 0, matrix, shape=(1, 6, 5, 3), **ENTRANCE)

    def operator(self, kind: str, *inputs: int, shape, **options) -> int:
        output = self._add(Tensor(f'{kind}_{len(self.tensors)}', tuple(shape), None))
        self.operators.append(Operator(kind, inputs, (output,), options))
        return output

    def layer(self, kind: str, value: int, skipped: int, width: int = 4) -> int:
        """One more layer on a value.

        `skipped` is another value of its branch, for a sum; `width` are the channels of a
        convolution.
        """
        shape = self.tensors[value].shape
        channels = shape[3]
        if kind == 'CONV_2D':
            made_of = [self.constant(width, 1, 1, channels), self.constant(width)]
            return self.operator(kind, value, *made_of, shape=(*shape[:3], width), **WINDOW)
        if kind == 'DEPTHWISE_CONV_2D':
            made_of = [self.constant(1, 3, 3, channels), self.constant(channels)]
            return self.operator(kind, value, *made_of, shape=shape, **WINDOW)
        if kind == 'PRELU':
            return self.operator(kind, value, self.constant(1, 1, channels, bound=3), shape=shape)
        if kind == 'RELU':
            return self.operator(kind, value, shape=shape)
        if kind == 'PAD':
            return self.padded(value, 1, 2)
        if kind == 'MAX_POOL_2D':
            return self.operator(kind, value, shape=shape, FilterHeight=1, FilterWidth=2, **WINDOW)
        if self.tensors[skipped].shape != shape:
            return value
        return self.operator(kind, value, skipped, shape=shape, FusedActivationFunction=0)

    def padded(self, value: int, before: int, after: int) -> int:
        """Zero channels around those of a value."""
        shape = self.tensors[value].shape
        around = np.array([[0, 0]] * 3 + [[before, after]], np.int32)
        wider = (*shape[:3], shape[3] + before + after)
        return self.operator(
            'PAD', value, self._add(Tensor('paddings', (4, 2), around)), shape=wider
        )

    def graph(self, *outputs: int) -> TfliteGraph:
        return TfliteGraph(tuple(self.tensors), tuple(self.operators), (0,), outputs)

    def _numbers(self, shape, bound: float = 1):
        return self._random.uniform(-bound, bound, shape).astype(np.float32)

    def _add(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1


def feature_map(seed: int) -> np.ndarray:
    """A batch of maps, channels last."""
    return np.random.default_rng(seed).normal(size=(BATCH, 8, 9, 3)).astype(np.float32)


def numbers_of(graph: TfliteGraph, variant: Variant, given: np.ndarray) -> list[np.ndarray]:
    """Return the outputs for a batch of maps."""
    translation = Translation(fuse_regions(graph), variant)
    source, target = translation.source, translation.target
    translation.define(0, target.node('Transpose', 'map', perm=NCHW_FROM_NHWC))
    for index, tensor in enumerate(source.tensors):
        if tensor.name == 'landmarks':
            translation.define(index, target.constant(tensor.constant))
    for operator in source.operators:
        translation.define(operator.outputs[0], RULES[operator.kind](translation, operator))
    outputs = {}
    for place, index in enumerate(source.outputs):
        name = f'output_{place}'
        target.node('Identity', translation.channels_last(index), output=name)
        outputs[name] = source.tensors[index].shape[1:]
    model = target.model({'map': given.shape[1:]}, outputs, {'name': 'sketch'})
    session = ort.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    return session.run(None, {'map': given})


def assert_same_numbers(graph: TfliteGraph, rewritten: TfliteGraph, seed: int) -> None:
    """Compare a graph as it stands with one that was rewritten for CPUs."""
    wanted = numbers_of(graph, Variant.PLAIN, feature_map(seed))
    got = numbers_of(rewritten, Variant.CPU, feature_map(seed))
    for one, other in zip(wanted, got, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-4 * max(1, np.abs(one).max()))
