"""Negates channels where PRelu then takes two passes over an image instead of three.

PRelu has the slope 1 above zero and a below. As a sum b x + relu(c x) it takes two passes over an
image in ONNX Runtime's blocked layout (see `nchwc_rewrites`), but only a function whose slope
rises, a <= 1, is such a sum. With a > 1 the slope of its negative rises. So such channels are
negated, and the linear layers that read them have their weights negated in turn, which is exact. A
residual sum keeps the signs: the convolution that is added to negated channels negates its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.models.convert.nchwc_rewrites import is_narrow
from facemesh_ros.models.convert.tflite_graph import CONVOLUTIONS, Operator, Tensor, TfliteGraph

# An operator of our own: PRelu with both slopes as constants, the one below zero first.
TWO_SLOPES = 'TWO_SLOPES'

# +1 and -1, one for each channel.
Signs = NDArray[np.float32]


def fold_signs(source: TfliteGraph) -> TfliteGraph:
    """Return a graph of the same outputs in which channels are negated where that saves a pass."""
    signs = _signs(source)
    writer = _Writer(source, signs)
    operators = tuple(writer.rewritten(operator) for operator in source.operators)
    return replace(source, tensors=tuple(writer.tensors), operators=operators)


def _signs(source: TfliteGraph) -> dict[int, Signs]:
    """Return the signs of the tensors with negated channels."""
    signs: dict[int, Signs] = {}
    for operator in source.operators:
        (output,) = operator.outputs
        if operator.kind == 'PRELU' and not _is_behind_a_narrow_one(source, operator):
            slopes = source.tensors[operator.inputs[1]].constant
            if slopes is not None and (slopes > 1).any() and _takes_signs(source, output):
                signs[output] = np.where(slopes.ravel() > 1, -1, 1).astype(np.float32)
        elif operator.kind == 'ADD':
            for tensor in operator.inputs:
                if tensor in signs:
                    signs[output] = signs[tensor]
    return signs


def _takes_signs(source: TfliteGraph, tensor: int) -> bool:
    """Tell whether all that reads a tensor can read negated channels at no cost."""
    return tensor not in source.outputs and all(
        _reads_signs(source, reader, tensor) for reader in source.readers(tensor)
    )


def _reads_signs(source: TfliteGraph, reader: Operator, tensor: int) -> bool:
    if reader.kind in ('PRELU', *CONVOLUTIONS):
        return reader.inputs[0] == tensor
    if reader.kind != 'ADD' or reader.options['FusedActivationFunction']:
        return False
    others = [each for each in reader.inputs if each != tensor]
    return (
        len(others) == 1
        and _gives_signs(source, others[0])
        and _takes_signs(source, reader.outputs[0])
    )


def _gives_signs(source: TfliteGraph, tensor: int) -> bool:
    """Tell whether a tensor is that of a convolution which can negate its channels for a sum."""
    maker = source.maker(tensor)
    return (
        maker is not None
        and maker.kind == 'CONV_2D'
        and not maker.options['FusedActivationFunction']
        and not is_narrow(source, maker)
        and tensor not in source.outputs
        and len(source.readers(tensor)) == 1
    )


def _is_behind_a_narrow_one(source: TfliteGraph, operator: Operator) -> bool:
    maker = source.maker(operator.inputs[0])
    return maker is not None and is_narrow(source, maker)


class _Writer:
    """Writes operators for signed tensors.

    Attributes:
        tensors: Those of the source, and changed constants.
    """

    def __init__(self, source: TfliteGraph, signs: Mapping[int, Signs]) -> None:
        self.tensors = list(source.tensors)
        self._source, self._signs = source, signs

    def rewritten(self, operator: Operator) -> Operator:
        """Return an operator for the signs of what it reads and returns."""
        before = self._signs.get(operator.inputs[0])
        if operator.kind == 'PRELU':
            after = self._signs.get(operator.outputs[0])
            return operator if before is after is None else self._slopes(operator, before, after)
        if before is not None and operator.kind in CONVOLUTIONS:
            operator = self._scaled(operator, 1, self._per_input(operator, before))
        if operator.kind == 'CONV_2D' and (after := self._signs_of_sum(operator)) is not None:
            operator = self._scaled(operator, 1, after[:, None, None, None])
            if operator.has_bias:
                operator = self._scaled(operator, 2, after)
        return operator

    def _signs_of_sum(self, operator: Operator) -> Signs | None:
        """Return the signs of the sum that a convolution is added to."""
        readers = self._source.readers(operator.outputs[0])
        is_summed = [reader.kind for reader in readers] == ['ADD']
        return self._signs.get(readers[0].outputs[0]) if is_summed else None

    def _per_input(self, operator: Operator, signs: Signs) -> NDArray[np.float32]:
        """Return signs of the input as factors of the weights."""
        weights = self._source.tensors[operator.inputs[1]].constant
        assert weights is not None
        if operator.kind == 'DEPTHWISE_CONV_2D':
            return signs
        groups = len(signs) // weights.shape[3]
        rows = np.repeat(signs.reshape(groups, -1), len(weights) // groups, axis=0)
        return rows[:, None, None, :]

    def _slopes(self, operator: Operator, before: Signs | None, after: Signs | None) -> Operator:
        """Return PRelu of negated channels, negated."""
        given = self._source.tensors[operator.inputs[1]]
        assert given.constant is not None
        slopes = given.constant.ravel()
        ones = np.ones_like(slopes)
        before = ones if before is None else before
        factor = before if after is None else before * after
        below = factor * np.where(before > 0, slopes, ones)
        above = factor * np.where(before > 0, ones, slopes)
        added = [self._add(f'{given.name}_{it}', each) for it, each in enumerate((below, above))]
        return replace(operator, kind=TWO_SLOPES, inputs=(operator.inputs[0], *added))

    def _scaled(self, operator: Operator, place: int, factors: NDArray[np.float32]) -> Operator:
        """Return an operator with one of its constants multiplied."""
        tensor = self.tensors[operator.inputs[place]]
        assert tensor.constant is not None
        inputs = list(operator.inputs)
        inputs[place] = self._add(f'{tensor.name}_signed', tensor.constant * factors)
        return replace(operator, inputs=tuple(inputs))

    def _add(self, name: str, constant: NDArray[np.float32]) -> int:
        self.tensors.append(Tensor(name, constant.shape, constant))
        return len(self.tensors) - 1
