"""Sampling of a feature map through affine matrices, of the attention model: for GPU and CPU.

Source: MediaPipe `mediapipe/util/tflite/operations/transform_tensor_bilinear.cc` (version 2).
"""

from __future__ import annotations

import numpy as np

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.models.convert.tflite_graph import Operator
from facemesh_ros.models.convert.translation import NHWC_FROM_NCHW, Translation


def transform_tensor_bilinear(translation: Translation, operator: Operator) -> str:
    """Feature map sampled through a matrix, bilinear; zero outside."""
    if translation.variant is Variant.CPU:
        return _by_rows(translation, operator)
    return _by_grid(translation, operator)


def _by_grid(translation: Translation, operator: Operator) -> str:
    """Through one matrix by GridSample, one node on a GPU."""
    target = translation.target
    out_h, out_w = _output_hw(operator)
    source, last = _sample_points(translation, operator), _last(translation, operator)
    grid = target.node('Mul', source, target.constant(2 / last))
    grid = target.node('Sub', grid, target.floats(1))
    grid = target.node('Transpose', grid, perm=(0, 1, 3, 2))
    grid = target.node('Reshape', grid, target.integers(0, out_h, out_w, 2))
    sampled = target.node(
        'GridSample',
        translation.value(operator.inputs[0]),
        grid,
        mode='bilinear',
        padding_mode='zeros',
        align_corners=1,
    )
    # GridSample fades out over one pixel past the border, the original cuts off at once.
    inside = _inside(translation, source, _clamped(translation, source, last))
    mask = target.node('Reshape', inside, target.integers(0, 1, out_h, out_w))
    return target.node('Mul', sampled, mask)


def _by_rows(translation: Translation, operator: Operator) -> str:
    """Through several matrices at once, four neighbours of all channels for each point.

    With channels last a neighbour is one row to copy; ONNX Runtime's GridSample on the CPU goes
    from point to point in every channel, and takes three to four times as long.
    """
    target, (out_h, out_w) = translation.target, _output_hw(operator)
    _, height, width, channels = translation.tensor(operator.inputs[0]).shape
    source, last = _sample_points(translation, operator), _last(translation, operator)
    clamped = _clamped(translation, source, last)
    # At the last pixel the one before it is the lower neighbour, with no weight.
    low = target.node('Min', target.node('Floor', clamped), target.constant(last - 1))
    part = target.node('Sub', clamped, low)
    weights = _weights(translation, part, _inside(translation, source, clamped))

    first = target.node('MatMul', target.constant(np.array([[1, width]], np.float32)), low)
    first = target.node('Cast', first, to=7)
    offsets = np.array([[0], [1], [width], [width + 1]], np.int64)
    four = target.node('Add', first, target.constant(offsets))
    four = target.node('Reshape', four, target.integers(0, -1, 1))
    rows = target.node('Transpose', translation.value(operator.inputs[0]), perm=NHWC_FROM_NCHW)
    rows = target.node('Reshape', rows, target.integers(0, height * width, channels))
    neighbours = target.node('GatherND', rows, four, batch_dims=1)
    neighbours = target.node(
        'Reshape', neighbours, target.integers(0, -1, 4, out_h * out_w, channels)
    )
    # Sums of planes; as products of matrices, one for each point, they take three times as long.
    mixed = target.node('Mul', weights, neighbours)
    mixed = target.node('ReduceSum', mixed, target.integers(2), keepdims=0)
    planes = target.node('Transpose', mixed, perm=(0, 1, 3, 2))
    return target.node('Reshape', planes, target.integers(0, -1, out_h, out_w))


def _weights(translation: Translation, part: str, inside: str) -> str:
    """Weights (N, regions, 4, points, 1) of the four neighbours; zero for points outside."""
    target = translation.target
    rest = target.node('Sub', target.floats(1), part)
    both = target.node('Concat', rest, part, axis=2)  # 1 - x, 1 - y, x, y
    along_x = target.node('Gather', both, target.integers(0, 2, 0, 2), axis=2)
    along_y = target.node('Gather', both, target.integers(1, 1, 3, 3), axis=2)
    weights = target.node('Mul', target.node('Mul', along_x, along_y), inside)
    return target.node('Unsqueeze', weights, target.integers(4))


def _sample_points(translation: Translation, operator: Operator) -> str:
    """Position of each output pixel in the feature map, (N, regions, 2, points) px."""
    target, (out_h, out_w) = translation.target, _output_hw(operator)
    ys, xs = np.mgrid[0:out_h, 0:out_w].astype(np.float32) + 0.5
    centres = target.constant(np.stack([xs.ravel(), ys.ravel(), np.ones_like(xs.ravel())]))
    columns = target.node('Transpose', _matrices(translation, operator), perm=(0, 1, 3, 2))
    return target.node('Sub', target.node('MatMul', columns, centres), target.floats(0.5))


def _matrices(translation: Translation, operator: Operator) -> str:
    """Matrices (N, regions, 3, 2) of the regions that are sampled."""
    stacked = operator.inputs[1]
    regions = operator.options['regions']
    value, known = translation.value(stacked), translation.tensor(stacked).shape[1]
    if regions == tuple(range(known)):
        return value
    return translation.target.node('Gather', value, translation.target.integers(*regions), axis=1)


def _clamped(translation: Translation, source: str, last: np.ndarray) -> str:
    target = translation.target
    return target.node('Min', target.node('Max', source, target.floats(0)), target.constant(last))


def _inside(translation: Translation, source: str, clamped: str) -> str:
    """Mask (N, regions, 1, points): one where the source lies between outer pixels' centres."""
    target = translation.target
    kept = target.node('Cast', target.node('Equal', clamped, source), to=1)
    return target.node('ReduceMin', kept, axes=[2], keepdims=1)


def _last(translation: Translation, operator: Operator) -> np.ndarray:
    """Return x and y of the last pixel of the feature map, (2, 1)."""
    _, height, width, _ = translation.tensor(operator.inputs[0]).shape
    return np.array([[width - 1], [height - 1]], np.float32)


def _output_hw(operator: Operator) -> tuple[int, int]:
    return operator.options['output_height'], operator.options['output_width']
