"""The crops around lips and eyes of the attention model, all of them calculated at once.

The model has a Landmarks2TransformMatrix for each crop. Written one by one, they and what reads
them are 170 nodes of a few numbers each, of which each takes a microsecond of a CPU and the start
of a kernel on a GPU. `fuse_regions` makes one operator of them, LANDMARK_REGIONS.

Source: MediaPipe `mediapipe/util/tflite/operations/landmarks_to_transform_matrix.cc` and
`transform_landmarks.cc` (version 2 of each operator).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.errors import ConversionError
from facemesh_ros.models.convert.tflite_graph import Operator, Tensor, TfliteGraph
from facemesh_ros.models.convert.translation import Rule, Translation

MATRIX, SAMPLING, LANDMARKS = (
    'Landmarks2TransformMatrix',
    'TransformTensorBilinear',
    'TransformLandmarks',
)
# An operator of our own: landmarks (N, points, 3) to the affine matrices (N, regions, 3, 2) from
# each crop to the feature map; rows (x, y, 1) times a matrix are points of the map.
REGIONS = 'LANDMARK_REGIONS'


def fuse_regions(source: TfliteGraph) -> TfliteGraph:
    """Return a graph of the same numbers that calculates the matrices of all crops at once.

    Raises:
        ConversionError: If anything but points and samples goes through the matrices.
    """
    makers = [each for each in source.operators if each.kind == MATRIX]
    if not makers:
        return source
    if len({maker.inputs for maker in makers}) != 1:
        raise ConversionError(f'{MATRIX}: only crops along the same landmarks are supported')
    stacked = len(source.tensors)
    shape = (1, len(makers), 3, 2)
    regions = Operator(
        REGIONS, makers[0].inputs, (stacked,), {'regions': tuple(each.options for each in makers)}
    )
    places = {maker.outputs[0]: place for place, maker in enumerate(makers)}
    shifts = dict.fromkeys(places, 1.0)
    operators: list[Operator] = []
    for operator in source.operators:
        read = [tensor for tensor in operator.inputs if tensor in places]
        if operator is makers[0]:
            operators.append(regions)
        elif operator.kind == 'MUL' and read:
            (output,) = operator.outputs
            places[output], shifts[output] = places[read[0]], _shift_of(source, operator)
        elif operator.kind in (SAMPLING, LANDMARKS):
            if operator.kind == SAMPLING:
                options = {**operator.options, 'regions': tuple(places[it] for it in read)}
            else:
                (matrix,) = read
                options = {'region': places[matrix], 'shift': shifts[matrix]}
            inputs = operator.inputs[0], stacked
            operators.append(replace(operator, inputs=inputs, options=options))
        elif read:
            raise ConversionError(f'{operator.kind} of a matrix is not supported')
        elif operator.kind != MATRIX:
            operators.append(operator)
    tensors = (*source.tensors, Tensor('regions', shape, None))
    return replace(source, tensors=tensors, operators=tuple(operators))


def _shift_of(source: TfliteGraph, operator: Operator) -> float:
    """Return by what a product multiplies the shift of a matrix (1, 4, 4), the rest being kept."""
    constants = [source.tensors[it].constant for it in operator.inputs]
    (factors,) = (each for each in constants if each is not None)
    block: NDArray[Any] = factors.reshape(4, 4)[:2]
    if (block[:, :2] != 1).any() or block[0, 3] != block[1, 3]:
        raise ConversionError('MUL of a matrix is supported for its shift only')
    return float(block[0, 3])


def landmark_regions(translation: Translation, operator: Operator) -> str:
    """Matrices from the small crops around some landmarks to the feature map, (N, regions, 3, 2).

    A crop is turned so that the line between two landmarks is level; atan2 is not needed, the
    line's direction gives sine and cosine.
    """
    target, regions = translation.target, operator.options['regions']
    if any(each['target_rotation_radians'] != 0 for each in regions):
        raise ConversionError(f'{MATRIX}: only an upright target is supported')
    points = target.slice(translation.value(operator.inputs[0]), 2, 0, 2)
    turned_back = _rotations(translation, points, regions)
    rotations = target.node('Transpose', turned_back, perm=(0, 1, 3, 2))
    chosen = target.node('Gather', points, target.constant(_subsets(regions)), axis=1)
    level = target.node('MatMul', chosen, rotations)
    low = target.node('ReduceMin', level, axes=[2], keepdims=1)
    high = target.node('ReduceMax', level, axes=[2], keepdims=1)

    output_wh = _per_region(regions, 'output_width', 'output_height')
    growth = _per_region(regions, 'scale_x', 'scale_y')
    scale = target.node('Mul', target.node('Sub', high, low), target.constant(growth / output_wh))
    scale = target.node('Reshape', scale, target.integers(0, len(regions), 2, 1))
    # The corner of the box that is grown from the middle between low and high.
    corner = target.node(
        'Add',
        target.node('Mul', low, target.constant((1 + growth) / 2)),
        target.node('Mul', high, target.constant((1 - growth) / 2)),
    )
    linear = target.node('Mul', turned_back, scale)
    shift = target.node('MatMul', corner, turned_back)
    return target.node('Concat', linear, shift, axis=2)


def _rotations(translation: Translation, points: str, regions: Sequence[Mapping[str, Any]]) -> str:
    """Rotation matrices (N, regions, 2, 2) [[cos, sin], [-sin, cos]] of lines of landmarks."""
    target = translation.target
    left, right = (
        target.node('Gather', points, target.integers(*(each[end] for each in regions)), axis=1)
        for end in ('left_rotation_idx', 'right_rotation_idx')
    )
    line = target.node('Sub', right, left)
    length = target.node('ReduceL2', line, axes=[2], keepdims=1)
    # Two landmarks on one point have no direction; atan2(0, 0) = 0 makes that level.
    zero = target.node('Equal', length, target.floats(0))
    direction = target.node('Where', zero, target.floats(1, 0), target.node('Div', line, length))
    numbers = target.node('MatMul', direction, target.constant(_ROTATION))
    return target.node('Reshape', numbers, target.integers(0, len(regions), 2, 2))


# Cosine and sine to the four numbers of a matrix.
_ROTATION = np.array([[1, 0, 0, 1], [0, 1, -1, 0]], np.float32)


def _subsets(regions: Sequence[Mapping[str, Any]]) -> NDArray[np.int64]:
    """Indices (regions, most) of the landmarks of each; the last one again where they are few."""
    lists = [list(each['subset_idxs']) for each in regions]
    most = max(len(each) for each in lists)
    return np.array([[*each, *each[-1:] * (most - len(each))] for each in lists], np.int64)


def _per_region(regions: Sequence[Mapping[str, Any]], x: str, y: str) -> NDArray[np.float32]:
    return np.array([[[each[x], each[y]]] for each in regions], np.float32)


def transform_landmarks(translation: Translation, operator: Operator) -> str:
    """Landmarks (N, points, 2) of a crop to the feature map."""
    if translation.tensor(operator.inputs[0]).shape[2] != 2:
        raise ConversionError(f'{LANDMARKS}: only flat landmarks are supported')
    target, options = translation.target, operator.options
    place = target.constant(np.array(options['region'], np.int64))
    matrix = target.node('Gather', translation.value(operator.inputs[1]), place, axis=1)
    points, ends = translation.value(operator.inputs[0]), target.integers(0, 0, 0, 0, 0, 1)
    shift = target.constant(np.array(options['shift'], np.float32))
    return target.node('MatMul', target.node('Pad', points, ends, shift), matrix)


RULES: dict[str, Rule] = {REGIONS: landmark_regions, LANDMARKS: transform_landmarks}
