"""Narrow layers for ONNX Runtime's CPU provider: both signs of few channels beside each other.

Its blocked layout (NCHWc) holds channels by sixteen on AVX-512. A layer of eight costs as much as
one of sixteen, and the convolution behind it falls out of the layout. So such a layer is written
as sixteen: relu(x) and relu(-x). Their difference is x, and PRelu is relu(x) - a relu(-x), which
the linear layers that follow take into their weights. PRelu itself, two to three passes over the
picture, is gone. All is exact. In v2 that is a sixth of the whole network's time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.models.convert.onnx_graph import OnnxGraph

WIDEST = 8


@dataclass(frozen=True)
class Mirrored:
    """C channels as a sum of two terms each.

    Attributes:
        halves: ONNX value of 2 C channels.
        factors: (2, C), what the channels of either half count.
    """

    halves: str
    factors: NDArray[np.float32]

    def sum(self, target: OnnxGraph) -> str:
        """Return the channels themselves, by a 1x1 convolution."""
        count = self.factors.shape[1]
        weights = self.taken_in(np.eye(count, dtype=np.float32)[:, :, None, None])
        return target.node('Conv', self.halves, target.constant(weights), kernel_shape=[1, 1])

    def taken_in(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return weights (out, 2 C, h, w) for the halves from those (out, C, h, w) for the sum."""
        return np.concatenate([weights * half[:, None, None] for half in self.factors], axis=1)

    def taken_in_by_depth(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same for depthwise weights (C, 1, h, w); their results are still to be summed."""
        return np.concatenate([weights * half[:, None, None, None] for half in self.factors])

    def with_slopes(self, slopes: NDArray[np.float32]) -> Mirrored:
        """Return PRelu of the channels, if the halves are relu(x) and relu(-x)."""
        return Mirrored(self.halves, np.stack([np.ones_like(slopes), -slopes]))


def both_signs(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return weights, or a bias, for relu(x) and relu(-x) from those for x."""
    return np.concatenate([weights, -weights])


def once(bias: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a bias for two halves whose sum is to have it once."""
    return np.concatenate([bias, np.zeros_like(bias)])


def difference(halves: str, channels: int) -> Mirrored:
    """Return x from relu(x) and relu(-x)."""
    ones = np.ones(channels, np.float32)
    return Mirrored(halves, np.stack([ones, -ones]))


def total(halves: str, channels: int) -> Mirrored:
    """Return the sum of two halves as it is."""
    return Mirrored(halves, np.ones((2, channels), np.float32))
