"""Anchor points of MediaPipe's single-shot face detectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facemesh_ros.types import Float32


def anchor_centres(input_size: int, layers: Sequence[tuple[int, int]]) -> Float32:
    """Lay anchors on the cells of each feature map, row by row.

    Args:
        input_size: Side of the model input in px.
        layers: Stride in px and anchors per cell of each feature map.

    Returns:
        (A, 2) centres in px of the input.

    Source: MediaPipe `ssd_anchors_calculator.cc`, anchor_offset .5, fixed_anchor_size.
    """
    return np.concatenate([_layer_centres(input_size, *layer) for layer in layers])


def _layer_centres(input_size: int, stride: int, per_cell: int) -> Float32:
    ticks = (np.arange(input_size // stride, dtype=np.float32) + 0.5) * stride
    x, y = np.meshgrid(ticks, ticks)
    cells = np.stack([x.ravel(), y.ravel()], axis=1)
    return np.repeat(cells, per_cell, axis=0)
