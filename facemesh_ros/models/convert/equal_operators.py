"""Leaves out operators that calculate again what another one has calculated."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from facemesh_ros.models.convert.tflite_graph import Operator, TfliteGraph


def merge_equal(source: TfliteGraph) -> TfliteGraph:
    """Return a graph of the same outputs without operators that repeat another one."""
    first: dict[Hashable, int] = {}
    same: dict[int, int] = {}
    operators: list[Operator] = []
    for operator in source.operators:
        operator = replace(operator, inputs=tuple(same.get(it, it) for it in operator.inputs))
        (output,) = operator.outputs
        known = first.setdefault(_description(source, operator), output)
        if known == output or output in source.outputs:
            operators.append(operator)
        else:
            same[output] = known
    return replace(source, operators=tuple(operators))


def _description(source: TfliteGraph, operator: Operator) -> Hashable:
    """Return what two operators with the same result have in common."""
    options = tuple(sorted((name, str(value)) for name, value in operator.options.items()))
    return operator.kind, options, tuple(_content(source, it) for it in operator.inputs)


def _content(source: TfliteGraph, tensor: int) -> Hashable:
    constant = source.tensors[tensor].constant if tensor >= 0 else None
    return tensor if constant is None else (constant.shape, constant.tobytes())
