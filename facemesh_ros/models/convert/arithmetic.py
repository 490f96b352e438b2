"""Builtin TFLite operators that calculate elementwise or along an axis, as ONNX nodes."""

from __future__ import annotations

from functools import partial

import numpy as np

from facemesh_ros.errors import ConversionError
from facemesh_ros.models.convert.tflite_graph import Operator
from facemesh_ros.models.convert.translation import Rule, Translation


def _unary(translation: Translation, operator: Operator, *, kind: str) -> str:
    return translation.target.node(kind, translation.value(operator.inputs[0]))


def _binary(translation: Translation, operator: Operator, *, kind: str) -> str:
    rank = len(translation.tensor(operator.outputs[0]).shape)
    operands = [translation.operand(index, rank) for index in operator.inputs]
    result = translation.target.node(kind, *operands)
    return translation.activated(result, operator.options.get('FusedActivationFunction', 0))


def squared_difference(translation: Translation, operator: Operator) -> str:
    """SQUARED_DIFFERENCE."""
    difference = _binary(translation, operator, kind='Sub')
    return translation.target.node('Mul', difference, difference)


def reciprocal_root(translation: Translation, operator: Operator) -> str:
    """RSQRT."""
    return translation.target.node('Reciprocal', _unary(translation, operator, kind='Sqrt'))


def mean(translation: Translation, operator: Operator) -> str:
    """MEAN along axes that stay, with length one."""
    value, axes = translation.value(operator.inputs[0]), _reduced_axes(translation, operator)
    return translation.target.node('ReduceMean', value, axes=axes, keepdims=1)


def total(translation: Translation, operator: Operator) -> str:
    """SUM along axes that stay, with length one."""
    value, axes = translation.value(operator.inputs[0]), _reduced_axes(translation, operator)
    return translation.target.node(
        'ReduceSum', value, translation.target.integers(*axes), keepdims=1
    )


def _reduced_axes(translation: Translation, operator: Operator) -> list[int]:
    rank = len(translation.tensor(operator.inputs[0]).shape)
    axes = [int(axis) % rank for axis in np.ravel(translation.constant(operator.inputs[1]))]
    if not operator.options['KeepDims'] or 0 in axes:
        raise ConversionError(f'{operator.kind} over axes {axes} is not supported')
    return [translation.axis(axis, rank) for axis in axes]


RULES: dict[str, Rule] = {
    'ADD': partial(_binary, kind='Add'),
    'DIV': partial(_binary, kind='Div'),
    'LOGISTIC': partial(_unary, kind='Sigmoid'),
    'MEAN': mean,
    'MUL': partial(_binary, kind='Mul'),
    'NEG': partial(_unary, kind='Neg'),
    'RELU': partial(_unary, kind='Relu'),
    'RSQRT': reciprocal_root,
    'SQRT': partial(_unary, kind='Sqrt'),
    'SQUARED_DIFFERENCE': squared_difference,
    'SUB': partial(_binary, kind='Sub'),
    'SUM': total,
}
