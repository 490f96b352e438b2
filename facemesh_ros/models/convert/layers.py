"""Builtin TFLite operators as ONNX nodes."""

from __future__ import annotations

import numpy as np

from facemesh_ros.models.convert import blocked
from facemesh_ros.models.convert.tflite_graph import Operator
from facemesh_ros.models.convert.translation import Rule, Translation
from facemesh_ros.models.errors import ConversionError
from facemesh_ros.models.flavour import Flavour

_SAME, _VALID = 0, 1


def convolution(translation: Translation, operator: Operator) -> str:
    """CONV_2D; weights come as (out, h, w, in)."""
    weights = translation.constant(operator.inputs[1]).transpose(0, 3, 1, 2)
    return _convolution(translation, operator, weights, groups=1)


def depthwise_convolution(translation: Translation, operator: Operator) -> str:
    """DEPTHWISE_CONV_2D; weights come as (1, h, w, channels)."""
    weights = translation.constant(operator.inputs[1]).transpose(3, 0, 1, 2)
    channels = translation.tensor(operator.inputs[0]).shape[3]
    return _convolution(translation, operator, weights, groups=channels)


def _convolution(
    translation: Translation, operator: Operator, weights: np.ndarray, groups: int
) -> str:
    inputs = [translation.value(operator.inputs[0]), translation.target.constant(weights)]
    if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        inputs.append(translation.target.constant(translation.constant(operator.inputs[2])))
    dilations = [operator.options['DilationHFactor'], operator.options['DilationWFactor']]
    kernel = list(weights.shape[2:])
    strides, pads = _window(translation, operator, kernel, dilations)
    result = translation.target.node(
        'Conv',
        *inputs,
        kernel_shape=kernel,
        dilations=dilations,
        group=groups,
        strides=strides,
        pads=pads,
    )
    return translation.activated(result, operator.options['FusedActivationFunction'])


def max_pool(translation: Translation, operator: Operator) -> str:
    """MAX_POOL_2D."""
    kernel = [operator.options['FilterHeight'], operator.options['FilterWidth']]
    strides, pads = _window(translation, operator, kernel, [1, 1])
    value = translation.value(operator.inputs[0])
    result = translation.target.node(
        'MaxPool', value, kernel_shape=kernel, strides=strides, pads=pads
    )
    return translation.activated(result, operator.options['FusedActivationFunction'])


def _window(
    translation: Translation, operator: Operator, kernel: list[int], dilations: list[int]
) -> tuple[list[int], list[int]]:
    """Strides and explicit padding; TFLite puts the odd pixel of SAME at the end."""
    strides = [operator.options['StrideH'], operator.options['StrideW']]
    before, after = [0, 0], [0, 0]
    if operator.options['Padding'] == _SAME:
        sizes = translation.tensor(operator.inputs[0]).shape[1:3]
        for axis, size in enumerate(sizes):
            reach = (kernel[axis] - 1) * dilations[axis] + 1
            missing = max((-(-size // strides[axis]) - 1) * strides[axis] + reach - size, 0)
            before[axis], after[axis] = missing // 2, missing - missing // 2
    elif operator.options['Padding'] != _VALID:
        raise ConversionError(f'padding {operator.options["Padding"]} is not supported')
    return strides, before + after


def add(translation: Translation, operator: Operator) -> str:
    """ADD."""
    return _elementwise(translation, operator, 'Add')


def multiply(translation: Translation, operator: Operator) -> str:
    """MUL."""
    return _elementwise(translation, operator, 'Mul')


def _elementwise(translation: Translation, operator: Operator, kind: str) -> str:
    rank = len(translation.tensor(operator.outputs[0]).shape)
    operands = [translation.operand(index, rank) for index in operator.inputs]
    result = translation.target.node(kind, *operands)
    return translation.activated(result, operator.options.get('FusedActivationFunction', 0))


def prelu(translation: Translation, operator: Operator) -> str:
    """PRELU with one slope per channel; slopes come as (1, 1, channels)."""
    slopes = translation.constant(operator.inputs[1])
    if slopes.size != slopes.shape[-1]:
        raise ConversionError(f'PRELU with slopes {slopes.shape} is not one slope per channel')
    slopes = slopes.ravel()
    value = translation.value(operator.inputs[0])
    if translation.flavour is Flavour.CPU:
        return blocked.prelu(translation.target, value, slopes)
    slope = translation.target.constant(slopes.reshape(-1, 1, 1))
    return translation.target.node('PRelu', value, slope)


def relu(translation: Translation, operator: Operator) -> str:
    """RELU."""
    return translation.target.node('Relu', translation.value(operator.inputs[0]))


def logistic(translation: Translation, operator: Operator) -> str:
    """LOGISTIC."""
    return translation.target.node('Sigmoid', translation.value(operator.inputs[0]))


def pad(translation: Translation, operator: Operator) -> str:
    """PAD with zeros; paddings come as (axes, 2)."""
    paddings = translation.constant(operator.inputs[1])
    if paddings[0].any():
        raise ConversionError('padding of the batch axis is not supported')
    value = translation.value(operator.inputs[0])
    if len(paddings) == 4:
        if translation.flavour is Flavour.CPU and not paddings[1:3].any():
            channels = translation.tensor(operator.inputs[0]).shape[3]
            return blocked.padded_channels(translation.target, value, channels, *paddings[3])
        paddings = paddings[[0, 3, 1, 2]]
    return translation.target.node('Pad', value, translation.target.integers(*paddings.T.ravel()))


def concatenation(translation: Translation, operator: Operator) -> str:
    """CONCATENATION."""
    rank = len(translation.tensor(operator.outputs[0]).shape)
    axis = operator.options['Axis'] % rank
    if rank == 4:
        axis = (0, 2, 3, 1)[axis]
    values = [translation.value(index) for index in operator.inputs]
    result = translation.target.node('Concat', *values, axis=axis)
    return translation.activated(result, operator.options['FusedActivationFunction'])


def reshape(translation: Translation, operator: Operator) -> str:
    """RESHAPE of everything behind the batch axis."""
    before = translation.tensor(operator.inputs[0]).shape
    after = translation.tensor(operator.outputs[0]).shape
    if before[0] != 1 or after[0] != 1:
        raise ConversionError(f'reshaping {before} to {after} would mix the batch axis')
    return translation.reshaped(translation.channels_last(operator.inputs[0]), after)


def strided_slice(translation: Translation, operator: Operator) -> str:
    """STRIDED_SLICE, only where it keeps everything (as at the end of the attention model)."""
    before = translation.tensor(operator.inputs[0]).shape
    after = translation.tensor(operator.outputs[0]).shape
    if before != after or (translation.constant(operator.inputs[3]) != 1).any():
        raise ConversionError(f'slicing {before} to {after} is not supported')
    return translation.value(operator.inputs[0])


RULES: dict[str, Rule] = {
    'ADD': add,
    'CONCATENATION': concatenation,
    'CONV_2D': convolution,
    'DEPTHWISE_CONV_2D': depthwise_convolution,
    'LOGISTIC': logistic,
    'MAX_POOL_2D': max_pool,
    'MUL': multiply,
    'PAD': pad,
    'PRELU': prelu,
    'RELU': relu,
    'RESHAPE': reshape,
    'STRIDED_SLICE': strided_slice,
}
