"""Widened layers: the same numbers, and no pooling that leaves the blocked layout."""

from __future__ import annotations

import onnx
import pytest
from graph_sketch import LAYERS, Sketch, assert_same_numbers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from onnx import shape_inference

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import CATALOG
from facemesh_ros.models.convert.channel_padding import BLOCK, pad_channels

PLAIN_LAYERS = [each for each in LAYERS if each != 'PRELU']


@given(
    st.lists(st.tuples(st.sampled_from([*PLAIN_LAYERS, 'BEHIND']), st.integers(0, 3)), max_size=9),
    st.sampled_from([5, 13, 16, 20]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
@example([('MAX_POOL_2D', 0), ('BEHIND', 0)], 5, True, 0)
@settings(deadline=None, max_examples=200)
def test_layers_in_any_order_keep_their_numbers(kinds, width, read_twice, seed):
    sketch = Sketch(seed)
    values = [sketch.layer('CONV_2D', 0, 0, width)]
    for kind, back in kinds:
        skipped = values[max(len(values) - 1 - back, 0)]
        if kind == 'BEHIND':  # zeros as short range puts them, up to a whole block or beyond
            missing = -sketch.tensors[values[-1]].shape[3] % BLOCK
            values.append(sketch.padded(values[-1], 0, missing + back))
        else:
            values.append(sketch.layer(kind, values[-1], skipped, width))
    values.append(sketch.layer('CONV_2D', values[-1], 0, 3))
    graph = sketch.graph(*dict.fromkeys([values[-1], values[len(values) // 2]][: 1 + read_twice]))
    assert_same_numbers(graph, pad_channels(graph), seed)


@pytest.mark.parametrize('entry', CATALOG.values(), ids=CATALOG)
def test_no_pooling_leaves_the_blocked_layout(entry, converted) -> None:
    content = onnx.load_from_string(converted(entry.name, Variant.CPU))
    graph = shape_inference.infer_shapes(content).graph
    widths = {it.name: it.type.tensor_type.shape.dim[1].dim_value for it in graph.value_info
              if len(it.type.tensor_type.shape.dim) == 4}  # fmt: skip
    pooled = [widths[node.input[0]] for node in graph.node if node.op_type == 'MaxPool']
    assert all(width and width % BLOCK == 0 for width in pooled)
