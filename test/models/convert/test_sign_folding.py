"""Channels negated for PRelu: the same numbers, in two passes over the image instead of three."""

from __future__ import annotations

import onnx
import pytest
from graph_sketch import LAYERS, Sketch, assert_same_numbers
from hypothesis import example, given, settings
from hypothesis import strategies as st

from facemesh_ros.catalog.model_entry import Kind, Variant
from facemesh_ros.catalog.models import CATALOG
from facemesh_ros.models.convert.sign_folding import TWO_SLOPES, fold_signs

LANDMARK_MODELS = [entry for entry in CATALOG.values() if entry.kind is Kind.LANDMARKS]
# Wider than what gets the CReLU rewrite, and one that is not.
WIDTHS = (12, 4)


@given(
    st.lists(st.tuples(st.sampled_from(LAYERS), st.integers(0, 3)), max_size=9),
    st.sampled_from(WIDTHS),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
@example([('PRELU', 0), ('PRELU', 0)], 4, False, 0)
@settings(deadline=None, max_examples=200)
def test_layers_in_any_order_keep_their_numbers(kinds, width, read_twice, seed):
    sketch = Sketch(seed)
    values = [sketch.layer('CONV_2D', 0, 0, width)]
    for kind, back in kinds:
        skipped = values[max(len(values) - 1 - back, 0)]
        values.append(sketch.layer(kind, values[-1], skipped, width))
    graph = sketch.graph(*dict.fromkeys([values[-1], values[len(values) // 2]][: 1 + read_twice]))
    assert_same_numbers(graph, fold_signs(graph), seed)


def residual_blocks(seed: int, count: int):
    """PRelu, then depthwise and 1x1 convolutions that are added to it, as in the models."""
    sketch = Sketch(seed)
    value = sketch.layer('PRELU', sketch.layer('CONV_2D', 0, 0, 16), 0)
    for _ in range(count):
        inner = sketch.layer('DEPTHWISE_CONV_2D', value, 0)
        inner = sketch.layer('CONV_2D', inner, 0, 16)
        value = sketch.layer('PRELU', sketch.layer('ADD', value, inner), 0)
    return sketch.graph(sketch.layer('CONV_2D', value, 0, 5))


@given(st.integers(0, 4), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_signs_go_through_the_sums_of_residual_blocks(count, seed):
    graph = residual_blocks(seed, count)
    folded = fold_signs(graph)
    signed = [each for each in folded.operators if each.kind == TWO_SLOPES]
    for each in signed:
        below, above = (folded.tensors[it].constant for it in each.inputs[1:])
        assert (above >= below).all()  # what two passes can calculate
    steep = [
        each
        for each in graph.operators
        if each.kind == 'PRELU' and (graph.tensors[each.inputs[1]].constant > 1).any()
    ]
    assert len(signed) >= len(steep)
    assert_same_numbers(graph, folded, seed)


@pytest.mark.parametrize('entry', LANDMARK_MODELS, ids=lambda entry: entry.name)
def test_only_what_is_read_by_other_layers_too_takes_a_third_pass(entry, converted) -> None:
    """A pass of its own is a Relu that stands behind no convolution."""
    graph = onnx.load_from_string(converted(entry.name, Variant.CPU)).graph
    made_by = {node.output[0]: node.op_type for node in graph.node}
    alone = [
        node
        for node in graph.node
        if node.op_type == 'Relu' and made_by.get(node.input[0]) != 'Conv'
    ]
    # Pooled or sampled maps, and parts of a fused branch.
    kept = {'MaxPool', 'Transpose', 'Split', 'Slice', 'Concat'}
    by_relu = {node.output[0] for node in alone}
    scaled = {n.output[0] for n in graph.node if n.op_type == 'Conv' and n.input[0] in by_relu}
    sums = {n.output[0] for n in graph.node if n.op_type == 'Add' and scaled & {*n.input}}
    for value in sums:
        assert kept & {node.op_type for node in graph.node if value in node.input}
