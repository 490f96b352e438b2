"""Builtin TFLite operators that are layers of a network as ONNX nodes."""

from __future__ import annotations

import numpy as np

from facemesh_ros.models.convert import blocked
from facemesh_ros.models.convert.tflite_graph import Operator
from facemesh_ros.models.convert.translation import Rule, Translation
from facemesh_ros.models.errors import ConversionError
from facemesh_ros.models.flavour import Flavour

_SAME, _VALID = 0, 1


def convolution(translation: Translation, operator: Operator) -> str:
    """CONV_2D; weights come as (out, h, w, in of a group)."""
    weights = translation.constant(operator.inputs[1]).transpose(0, 3, 1, 2)
    groups = translation.tensor(operator.inputs[0]).shape[3] // weights.shape[1]
    return _convolution(translation, operator, weights, groups)


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


def resize_bilinear(translation: Translation, operator: Operator) -> str:
    """RESIZE_BILINEAR with pixel centres at halves."""
    if operator.options['AlignCorners'] or not operator.options['HalfPixelCenters']:
        raise ConversionError('RESIZE_BILINEAR is supported with half-pixel centres only')
    before = translation.tensor(operator.inputs[0]).shape[1:3]
    after = translation.tensor(operator.outputs[0]).shape[1:3]
    height, width = (new / old for new, old in zip(after, before, strict=True))
    return translation.target.node(
        'Resize',
        translation.value(operator.inputs[0]),
        '',
        translation.target.floats(1, 1, height, width),
        mode='linear',
        coordinate_transformation_mode='half_pixel',
    )


RULES: dict[str, Rule] = {
    'CONV_2D': convolution,
    'DEPTHWISE_CONV_2D': depthwise_convolution,
    'MAX_POOL_2D': max_pool,
    'PRELU': prelu,
    'RELU': relu,
    'RESIZE_BILINEAR': resize_bilinear,
}
