"""Builtin TFLite operators that change shape or order only, as ONNX nodes; batch axis kept."""

from __future__ import annotations

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.errors import ConversionError
from facemesh_ros.models.convert.grouped_conv_fusion import CHANNELS
from facemesh_ros.models.convert.nchwc_rewrites import padded_channels
from facemesh_ros.models.convert.tflite_graph import Operator
from facemesh_ros.models.convert.translation import Rule, Translation


def pad(translation: Translation, operator: Operator) -> str:
    """PAD with zeros; paddings come as (axes, 2)."""
    paddings = translation.constant(operator.inputs[1])
    if paddings[0].any():
        raise ConversionError('padding of the batch axis is not supported')
    value = translation.value(operator.inputs[0])
    if len(paddings) == 4:
        if translation.variant is Variant.CPU and not paddings[1:3].any():
            channels = translation.tensor(operator.inputs[0]).shape[3]
            return padded_channels(translation.target, value, channels, *paddings[3])
        paddings = paddings[[0, 3, 1, 2]]
    return translation.target.node('Pad', value, translation.target.integers(*paddings.T.ravel()))


def concatenation(translation: Translation, operator: Operator) -> str:
    """CONCATENATION."""
    rank = len(translation.tensor(operator.outputs[0]).shape)
    axis = translation.axis(operator.options['Axis'] % rank, rank)
    if axis == 0:
        raise ConversionError('CONCATENATION along the batch axis is not supported')
    computed = [i for i in operator.inputs if translation.tensor(i).constant is None]
    values = [
        translation.value(index)
        if index in computed
        else _repeated(translation, translation.operand(index, rank), rank, computed[0])
        for index in operator.inputs
    ]
    result = translation.target.node('Concat', *values, axis=axis)
    return translation.activated(result, operator.options['FusedActivationFunction'])


def _repeated(translation: Translation, constant: str, rank: int, like: int) -> str:
    """Give a constant the batch axis of a computed tensor."""
    target = translation.target
    batch = target.node('Shape', translation.value(like), start=0, end=1)
    shape = target.node('Concat', batch, target.integers(*[1] * (rank - 1)), axis=0)
    return target.node('Expand', constant, shape)


def reshape(translation: Translation, operator: Operator) -> str:
    """RESHAPE of everything behind the batch axis."""
    before = translation.tensor(operator.inputs[0]).shape
    after = translation.tensor(operator.outputs[0]).shape
    if before[0] != 1 or after[0] != 1:
        raise ConversionError(f'reshaping {before} to {after} would mix the batch axis')
    return translation.reshaped(translation.channels_last(operator.inputs[0]), after)


def strided_slice(translation: Translation, operator: Operator) -> str:
    """STRIDED_SLICE with steps of one; a dropped batch axis of one is kept."""
    value, shape = (
        translation.value(operator.inputs[0]),
        translation.tensor(operator.inputs[0]).shape,
    )
    begins, ends, steps = (translation.constant(index) for index in operator.inputs[1:4])
    options = operator.options
    if (steps != 1).any() or options['EllipsisMask'] or options['NewAxisMask']:
        raise ConversionError('STRIDED_SLICE is supported with steps of one only')
    if options['ShrinkAxisMask'] not in (0, 1):
        raise ConversionError('STRIDED_SLICE may drop no axis but the first')
    for axis, size in enumerate(shape):
        begin = 0 if options['BeginMask'] >> axis & 1 else int(begins[axis])
        end = size if options['EndMask'] >> axis & 1 else int(ends[axis])
        begin, end, _ = slice(begin, end).indices(size)
        if (begin, end) == (0, size):
            continue
        if axis == 0:
            raise ConversionError('slicing the batch axis is not supported')
        value = translation.target.slice(value, translation.axis(axis, len(shape)), begin, end)
    return value


def transpose(translation: Translation, operator: Operator) -> str:
    """TRANSPOSE of everything behind the batch axis."""
    order = [int(axis) for axis in translation.constant(operator.inputs[1])]
    if order[0] != 0:
        raise ConversionError('moving the batch axis is not supported')
    rank = len(order)
    permutation = [0] * rank
    for after, before in enumerate(order):
        permutation[translation.axis(after, rank)] = translation.axis(before, rank)
    value = translation.value(operator.inputs[0])
    return translation.target.node('Transpose', value, perm=permutation)


def depth_to_space(translation: Translation, operator: Operator) -> str:
    """DEPTH_TO_SPACE; both formats lay a block's pixels before its channels."""
    return translation.target.node(
        'DepthToSpace',
        translation.value(operator.inputs[0]),
        blocksize=operator.options['BlockSize'],
        mode='DCR',
    )


def channels(translation: Translation, operator: Operator) -> str:
    """Some channels of an image."""
    options = operator.options
    value = translation.value(operator.inputs[0])
    return translation.target.slice(value, 1, options['begin'], options['end'])


RULES: dict[str, Rule] = {
    CHANNELS: channels,
    'CONCATENATION': concatenation,
    'DEPTH_TO_SPACE': depth_to_space,
    'PAD': pad,
    'RESHAPE': reshape,
    'STRIDED_SLICE': strided_slice,
    'TRANSPOSE': transpose,
}
