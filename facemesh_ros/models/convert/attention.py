"""The attention model's custom operators and the merge of its six outputs.

The model finds the whole mesh first, cuts the lips and both eyes out of a feature map along that
mesh, and refines them. Its left and right are the picture's, not the subject's.

Source: MediaPipe `mediapipe/util/tflite/operations/*.cc` (version 2 of each operator) and
`mediapipe/modules/face_landmark/tensors_to_face_landmarks_with_attention.pbtxt`.
"""

from __future__ import annotations

import numpy as np

from facemesh_ros.errors import ConversionError
from facemesh_ros.models.convert.attention_sampling import transform_tensor_bilinear, transformed
from facemesh_ros.models.convert.tflite_graph import Operator, TfliteGraph
from facemesh_ros.models.convert.translation import Rule, Translation

MESH_POINTS = 468
IRIS_POINTS = 5
# The first points of an eye's refinement are the contour of the eye opening.
EYE_CONTOUR_POINTS = 16
REFINED = ('output_lips', 'output_left_eye', 'output_right_eye')
IRISES = ('output_left_iris', 'output_right_iris')


def landmarks_to_transform_matrix(translation: Translation, operator: Operator) -> str:
    """Matrix from the small crop around some landmarks to the feature map, (N, 4, 4).

    The crop is turned so that the line between two landmarks is level; atan2 is not needed, the
    line's direction gives sine and cosine.
    """
    target, options = translation.target, operator.options
    if options['target_rotation_radians'] != 0:
        raise ConversionError('Landmarks2TransformMatrix: only an upright target is supported')
    points = target.slice(translation.value(operator.inputs[0]), 2, 0, 2)
    rotation = _rotation(translation, points, operator)
    subset = target.node('Gather', points, target.integers(*options['subset_idxs']), axis=1)
    level = target.node('MatMul', subset, rotation)
    low = target.node('ReduceMin', level, axes=[1], keepdims=1)
    high = target.node('ReduceMax', level, axes=[1], keepdims=1)

    output_wh = np.array([options['output_width'], options['output_height']], np.float32)
    growth = np.array([options['scale_x'], options['scale_y']], np.float32)
    size = target.node('Sub', high, low)
    scale = target.node('Mul', size, target.constant(growth / output_wh))
    middle = target.node('Mul', target.node('Add', high, low), target.floats(0.5))
    corner = target.node('Sub', middle, target.node('Mul', size, target.constant(growth / 2)))
    # Columns of the affine matrix: rotation scaled per axis, and the rotated corner.
    corner = target.node('Transpose', corner, perm=(0, 2, 1))
    linear = target.node('Mul', rotation, scale)
    shift = target.node('MatMul', rotation, corner)
    affine = target.node('Concat', linear, shift, axis=2)
    placed = target.node('MatMul', affine, target.constant(np.eye(4, dtype=np.float32)[[0, 1, 3]]))
    below = target.node('Pad', placed, target.integers(0, 0, 0, 0, 2, 0))
    rest = np.diag(np.array([0, 0, 1, 1], np.float32))
    return target.node('Add', below, target.constant(rest))


def _rotation(translation: Translation, points: str, operator: Operator) -> str:
    """Rotation matrix (N, 2, 2) [[cos, -sin], [sin, cos]] of the line between two landmarks."""
    target, options = translation.target, operator.options
    ends = (options['left_rotation_idx'], options['right_rotation_idx'])
    left, right = (target.node('Gather', points, target.integers(i), axis=1) for i in ends)
    line = target.node('Sub', right, left)
    length = target.node('ReduceL2', line, axes=[2], keepdims=1)
    # Two landmarks on one point have no direction; atan2(0, 0) = 0 makes that level.
    zero = target.node('Equal', length, target.floats(0))
    direction = target.node('Where', zero, target.floats(1, 0), target.node('Div', line, length))
    turned = target.node('MatMul', direction, target.constant(_QUARTER_TURN))
    columns = target.node('Concat', direction, turned, axis=1)
    return target.node('Transpose', columns, perm=(0, 2, 1))


_QUARTER_TURN = np.array([[0, 1], [-1, 0]], np.float32)


def transform_landmarks(translation: Translation, operator: Operator) -> str:
    """Landmarks (N, points, 2) through the matrix."""
    if translation.tensor(operator.inputs[0]).shape[2] != 2:
        raise ConversionError('TransformLandmarks: only flat landmarks are supported')
    return transformed(translation, translation.value(operator.inputs[0]), operator.inputs[1])


RULES: dict[str, Rule] = {
    'Landmarks2TransformMatrix': landmarks_to_transform_matrix,
    'TransformTensorBilinear': transform_tensor_bilinear,
    'TransformLandmarks': transform_landmarks,
}


def merged_landmarks(translation: Translation, mesh: str) -> str:
    """Return 478 landmarks: the mesh (N, 468, 3) with lips, eyes and irises put in.

    Lips and eyes replace x and y only; an iris takes the mean z of its eye's opening.
    """
    target, source = translation.target, translation.source
    chosen = np.arange(MESH_POINTS + 2 * IRIS_POINTS)
    flat = [target.slice(mesh, 2, 0, 2)]
    depths = [target.slice(mesh, 2, 2, 3)]
    offset = MESH_POINTS
    for name in REFINED:
        indices = _refined_indices(source, name)
        flat.append(_flat_points(translation, name))
        chosen[indices] = offset + np.arange(len(indices))
        offset += len(indices)
        if name != 'output_lips':
            contour = target.integers(*indices[:EYE_CONTOUR_POINTS])
            eye = target.node('Gather', depths[0], contour, axis=1)
            depths.append(target.node('ReduceMean', eye, axes=[1], keepdims=1))
    flat += [_flat_points(translation, name) for name in IRISES]
    chosen[MESH_POINTS:] = offset + np.arange(2 * IRIS_POINTS)
    depth_of = [*range(MESH_POINTS), *np.repeat([MESH_POINTS, MESH_POINTS + 1], IRIS_POINTS)]

    xy = target.node('Concat', *flat, axis=1)
    xy = target.node('Gather', xy, target.integers(*chosen), axis=1)
    z = target.node('Concat', *depths, axis=1)
    z = target.node('Gather', z, target.integers(*depth_of), axis=1)
    return target.node('Concat', xy, z, axis=2)


def _flat_points(translation: Translation, name: str) -> str:
    index = translation.source.output_index(name)
    return translation.reshaped_as_is(translation.channels_last(index), (1, -1, 2))


def _refined_indices(source: TfliteGraph, name: str) -> list[int]:
    """Mesh indices of a refinement: those whose box the refined crop was cut around."""
    operator = source.producer(source.output_index(name))
    while operator.kind != 'Landmarks2TransformMatrix':
        through = 1 if operator.kind == 'TransformLandmarks' else 0
        operator = source.producer(operator.inputs[through])
    indices: list[int] = operator.options['subset_idxs']
    return indices
