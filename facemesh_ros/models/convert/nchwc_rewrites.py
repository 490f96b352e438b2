"""Layers rewritten so that ONNX Runtime's CPU provider keeps its blocked channel layout (NCHWc).

Convolutions, sums and ReLU stay in that layout. PRelu and padding of channels leave it and come
back, which costs more than the layers themselves; as convolutions they do not. All are exact.

CReLU rewrite: the layout holds channels by sixteen on AVX-512. A layer of eight channels costs as
much as one of sixteen, and the convolution behind it falls out of the layout. So such a layer is
written as sixteen: relu(x) and relu(-x), known as CReLU. Their difference is x, and PRelu is
relu(x) - a relu(-x), which the linear layers that follow take into their weights. PRelu itself,
two to three passes over the image, is gone. In v2 that is a sixth of the whole model's time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.models.convert.onnx_graph import OnnxGraph
from facemesh_ros.models.convert.tflite_graph import Operator, TfliteGraph

# Layers up to this width are rewritten.
CRELU_CHANNELS = 8

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Crelu:
    """C channels, each the weighted sum of two.

    Attributes:
        pairs: ONNX value of 2 C channels: of all the first one, then of all the second one.
        factors: (2, C) weights of both in each channel's sum.
        are_signs: Whether they are relu(x) and relu(-x), of which one is zero.
    """

    pairs: str
    factors: Weights
    are_signs: bool

    def sum(self, target: OnnxGraph) -> str:
        """Return the channels themselves, by a 1x1 convolution."""
        count = self.factors.shape[1]
        weights = self.folded(np.eye(count, dtype=np.float32)[:, :, None, None])
        return target.node('Conv', self.pairs, target.constant(weights), kernel_shape=[1, 1])

    def folded(self, weights: Weights) -> Weights:
        """Return weights (out, 2 C, h, w) for the pairs from those (out, C, h, w) for the sum."""
        return np.concatenate([weights * row[:, None, None] for row in self.factors], axis=1)

    def folded_depthwise(self, weights: Weights) -> Weights:
        """The same for depthwise weights (C, 1, h, w); their results are still to be summed."""
        return np.concatenate([weights * row[:, None, None, None] for row in self.factors])

    def with_slopes(self, slopes: Weights) -> Crelu:
        """Return PRelu of the channels, of signs."""
        factors = np.where(self.factors > 0, self.factors, slopes * self.factors)
        return Crelu(self.pairs, factors, are_signs=True)


def is_narrow(source: TfliteGraph, operator: Operator) -> bool:
    """Tell whether a convolution and the PRelu that alone reads it get the CReLU rewrite."""
    (output,) = operator.outputs
    return (
        operator.kind == 'CONV_2D'
        and source.tensors[output].shape[3] <= CRELU_CHANNELS
        and not operator.options['FusedActivationFunction']
        and [reader.kind for reader in source.readers(output)] == ['PRELU']
    )


def both_signs(weights: Weights) -> Weights:
    """Return weights, or a bias, of a layer for x and -x from those for x."""
    return np.concatenate([weights, -weights])


def bias_once(bias: Weights) -> Weights:
    """Return a bias for pairs whose sum is to have it once."""
    return np.concatenate([bias, np.zeros_like(bias)])


def difference(pairs: str, channels: int) -> Crelu:
    """Return x from relu(x) and relu(-x)."""
    ones = np.ones(channels, np.float32)
    return Crelu(pairs, np.stack([ones, -ones]), are_signs=True)


def total(pairs: str, channels: int) -> Crelu:
    """Return the plain sum of pairs."""
    return Crelu(pairs, np.ones((2, channels), np.float32), are_signs=False)


def two_slopes(target: OnnxGraph, value: str, below: Weights, above: Weights) -> str:
    """Return a x below zero and b x above, each channel with its own a and b.

    It is a x + (b - a) relu(x), each term a depthwise 1x1 convolution. PRelu has b = 1.
    """
    linear = _scaled(target, value, below)
    rise = above - below
    if (rise >= 0).all():
        # (b - a) relu(x) is relu((b - a) x) then, and ReLU behind a convolution costs nothing.
        rectified = target.node('Relu', _scaled(target, value, rise))
    else:
        rectified = _scaled(target, target.node('Relu', value), rise)
    return target.node('Add', rectified, linear)


def padding_weights(channels: int, before: int, after: int) -> Weights:
    """Return (out, C) weights of a 1x1 convolution that puts zero channels around C channels."""
    return np.eye(before + channels + after, channels, -before, dtype=np.float32)


def padded_channels(target: OnnxGraph, value: str, channels: int, before: int, after: int) -> str:
    """Zero channels put before and after the others, as a 1x1 convolution."""
    kernel = target.constant(padding_weights(channels, before, after)[:, :, None, None])
    return target.node('Conv', value, kernel, kernel_shape=[1, 1])


def _scaled(target: OnnxGraph, value: str, factors: Weights) -> str:
    weights = target.constant(factors.reshape(-1, 1, 1, 1))
    return target.node('Conv', value, weights, kernel_shape=[1, 1], group=len(factors))
