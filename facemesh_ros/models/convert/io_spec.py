"""What every converted file promises: its inputs, its outputs and its metadata."""

from __future__ import annotations

from collections.abc import Callable

from facemesh_ros.catalog.model_entry import Kind, ModelEntry
from facemesh_ros.errors import ConversionError
from facemesh_ros.models.convert import attention
from facemesh_ros.models.convert.translation import Translation

INPUTS = {Kind.DETECTOR: 'image', Kind.LANDMARKS: 'image', Kind.BLENDSHAPES: 'points'}

Outputs = dict[str, tuple[int, ...]]


def detector_outputs(translation: Translation, entry: ModelEntry) -> Outputs:
    """Name the outputs `regressors` (N, anchors, 16) and `classificators` (N, anchors, 1)."""
    outputs: Outputs = {}
    names = {16: 'regressors', 1: 'classificators'}
    for index in translation.source.outputs:
        shape = translation.tensor(index).shape
        if len(shape) != 3 or shape[2] not in names:
            raise ConversionError(f'{entry.name}: an output {shape} is none of a detector')
        name = names.pop(shape[2])
        outputs[name] = shape[1:]
        translation.reshaped_as_is(translation.value(index), shape, output=name)
    return outputs


def landmark_outputs(translation: Translation, entry: ModelEntry) -> Outputs:
    """Keep the original outputs and add `landmarks` (N, points, 3) and `presence` (N,)."""
    outputs = _original_outputs(translation)
    source, target = translation.source, translation.target
    mesh = translation.channels_last(source.output_index(entry.mesh_output))
    points = translation.reshaped_as_is(mesh, (1, -1, 3))
    if attention.REFINED[0] in outputs:
        points = attention.merged_landmarks(translation, points)
    target.node('Identity', points, output='landmarks')
    flag = translation.value(source.output_index(entry.flag_output))
    target.node('Reshape', target.node('Sigmoid', flag), target.integers(-1), output='presence')
    return {**outputs, 'landmarks': (entry.points, 3), 'presence': ()}


def blendshape_outputs(translation: Translation, entry: ModelEntry) -> Outputs:
    """Name the output `scores` (N, blendshapes)."""
    (index,) = translation.source.outputs
    translation.target.node('Identity', translation.value(index), output='scores')
    # The original drops its batch axis of one, the conversion keeps it.
    return {'scores': translation.tensor(index).shape}


def _original_outputs(translation: Translation) -> Outputs:
    outputs: Outputs = {}
    for index in translation.source.outputs:
        tensor = translation.tensor(index)
        outputs[tensor.name] = tensor.shape[1:]
        value = translation.channels_last(index)
        translation.reshaped_as_is(value, tensor.shape, output=tensor.name)
    return outputs


OUTPUTS: dict[Kind, Callable[[Translation, ModelEntry], Outputs]] = {
    Kind.DETECTOR: detector_outputs,
    Kind.LANDMARKS: landmark_outputs,
    Kind.BLENDSHAPES: blendshape_outputs,
}
