"""Builtin TFLite operators that are layers of a model, as ONNX nodes."""

from __future__ import annotations

import numpy as np

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.errors import ConversionError
from facemesh_ros.models.convert import nchwc_rewrites as nchwc
from facemesh_ros.models.convert.layer_normalization import LAYER_NORMALIZATION
from facemesh_ros.models.convert.sign_folding import TWO_SLOPES
from facemesh_ros.models.convert.tflite_graph import Operator
from facemesh_ros.models.convert.translation import Rule, Translation, Value

_SAME, _VALID = 0, 1


def convolution(translation: Translation, operator: Operator) -> Value:
    """CONV_2D; weights come as (out, h, w, in of a group)."""
    weights, bias = translation.constant(operator.inputs[1]), _bias(translation, operator)
    if not translation.channels_first:
        return _product(translation, operator, weights, bias)
    weights = weights.transpose(0, 3, 1, 2)
    groups = translation.tensor(operator.inputs[0]).shape[3] // weights.shape[1]
    pairs = translation.crelu(operator.inputs[0])
    if pairs and groups == 1:
        value, weights = pairs.pairs, pairs.folded(weights)
    else:
        value = translation.value(operator.inputs[0])
    if groups == 1 and _is_narrow(translation, operator):
        channels, bias = len(weights), [nchwc.both_signs(each) for each in bias]
        result = _convolution(translation, operator, value, nchwc.both_signs(weights), bias)
        return nchwc.difference(translation.target.node('Relu', result), channels)
    result = _convolution(translation, operator, value, weights, bias, groups)
    return translation.activated(result, operator.options['FusedActivationFunction'])


def depthwise_convolution(translation: Translation, operator: Operator) -> Value:
    """DEPTHWISE_CONV_2D; weights come as (1, h, w, channels)."""
    weights = translation.constant(operator.inputs[1]).transpose(3, 0, 1, 2)
    bias, function = _bias(translation, operator), operator.options['FusedActivationFunction']
    channels = translation.tensor(operator.inputs[0]).shape[3]
    pairs = translation.crelu(operator.inputs[0])
    if pairs and not function:
        value, groups = pairs.pairs, 2 * channels
        weights, bias = pairs.folded_depthwise(weights), [nchwc.bias_once(each) for each in bias]
        result = _convolution(translation, operator, value, weights, bias, groups)
        return nchwc.total(result, channels)
    value = translation.value(operator.inputs[0])
    result = _convolution(translation, operator, value, weights, bias, channels)
    return translation.activated(result, function)


def _bias(translation: Translation, operator: Operator) -> list[np.ndarray]:
    """The bias, if there is one."""
    return [translation.constant(operator.inputs[2])] if operator.has_bias else []


def _is_narrow(translation: Translation, operator: Operator) -> bool:
    """Tell whether a convolution gets the CReLU rewrite, see `nchwc_rewrites`."""
    return translation.variant is Variant.CPU and nchwc.is_narrow(translation.source, operator)


def _product(
    translation: Translation, operator: Operator, weights: np.ndarray, bias: list[np.ndarray]
) -> str:
    """A 1x1 convolution of what is no image, channels last: a product of matrices."""
    strides = operator.options['StrideH'], operator.options['StrideW']
    if weights.shape[1:3] != (1, 1) or strides != (1, 1):
        raise ConversionError('CONV_2D of what is no image is supported with 1x1 kernels only')
    target, value = translation.target, translation.value(operator.inputs[0])
    result = target.node('MatMul', value, target.constant(weights[:, 0, 0].T))
    for each in bias:
        result = target.node('Add', result, target.constant(each))
    return translation.activated(result, operator.options['FusedActivationFunction'])


def _convolution(
    translation: Translation,
    operator: Operator,
    value: str,
    weights: np.ndarray,
    bias: list[np.ndarray],
    groups: int = 1,
) -> str:
    dilations = [operator.options['DilationHFactor'], operator.options['DilationWFactor']]
    kernel = list(weights.shape[2:])
    strides, pads = _window(translation, operator, kernel, dilations)
    return translation.target.node(
        'Conv',
        value,
        *[translation.target.constant(each) for each in (weights, *bias)],
        kernel_shape=kernel,
        dilations=dilations,
        group=groups,
        strides=strides,
        pads=pads,
    )


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


def prelu(translation: Translation, operator: Operator) -> Value:
    """PRELU with one slope per channel; slopes come as (1, 1, channels)."""
    slopes = translation.constant(operator.inputs[1])
    if slopes.size != slopes.shape[-1]:
        raise ConversionError(f'PRELU with slopes {slopes.shape} is not one slope per channel')
    slopes = slopes.ravel()
    pairs = translation.crelu(operator.inputs[0])
    if pairs and pairs.are_signs:
        return pairs.with_slopes(slopes)
    value = translation.value(operator.inputs[0])
    if translation.variant is Variant.CPU:
        return nchwc.two_slopes(translation.target, value, slopes, np.ones_like(slopes))
    slope = translation.target.constant(slopes.reshape(-1, 1, 1))
    return translation.target.node('PRelu', value, slope)


def two_slopes(translation: Translation, operator: Operator) -> str:
    """PRelu with a slope above zero too, of the variant for CPUs."""
    below, above = (translation.constant(index) for index in operator.inputs[1:])
    value = translation.value(operator.inputs[0])
    return nchwc.two_slopes(translation.target, value, below, above)


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


def layer_normalization(translation: Translation, operator: Operator) -> str:
    """Layer normalisation along the last axis, of what is no image."""
    if translation.channels_first:
        raise ConversionError('layer normalisation of images is not supported')
    x, weights = operator.inputs
    return translation.target.node(
        'LayerNormalization',
        translation.value(x),
        translation.target.constant(translation.constant(weights)),
        epsilon=operator.options['epsilon'],
    )


RULES: dict[str, Rule] = {
    LAYER_NORMALIZATION: layer_normalization,
    'CONV_2D': convolution,
    'DEPTHWISE_CONV_2D': depthwise_convolution,
    'MAX_POOL_2D': max_pool,
    'PRELU': prelu,
    'RESIZE_BILINEAR': resize_bilinear,
    TWO_SLOPES: two_slopes,
}
