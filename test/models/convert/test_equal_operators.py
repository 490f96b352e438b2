"""What is calculated twice is calculated once, and nothing else goes."""

from __future__ import annotations

import numpy as np
import pytest
from graph_sketch import Sketch, feature_map, numbers_of

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.models.convert.equal_operators import merge_equal


def twice(differs: str):
    """Two equal pairs of layers on one map, or such that differ at the first."""
    sketch = Sketch(3)
    weights, bias = sketch.constant(4, 1, 1, 3), sketch.constant(4)
    again = sketch.constant(4, 1, 1, 3) if differs == 'weights' else weights
    sums = []
    for place, made_of in enumerate((weights, again)):
        activation = 1 if differs == 'options' and place else 0
        window = {
            **dict.fromkeys(('StrideH', 'StrideW', 'DilationHFactor', 'DilationWFactor'), 1),
            'Padding': 0,
            'FusedActivationFunction': activation,
        }
        value = sketch.operator('CONV_2D', 0, made_of, bias, shape=(1, 8, 9, 4), **window)
        sums.append(sketch.operator('RELU', value, shape=(1, 8, 9, 4)))
    total = sketch.operator('ADD', *sums, shape=(1, 8, 9, 4), FusedActivationFunction=0)
    return sketch.graph(*sums, total) if differs == 'outputs' else sketch.graph(total)


@pytest.mark.parametrize(
    ('differs', 'count'), [('', 3), ('weights', 5), ('options', 5), ('outputs', 4)]
)
def test_equal_operators_are_merged(differs, count) -> None:
    graph = twice(differs)
    merged = merge_equal(graph)
    assert len(merged.operators) == count
    for wanted, got in zip(
        numbers_of(graph, Variant.PLAIN, feature_map(0)),
        numbers_of(merged, Variant.PLAIN, feature_map(0)),
        strict=True,
    ):
        np.testing.assert_array_equal(got, wanted)
