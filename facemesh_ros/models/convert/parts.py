"""The parts around a network that take camera images to crops, and landmarks back to the image.

They hold no weights. Their inputs are those of `inference/gpu/sampling_inputs`, and every crop
may come from another image: all images lie in one buffer of bytes, and what a crop reads is
counted from there.
So images of several cameras, sizes and formats go in one batch, and whatever arrives, all shapes
but the number of crops stay the same, as CUDA graphs ask.

Only operators that ONNX Runtime's CUDA provider has for these types are used (docs/gpu.md).
"""

from __future__ import annotations

import cv2
import numpy as np
from onnx import TensorProto, ValueInfoProto, helper

from facemesh_ros.catalog.models import Kind, ModelEntry, Part
from facemesh_ros.image.crop import STEPS_PER_PX, CropStyle, detector_style, landmark_style
from facemesh_ros.models.convert.io_spec import INPUTS
from facemesh_ros.models.convert.onnx_graph import OnnxGraph, batched

Values = list[ValueInfoProto]


def part_of(entry: ModelEntry, part: Part) -> bytes:
    """Return the ONNX file of a part around a model."""
    if part is Part.POINTS:
        return points_part(entry.name, entry.points)
    style = detector_style if entry.kind is Kind.DETECTOR else landmark_style
    return crops_part(entry.name, INPUTS[entry.kind], style(entry.input_size))


def crops_part(name: str, output: str, style: CropStyle) -> bytes:
    """Build what samples N crops as `image/crop` does, number by number.

    Args:
        name: Of the model behind it.
        output: What to call the crops.
        style: How that model wants them.

    Returns:
        An ONNX file with the inputs of `inference/gpu/sampling_inputs` and one output
        (N, S, S, 3) float32.
    """
    target, size = OnnxGraph('crops_'), style.input_size
    position, fraction = _positions(target)
    weight = target.node('Abs', target.node('Sub', _corners(target, 1, 0), fraction))
    corner = target.node('Add', position, _corners(target, 0, 1))
    nearest = target.node('Min', target.node('Max', corner, target.floats(0)), 'last')
    if style.border == cv2.BORDER_CONSTANT:
        inside = target.node('Cast', target.node('Equal', nearest, corner), to=TensorProto.FLOAT)
        weight = target.node('Mul', weight, inside)
    level = _bilinear(target, _taps(target, nearest), weight)
    _scaled(target, level, style.low, output)
    return _file(
        target, f'{name}.crops', _sampling_inputs(size), [batched(output, (size, size, 3))]
    )


def _scaled(target: OnnxGraph, level: str, low: float, output: str) -> None:
    factor = target.floats((1 - low) / 255)
    if not low:
        target.node('Mul', level, factor, output=output)
        return
    target.node('Add', target.node('Mul', level, factor), target.floats(low), output=output)


def _positions(target: OnnxGraph) -> tuple[str, str]:
    """Pixel above and left of each sample, (N, S, S, 2) x and y, and the way from there in px."""
    # To 32nds of a pixel, halves to the even one, as OpenCV rounds.
    steps = target.node('Round', target.node('Add', 'columns', 'rows'))
    pixels = target.node('Mul', steps, target.floats(1 / STEPS_PER_PX))
    position = target.node('Floor', pixels)
    return position, target.node('Sub', pixels, position)


def _corners(target: OnnxGraph, first: float, second: float) -> str:
    """Something of the two pixels along an axis between which a sample lies, as axis 0."""
    return target.constant(np.array([first, second], np.float32).reshape(2, 1, 1, 1, 1))


def _pairs(target: OnnxGraph, corners: str, kind: str) -> str:
    """Combine x and y (2, N, S, S, 2) of corners to all four of them, (2, 2, N, S, S, 1)."""
    x, y = target.split(corners, axis=4, count=2)
    return target.node(kind, x, target.node('Unsqueeze', y, target.integers(1)))


def _taps(target: OnnxGraph, corners: str) -> str:
    """Red, green and blue (2, 2, N, S, S, 3) at the four corners of each sample."""
    whole = target.node('Cast', corners, to=TensorProto.INT32)
    pixel = _pairs(target, target.node('Mul', whole, 'strides'), 'Add')
    index = target.node('Add', pixel, 'origins')
    gathered = target.node('Gather', 'pixels', index, axis=0)
    return target.node('Cast', gathered, to=TensorProto.FLOAT)


def _bilinear(target: OnnxGraph, taps: str, weight: str) -> str:
    """Weigh the corners of each sample and round to a whole level, (N, S, S, 3)."""
    weighted = target.node('Mul', taps, _pairs(target, weight, 'Mul'))
    # Exact in any order: each term is a whole number of 1024ths.
    level = target.node('ReduceSum', weighted, target.integers(0, 1), keepdims=0)
    return target.node('Floor', target.node('Add', level, target.floats(0.5)))


def points_part(name: str, points: int) -> bytes:
    """Build what brings landmarks from crops to images, as `landmarks/face_mesh` does.

    Args:
        name: Of the landmark model in front of it.
        points: How many landmarks that has.

    Returns:
        An ONNX file that makes `points` (N, L, 3) px of the image of `landmarks` (N, L, 3).
    """
    target = OnnxGraph('points_')
    # In fp64: cuBLAS may round fp32 to TF32, and with it a landmark by a pixel.
    landmarks = target.node('Cast', 'landmarks', to=TensorProto.DOUBLE)
    moved = target.node('Add', target.node('MatMul', landmarks, 'maps'), 'offsets')
    target.node('Cast', moved, to=TensorProto.FLOAT, output='points')
    inputs = [
        batched('landmarks', (points, 3)),
        batched('maps', (3, 3), TensorProto.DOUBLE),
        batched('offsets', (1, 3), TensorProto.DOUBLE),
    ]
    return _file(target, f'{name}.points', inputs, [batched('points', (points, 3))])


def _sampling_inputs(size: int) -> Values:
    return [
        helper.make_tensor_value_info('pixels', TensorProto.UINT8, ['bytes']),
        batched('columns', (1, size, 2)),
        batched('rows', (size, 1, 2)),
        batched('last', (1, 1, 2)),
        batched('strides', (1, 1, 2), TensorProto.INT32),
        batched('origins', (1, 1, 3), TensorProto.INT32),
    ]


def _file(target: OnnxGraph, name: str, inputs: Values, outputs: Values) -> bytes:
    return bytes(target.model_between(inputs, outputs, {'name': name}).SerializeToString())
