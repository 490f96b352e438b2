"""Leaves out biases of convolutions that need not be added.

ONNX Runtime adds a bias on CUDA by a kernel of its own, which takes as long as a small layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.models.convert.tflite_graph import CONVOLUTIONS, Operator, Tensor, TfliteGraph


def fold_biases(source: TfliteGraph) -> TfliteGraph:
    """Return a graph of the same numbers with fewer biases.

    A bias of zeros is dropped. That of a depthwise convolution goes into the bias of the 1x1
    convolution behind it, if nothing else reads its result: a 1x1 kernel has no padding, so a bias
    b adds W b to each of its pixels. Only the order in which sums are rounded changes.
    """
    tensors, operators = list(source.tensors), list(source.operators)
    for place, operator in enumerate(operators):
        bias = _bias(tensors, operator)
        if bias is None:
            continue
        if bias.any():
            behind = _pointwise_behind(source, operators, operator)
            if behind is None:
                continue
            operators[behind] = _with_more_bias(tensors, operators[behind], bias)
        operators[place] = replace(operator, inputs=operator.inputs[:2])
    return replace(source, tensors=tuple(tensors), operators=tuple(operators))


def _bias(tensors: Sequence[Tensor], operator: Operator) -> NDArray[Any] | None:
    if operator.kind not in CONVOLUTIONS or not operator.has_bias:
        return None
    return tensors[operator.inputs[2]].constant


def _pointwise_behind(
    source: TfliteGraph, operators: Sequence[Operator], operator: Operator
) -> int | None:
    """Return the place of a 1x1 convolution that alone reads what a depthwise one returns."""
    (output,) = operator.outputs
    readers = [place for place, each in enumerate(operators) if output in each.inputs]
    if (
        operator.kind != 'DEPTHWISE_CONV_2D'
        or operator.options['FusedActivationFunction']
        or output in source.outputs
        or [operators[place].kind for place in readers] != ['CONV_2D']
    ):
        return None
    weights = source.tensors[operators[readers[0]].inputs[1]]
    channels = source.tensors[output].shape[3]
    return readers[0] if weights.shape[1:] == (1, 1, channels) else None


def _with_more_bias(tensors: list[Tensor], operator: Operator, bias: NDArray[Any]) -> Operator:
    """Return a 1x1 convolution of what has lost its bias; adds the new bias to `tensors`."""
    weights = tensors[operator.inputs[1]]
    assert weights.constant is not None
    moved = weights.constant[:, 0, 0].astype(np.float64) @ bias
    own = _bias(tensors, operator)
    whole = (moved if own is None else moved + own).astype(np.float32)
    tensors.append(Tensor(f'{weights.name}_bias', whole.shape, whole))
    return replace(operator, inputs=(*operator.inputs[:2], len(tensors) - 1))
