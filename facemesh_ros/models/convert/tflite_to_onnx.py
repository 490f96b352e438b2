"""Converts a TFLite face model to ONNX, numbers unchanged."""

from __future__ import annotations

import hashlib

from facemesh_ros.catalog.model_entry import ModelEntry, Variant
from facemesh_ros.catalog.models import CONVERTER_VERSION
from facemesh_ros.errors import ConversionError
from facemesh_ros.models.convert import arithmetic, attention, layers, shape_ops
from facemesh_ros.models.convert.grouped_conv_fusion import side_by_side
from facemesh_ros.models.convert.half import in_half_precision
from facemesh_ros.models.convert.image_graph import from_images
from facemesh_ros.models.convert.io_spec import INPUTS, OUTPUTS
from facemesh_ros.models.convert.tflite_graph import read_tflite
from facemesh_ros.models.convert.translation import NCHW_FROM_NHWC, Translation

_RULES = {**layers.RULES, **arithmetic.RULES, **shape_ops.RULES, **attention.RULES}


def onnx_from_tflite(content: bytes, entry: ModelEntry, variant: Variant) -> bytes:
    """Convert one model.

    Args:
        content: The TFLite file.
        entry: What the catalogue says of the model.
        variant: Which hardware the result is for.

    Returns:
        An ONNX file with the outputs of `contract` and one float32 input: `image` (N, size, size,
        3), in [-1, 1] for a detector and [0, 1] for a landmark model, or `points` (N, points, 2)
        for a blendshape model.

    Raises:
        ConversionError: If the file is no TFLite file or holds an operator that is not known.
    """
    graph = read_tflite(content)
    if variant is Variant.CPU:
        graph = side_by_side(graph)
    translation = Translation(graph, variant)
    source, target = translation.source, translation.target
    if len(source.inputs) != 1:
        raise ConversionError(f'{entry.name}: one input expected, got {len(source.inputs)}')
    shape = translation.tensor(source.inputs[0]).shape
    if shape != (1, *entry.input_shape):
        raise ConversionError(f'{entry.name}: input {shape} is not {(1, *entry.input_shape)}')
    name = given = INPUTS[entry.kind]
    if len(shape) == 4:
        given = target.node('Transpose', name, perm=NCHW_FROM_NHWC)
    translation.define(source.inputs[0], given)
    for operator in source.operators:
        if operator.kind not in _RULES:
            raise ConversionError(f'{entry.name}: operator {operator.kind} is not supported')
        translation.define(operator.outputs[0], _RULES[operator.kind](translation, operator))
    outputs = OUTPUTS[entry.kind](translation, entry)
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
        model = from_images(model, entry)
    return bytes(model.SerializeToString())
