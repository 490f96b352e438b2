"""The attention model's custom operators and the merge of its six outputs.

The model finds the whole mesh first, cuts the lips and both eyes out of a feature map along that
mesh, and refines them. Its left and right are the picture's, not the subject's.

Source: MediaPipe `mediapipe/util/tflite/operations/*.cc` (version 2 of each operator) and
`mediapipe/modules/face_landmark/tensors_to_face_landmarks_with_attention.pbtxt`.
"""

from __future__ import annotations

import numpy as np

from facemesh_ros.models.convert import attention_regions
from facemesh_ros.models.convert.attention_sampling import transform_tensor_bilinear
from facemesh_ros.models.convert.tflite_graph import TfliteGraph
from facemesh_ros.models.convert.translation import Rule, Translation

MESH_POINTS = 468
IRIS_POINTS = 5
# The first points of an eye's refinement are the contour of the eye opening.
EYE_CONTOUR_POINTS = 16
REFINED = ('output_lips', 'output_left_eye', 'output_right_eye')
IRISES = ('output_left_iris', 'output_right_iris')


RULES: dict[str, Rule] = {
    **attention_regions.RULES,
    attention_regions.SAMPLING: transform_tensor_bilinear,
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
    while operator.kind != attention_regions.LANDMARKS:
        operator = source.producer(operator.inputs[0])
    regions = source.producer(operator.inputs[1]).options['regions']
    indices: list[int] = regions[operator.options['region']]['subset_idxs']
    return indices
