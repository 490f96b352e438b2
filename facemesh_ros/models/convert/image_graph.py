"""The graph around a model that takes camera images to crops, and landmarks back to the image.

It holds no weights. Its inputs are those of `inference/gpu/sampling_inputs`. Every crop may come
from another image: all images lie in one buffer of bytes, and what a crop reads is counted from
its origin there. So images of several cameras, sizes and formats go in one batch, and whatever
arrives, all shapes but the number of crops stay the same, as CUDA graphs require.

Only operators that ONNX Runtime's CUDA provider has for these types are used (docs/gpu.md).
"""

from __future__ import annotations

from collections.abc import Collection

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.compose import merge_graphs

from facemesh_ros.catalog.model_entry import Kind, ModelEntry
from facemesh_ros.image.crop import STEPS_PER_PX, CropStyle, detector_style, landmark_style
from facemesh_ros.models.convert.onnx_graph import Ends, OnnxGraph, batched

# What the projection takes; its result has the network's own name for them.
CROP_LANDMARKS = 'crop_landmarks'


def from_images(
    model: onnx.ModelProto, entry: ModelEntry, unread: Collection[str] = ()
) -> onnx.ModelProto:
    """Return a model that samples its crops itself; its `landmarks` come in px of the image.

    Args:
        model: The network.
        entry: What it is.
        unread: Outputs to leave out, with what calculates them alone.
    """
    style = detector_style if entry.kind is Kind.DETECTOR else landmark_style
    crops = crops_graph(entry.input_name, style(entry.input_size))
    graph = _merged(crops.graph, model.graph, entry.input_name, entry.input_name)
    if entry.kind is Kind.LANDMARKS:
        network = _pruned(graph, [each.name for each in graph.output if each.name not in unread])
        graph = _merged(network, projection_graph(entry.points).graph, 'landmarks', CROP_LANDMARKS)
    merged = onnx.ModelProto()
    merged.CopyFrom(model)
    merged.graph.CopyFrom(graph)
    onnx.checker.check_model(merged, full_check=True)
    return merged


def _merged(
    first: onnx.GraphProto, second: onnx.GraphProto, result: str, given: str
) -> onnx.GraphProto:
    """Join two graphs at what the first returns and the second takes."""
    renamed = onnx.GraphProto()
    renamed.CopyFrom(first)
    for item in (*renamed.node, *renamed.output):
        if item.name == result:  # a node is called as its output
            item.name = given
    for node in renamed.node:
        for names in (node.input, node.output):
            names[:] = [given if name == result else name for name in names]
    return merge_graphs(renamed, second, [(given, given)])


def _pruned(graph: onnx.GraphProto, outputs: Collection[str]) -> onnx.GraphProto:
    """Leave out all other outputs; ONNX Runtime would calculate them though nobody asks."""
    needed, nodes = set(outputs), []
    for node in reversed(graph.node):
        if not needed.isdisjoint(node.output):
            needed.update(node.input)
            nodes.append(node)
    pruned = onnx.GraphProto()
    pruned.CopyFrom(graph)
    del pruned.node[:], pruned.output[:], pruned.initializer[:]
    pruned.node.extend(reversed(nodes))
    pruned.output.extend(item for item in graph.output if item.name in outputs)
    pruned.initializer.extend(item for item in graph.initializer if item.name in needed)
    return pruned


def crops_graph(output: str, style: CropStyle) -> onnx.ModelProto:
    """Build what samples N crops as `image/crop` does, number by number.

    Args:
        output: What to call the crops.
        style: How that model wants them.

    Returns:
        A model with the inputs of `inference/gpu/sampling_inputs` and one output
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
    return target.model(_sampling_inputs(size), {output: (size, size, 3)}, {'name': 'crops'})


def _scaled(target: OnnxGraph, level: str, low: float, output: str) -> None:
    factor = target.floats((1 - low) / 255)
    if not low:
        target.node('Mul', level, factor, output=output)
        return
    target.node('Add', target.node('Mul', level, factor), target.floats(low), output=output)


def _positions(target: OnnxGraph) -> tuple[str, str]:
    """Pixel above and left of each sample, (N, S, S, 2) x and y, and the way from there in px."""
    # To 32nds of a pixel, halves to the even one; see `image/crop`.
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


def projection_graph(points: int) -> onnx.ModelProto:
    """Build what brings landmarks from crops to images, as `landmarks/face_mesh` does.

    Args:
        points: How many landmarks the model in front of it has.

    Returns:
        A model that makes `landmarks` (N, L, 3) px of the image of CROP_LANDMARKS (N, L, 3).
    """
    target = OnnxGraph('projection_')
    # In fp64: cuBLAS may round fp32 to TF32, and with it a landmark by a pixel.
    landmarks = target.node('Cast', CROP_LANDMARKS, to=TensorProto.DOUBLE)
    moved = target.node('Add', target.node('MatMul', landmarks, 'maps'), 'offsets')
    target.node('Cast', moved, to=TensorProto.FLOAT, output='landmarks')
    inputs: Ends = {
        CROP_LANDMARKS: (points, 3),
        'maps': batched('maps', (3, 3), TensorProto.DOUBLE),
        'offsets': batched('offsets', (1, 3), TensorProto.DOUBLE),
    }
    return target.model(inputs, {'landmarks': (points, 3)}, {'name': 'projection'})


def _sampling_inputs(size: int) -> Ends:
    return {
        'pixels': helper.make_tensor_value_info('pixels', TensorProto.UINT8, ['bytes']),
        'columns': (1, size, 2),
        'rows': (size, 1, 2),
        'last': (1, 1, 2),
        'strides': batched('strides', (1, 1, 2), TensorProto.INT32),
        'origins': batched('origins', (1, 1, 3), TensorProto.INT32),
    }
