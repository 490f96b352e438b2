"""Finds the layer normalisation that a TFLite file spells out in ten operators.

ONNX has one operator for it: one kernel on a GPU instead of eleven, and less memory to go through
on a CPU.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from facemesh_ros.models.convert.tflite_graph import Operator, TfliteGraph

# An operator of our own: along the last axis, of x and its weights, with the option `epsilon`.
LAYER_NORMALIZATION = 'LAYER_NORMALIZATION'
# Kind, inputs and output of each step, in the order in which the converter of TFLite writes them.
_STEPS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ('MEAN', ('x', 'axes'), 'mean'),
    ('NEG', ('mean',), 'negated'),
    ('SQUARED_DIFFERENCE', ('x', 'mean'), 'squares'),
    ('MEAN', ('squares', 'axes'), 'variance'),
    ('ADD', ('variance', 'epsilon'), 'positive'),
    ('RSQRT', ('positive',), 'root'),
    ('MUL', ('root', 'weights'), 'scale'),
    ('MUL', ('x', 'scale'), 'scaled'),
    ('MUL', ('negated', 'scale'), 'shift'),
    ('ADD', ('scaled', 'shift'), 'normalized'),
)


def fuse_layer_normalization(source: TfliteGraph) -> TfliteGraph:
    """Return a graph of the same numbers with one operator for each layer normalisation."""
    operators: list[Operator] = []
    for operator in source.operators:
        operators.append(operator)
        steps = operators[-len(_STEPS) :]
        tensors = _matched(steps)
        if tensors and _is_normalization(source, steps, tensors):
            operators[-len(_STEPS) :] = [_fused(source, tensors)]
    return replace(source, operators=tuple(operators))


def _matched(steps: Sequence[Operator]) -> Mapping[str, int]:
    """Return the tensors of the steps by their names above; empty if these are other operators."""
    if [step.kind for step in steps] != [kind for kind, _, _ in _STEPS]:
        return {}
    tensors: dict[str, int] = {}
    for step, (_, inputs, output) in zip(steps, _STEPS, strict=True):
        names, indices = (*inputs, output), (*step.inputs, *step.outputs)
        if len(names) != len(indices):
            return {}
        for name, index in zip(names, indices, strict=True):
            if tensors.setdefault(name, index) != index:
                return {}
    return tensors


def _is_normalization(
    source: TfliteGraph, steps: Sequence[Operator], tensors: Mapping[str, int]
) -> bool:
    """Tell whether constants and options are as wanted, and nothing else reads what is between."""
    shape = source.tensors[tensors['x']].shape
    axes, epsilon, weights = (
        source.tensors[tensors[name]].constant for name in ('axes', 'epsilon', 'weights')
    )
    if axes is None or epsilon is None or weights is None:
        return False
    within = {step.outputs[0] for step in steps[:-1]}
    read = {i for each in source.operators if each not in steps for i in each.inputs}
    return (
        [int(axis) % len(shape) for axis in np.ravel(axes)] == [len(shape) - 1]
        and (epsilon.size, weights.shape) == (1, shape[-1:])
        and not any(step.options.get('FusedActivationFunction', 0) for step in steps)
        and all(step.options['KeepDims'] for step in steps if step.kind == 'MEAN')
        and within.isdisjoint(read | set(source.outputs))
    )


def _fused(source: TfliteGraph, tensors: Mapping[str, int]) -> Operator:
    epsilon = source.tensors[tensors['epsilon']].constant
    assert epsilon is not None
    return Operator(
        LAYER_NORMALIZATION,
        (tensors['x'], tensors['weights']),
        (tensors['normalized'],),
        {'epsilon': float(epsilon.ravel()[0])},
    )
