"""The CReLU rewrite of narrow layers, against PRelu and convolutions by hand."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import CATALOG
from facemesh_ros.models.convert import nchwc_rewrites as nchwc
from facemesh_ros.models.convert.onnx_graph import OnnxGraph
from facemesh_ros.models.convert.tflite_to_onnx import onnx_from_tflite

CHANNELS = 3


def arrays(*shape: int, bound: float = 2.0):
    return npst.arrays(np.float32, shape, elements=st.floats(-bound, bound, width=32))


def conv(graph: OnnxGraph, value: str, weights: np.ndarray, bias: np.ndarray, groups=1) -> str:
    size = weights.shape[2]
    return graph.node(
        'Conv',
        value,
        graph.constant(weights),
        graph.constant(bias),
        kernel_shape=[size, size],
        pads=[size // 2] * 4,
        group=groups,
    )


def run(graph: OnnxGraph, value: str, image: np.ndarray, channels: int) -> np.ndarray:
    graph.node('Identity', value, output='result')
    shapes = {'image': image.shape[1:]}, {'result': (channels, *image.shape[2:])}
    content = graph.model(*shapes, {'name': 'narrow'}).SerializeToString()
    session = ort.InferenceSession(content, providers=['CPUExecutionProvider'])
    return session.run(['result'], {'image': image})[0]


def pairs(graph: OnnxGraph, weights: np.ndarray, bias: np.ndarray) -> nchwc.Crelu:
    signed = nchwc.both_signs(weights), nchwc.both_signs(bias)
    return nchwc.difference(graph.node('Relu', conv(graph, 'image', *signed)), CHANNELS)


def by_hand(graph: OnnxGraph, weights, bias, slopes) -> str:
    slope = graph.constant(slopes.reshape(-1, 1, 1))
    return graph.node('PRelu', conv(graph, 'image', weights, bias), slope)


layer = {
    'image': arrays(2, 4, 5, 5, bound=10),
    'weights': arrays(CHANNELS, 4, 1, 1),
    'bias': arrays(CHANNELS),
    'slopes': arrays(CHANNELS),
}


@given(**layer)
@settings(deadline=None, max_examples=40)
def test_the_sum_of_the_pairs_is_the_layer_and_its_prelu(image, weights, bias, slopes):
    graph, plain = OnnxGraph(), OnnxGraph()
    both = pairs(graph, weights, bias)
    found = run(graph, graph.node('Add', both.sum(graph), both.with_slopes(slopes).sum(graph)),
                image, CHANNELS)  # fmt: skip
    linear = conv(plain, 'image', weights, bias)
    expected = run(plain, plain.node('Add', linear, by_hand(plain, weights, bias, slopes)),
                   image, CHANNELS)  # fmt: skip
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


@given(
    **layer,
    by_depth=arrays(CHANNELS, 1, 3, 3),
    depth_bias=arrays(CHANNELS),
    last=arrays(5, CHANNELS, 1, 1),
    last_bias=arrays(5),
)
@settings(deadline=None, max_examples=40)
def test_the_layers_behind_take_the_pairs_into_their_weights(
    image, weights, bias, slopes, by_depth, depth_bias, last, last_bias
):
    graph, plain = OnnxGraph(), OnnxGraph()
    both = pairs(graph, weights, bias).with_slopes(slopes)
    deep_weights = both.folded_depthwise(by_depth), nchwc.bias_once(depth_bias)
    deep = conv(graph, both.pairs, *deep_weights, groups=2 * CHANNELS)
    taken = nchwc.total(deep, CHANNELS).folded(last)
    found = run(graph, conv(graph, deep, taken, last_bias), image, 5)

    shaped = by_hand(plain, weights, bias, slopes)
    deep = conv(plain, shaped, by_depth, depth_bias, groups=CHANNELS)
    expected = run(plain, conv(plain, deep, last, last_bias), image, 5)
    # Sums of up to 4 * 20 * 2 * 2 * 9 * 2 * 3 / 2 in another order.
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-2)


def test_v2_keeps_the_blocked_layout_where_its_layers_are_narrow(tflite):
    """Else ONNX Runtime reorders the picture before each of them; see `nchwc_rewrites`."""
    content = onnx_from_tflite(tflite('v2'), CATALOG['v2'], Variant.CPU)
    graph = onnx.load_from_string(content).graph
    shapes = {item.name: item.dims for item in graph.initializer}
    depths = {shapes[node.input[1]][1] for node in graph.node if node.op_type == 'Conv'}
    assert {depth for depth in depths if depth % 16} == {1, 3}  # depthwise ones, and the picture
