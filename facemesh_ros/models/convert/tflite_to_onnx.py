"""Converts a TFLite face model to ONNX, numbers unchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from facemesh_ros.catalog.model_entry import Kind, ModelEntry, Variant
from facemesh_ros.catalog.models import CONVERTER_VERSION
from facemesh_ros.errors import ConversionError
from facemesh_ros.models.convert import arithmetic, attention, layers, shape_ops
from facemesh_ros.models.convert.attention_regions import fuse_regions
from facemesh_ros.models.convert.bias_folding import fold_biases
from facemesh_ros.models.convert.channel_padding import pad_channels
from facemesh_ros.models.convert.equal_operators import merge_equal
from facemesh_ros.models.convert.fp16 import in_half_precision
from facemesh_ros.models.convert.grouped_conv_fusion import fuse_branches
from facemesh_ros.models.convert.image_graph import from_images
from facemesh_ros.models.convert.layer_normalization import fuse_layer_normalization
from facemesh_ros.models.convert.sign_folding import fold_signs
from facemesh_ros.models.convert.tflite_graph import read_tflite
from facemesh_ros.models.convert.translation import NCHW_FROM_NHWC, Translation

Outputs = dict[str, tuple[int, ...]]

_RULES = {**layers.RULES, **arithmetic.RULES, **shape_ops.RULES, **attention.RULES}


def onnx_files(content: bytes, entry: ModelEntry) -> dict[str, bytes]:
    """Convert a TFLite file to all variants of its model; returns ONNX files by their names."""
    return {
        entry.file_name(variant): onnx_from_tflite(content, entry, variant)
        for variant in entry.variants
    }


def onnx_from_tflite(content: bytes, entry: ModelEntry, variant: Variant) -> bytes:
    """Convert one model.

    Args:
        content: The TFLite file.
        entry: The model.
        variant: Which hardware the result is for.

    Returns:
        An ONNX file with the outputs of its kind (see `_OUTPUTS`) and one float32 input: `image`
        (N, size, size, 3), in [-1, 1] for a detector and [0, 1] for a landmark model, or `points`
        (N, points, 2) for a blendshape model. Variants that take images: see `image_graph`.

    Raises:
        ConversionError: If the file is no TFLite file or holds an operator that is not known.
    """
    graph = fuse_layer_normalization(fold_biases(merge_equal(read_tflite(content))))
    if variant is Variant.CPU:
        graph = fold_signs(fuse_branches(pad_channels(graph)))
    graph = fuse_regions(graph)
    translation = Translation(graph, variant)
    source, target = translation.source, translation.target
    if len(source.inputs) != 1:
        raise ConversionError(f'{entry.name}: one input expected, got {len(source.inputs)}')
    shape = translation.tensor(source.inputs[0]).shape
    if shape != (1, *entry.input_shape):
        raise ConversionError(f'{entry.name}: input {shape} is not {(1, *entry.input_shape)}')
    name = given = entry.input_name
    if len(shape) == 4:
        given = target.node('Transpose', name, perm=NCHW_FROM_NHWC)
    translation.define(source.inputs[0], given)
    for operator in source.operators:
        if operator.kind not in _RULES:
            raise ConversionError(f'{entry.name}: operator {operator.kind} is not supported')
        translation.define(operator.outputs[0], _RULES[operator.kind](translation, operator))
    outputs = _OUTPUTS[entry.kind](translation, entry)
    properties = {
        'name': entry.name,
        'kind': entry.kind.value,
        'input_size': str(entry.input_size),
        'source_sha256': hashlib.sha256(content).hexdigest(),
        'converter_version': CONVERTER_VERSION,
        'variant': variant.value,
        'precision': variant.precision,
    }
    model = target.model({name: shape[1:]}, outputs, properties)
    if variant.is_half:
        model = in_half_precision(model)
    if variant.takes_images:
        originals = [source.tensors[index].name for index in source.outputs]
        model = from_images(model, entry, originals)
    return bytes(model.SerializeToString())


def _detector_outputs(translation: Translation, entry: ModelEntry) -> Outputs:
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


def _landmark_outputs(translation: Translation, entry: ModelEntry) -> Outputs:
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


def _blendshape_outputs(translation: Translation, entry: ModelEntry) -> Outputs:
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


_OUTPUTS: dict[Kind, Callable[[Translation, ModelEntry], Outputs]] = {
    Kind.DETECTOR: _detector_outputs,
    Kind.LANDMARKS: _landmark_outputs,
    Kind.BLENDSHAPES: _blendshape_outputs,
}
