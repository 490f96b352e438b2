"""Layers written so that ONNX Runtime's CPU provider keeps its blocked channel layout (NCHWc).

Convolutions, sums and ReLU stay in that layout. PRelu and padding of channels leave it and come
back, which costs more than the layers themselves; as convolutions they do not. All are exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.models.convert.onnx_graph import OnnxGraph


def prelu(target: OnnxGraph, value: str, slopes: NDArray[np.float32]) -> str:
    """PRelu as a x + (1 - a) relu(x), each term a depthwise 1x1 convolution."""
    linear = _scaled(target, value, slopes)
    if (slopes <= 1).all():
        # (1 - a) relu(x) is relu((1 - a) x) then, and ReLU behind a convolution costs nothing.
        rectified = target.node('Relu', _scaled(target, value, 1 - slopes))
    else:
        rectified = _scaled(target, target.node('Relu', value), 1 - slopes)
    return target.node('Add', rectified, linear)


def padded_channels(target: OnnxGraph, value: str, channels: int, before: int, after: int) -> str:
    """Zero channels put before and after the others, as a 1x1 convolution with ones and zeros."""
    weights = np.eye(before + channels + after, channels, -before, dtype=np.float32)
    kernel = target.constant(weights[:, :, None, None])
    return target.node('Conv', value, kernel, kernel_shape=[1, 1])


def _scaled(target: OnnxGraph, value: str, factors: NDArray[np.float32]) -> str:
    weights = target.constant(factors.reshape(-1, 1, 1, 1))
    return target.node('Conv', value, weights, kernel_shape=[1, 1], group=len(factors))
