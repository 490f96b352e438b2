"""Fusion of equal branches into grouped layers: the same numbers from fewer operators."""

from __future__ import annotations

from collections import Counter

import onnx
import pytest
from graph_sketch import LAYERS, Sketch, assert_same_numbers
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.catalog.model_entry import Kind, Variant
from facemesh_ros.catalog.models import ATTENTION, CATALOG
from facemesh_ros.models.convert.attention_regions import SAMPLING
from facemesh_ros.models.convert.grouped_conv_fusion import fuse_branches
from facemesh_ros.models.convert.tflite_graph import read_tflite
from facemesh_ros.models.convert.tflite_to_onnx import onnx_from_tflite

FUSED = [each for each in LAYERS if each != 'RELU']


@given(
    st.integers(2, 4),
    st.lists(st.sampled_from(FUSED), max_size=6),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
@settings(deadline=None)
def test_branches_of_any_layers_keep_their_numbers(count, kinds, fork, seed):
    sketch = Sketch(seed)
    branches = [sketch.sampled(sketch.crop()) for _ in range(count)]
    if fork:  # the last one goes two ways from here, as eyes do for their irises
        branches.append(branches[-1])
    skipped = list(branches)
    for kind in kinds:
        before = list(branches)
        branches = [sketch.layer(kind, *pair) for pair in zip(branches, skipped, strict=True)]
        skipped = before
    graph = sketch.graph(*branches)
    merged = fuse_branches(graph)
    assert_same_numbers(graph, merged, seed)
    made_of = Counter(operator.kind for operator in merged.operators)
    assert made_of[SAMPLING] == 1


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
