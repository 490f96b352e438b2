"""Widens pooled layers by channels of zeros, so that ONNX Runtime keeps its blocked layout.

The layout holds channels by sixteen on AVX-512 and by eight on AVX2. Convolutions fill up their
last block by themselves, pooling does not: around it the image is written again, twice, and what
stands beside it calculates in the plain layout. Widened, all stay in the layout, and where zeros
were to be put behind the channels anyway (PAD), that pass is gone too. Other layers are left as
they are: those of eight channels in full range would be quicker on AVX-512 and slower on AVX2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.models.convert.tflite_graph import Operator, Tensor, TfliteGraph

BLOCK = 16
# What makes each channel of the same one of what is read, and zeros of zeros.
_BY_CHANNEL = ('ADD', 'DEPTHWISE_CONV_2D', 'MAX_POOL_2D', 'RELU')


def pad_channels(source: TfliteGraph) -> TfliteGraph:
    """Return a graph of the same outputs with such layers widened."""
    if any(len(source.tensors[each].shape) != 4 for each in source.inputs):
        return source  # no image
    widths = _widths(source)
    writer = _Writer(source, widths)
    operators = [writer.rewritten(operator) for operator in source.operators]
    return replace(
        source,
        tensors=tuple(writer.tensors),
        operators=tuple(operator for operator in operators if operator is not None),
    )


def _widths(source: TfliteGraph) -> dict[int, int]:
    """Return the new number of channels of the tensors that are widened."""
    group_of = {tensor: tensor for tensor in source.inputs}
    for operator in source.operators:
        (output,) = operator.outputs
        group_of[output] = output
        for joined in _computed(source, operator) if _keeps_width(source, operator) else []:
            old, new = group_of[joined], group_of[output]
            group_of.update({tensor: new for tensor, group in group_of.items() if group == old})
    members: dict[int, list[int]] = defaultdict(list)
    for tensor, group in group_of.items():
        members[group].append(tensor)
    widths: dict[int, int] = {}
    for tensors in members.values():
        wanted = -(-_width(source, tensors[0]) // BLOCK) * BLOCK
        if wanted != _width(source, tensors[0]) and _gains(source, tensors, wanted):
            widths.update(dict.fromkeys(tensors, wanted))
    return widths


def _gains(source: TfliteGraph, tensors: Iterable[int], wanted: int) -> bool:
    """Tell whether tensors of one width can be widened, and whether that saves time."""
    pooled = False
    for tensor in tensors:
        maker, readers = source.maker(tensor), source.readers(tensor)
        if tensor in source.outputs or maker is None or len(source.tensors[tensor].shape) != 4:
            return False
        if not all(_can_widen(source, each) for each in [maker, *readers]):
            return False
        behind = [each.outputs[0] for each in readers if _pads_channels(source, each)]
        if any(_width(source, each) < wanted for each in behind):
            return False
        pooled = pooled or any(each.kind == 'MAX_POOL_2D' for each in readers)
    return pooled


def _can_widen(source: TfliteGraph, operator: Operator) -> bool:
    if operator.kind == 'CONV_2D':
        weights = source.tensors[operator.inputs[1]]
        return weights.shape[3] == _width(source, operator.inputs[0])  # no groups
    return _keeps_width(source, operator) or _pads_channels(source, operator)


def _keeps_width(source: TfliteGraph, operator: Operator) -> bool:
    if operator.kind == 'PAD':
        return not _paddings(source, operator)[-1].any()
    return operator.kind in _BY_CHANNEL and (
        operator.kind != 'ADD' or len(_computed(source, operator)) == 2
    )


def _pads_channels(source: TfliteGraph, operator: Operator) -> bool:
    """Tell whether an operator puts zeros behind the channels, and nothing else."""
    if operator.kind != 'PAD':
        return False
    paddings = _paddings(source, operator)
    return not paddings[:-1].any() and not paddings[-1][0]


def _paddings(source: TfliteGraph, operator: Operator) -> NDArray[Any]:
    constant = source.tensors[operator.inputs[1]].constant
    assert constant is not None
    return constant


def _computed(source: TfliteGraph, operator: Operator) -> list[int]:
    return [it for it in operator.inputs if it >= 0 and source.tensors[it].constant is None]


def _width(source: TfliteGraph, tensor: int) -> int:
    return source.tensors[tensor].shape[-1]


class _Writer:
    """Writes operators for widened tensors.

    Attributes:
        tensors: Those of the source, widened, and changed constants.
    """

    def __init__(self, source: TfliteGraph, widths: Mapping[int, int]) -> None:
        self._source, self._widths = source, widths
        self.tensors = [
            replace(tensor, shape=(*tensor.shape[:-1], widths[place]))
            if place in widths
            else tensor
            for place, tensor in enumerate(source.tensors)
        ]
        self._same: dict[int, int] = {}  # a tensor that needs no padding any more

    def rewritten(self, operator: Operator) -> Operator | None:
        """Return an operator for the widths of what it reads and returns; None for none."""
        given, made = operator.inputs[0], operator.outputs[0]
        operator = replace(
            operator, inputs=tuple(self._same.get(it, it) for it in operator.inputs)
        )
        if given not in self._widths and made not in self._widths:
            return operator
        before, after = (self.tensors[it].shape[-1] for it in (given, made))
        if operator.kind == 'CONV_2D':
            return self._widened(operator, {0: after, 3: before}, after)
        if operator.kind == 'DEPTHWISE_CONV_2D':
            return self._widened(operator, {3: after}, after)
        if not _pads_channels(self._source, operator):
            return operator
        if before == after and made not in self._source.outputs:
            self._same[made] = operator.inputs[0]
            return None
        paddings = _paddings(self._source, operator).copy()
        paddings[-1] = 0, after - before
        added = self._add(Tensor('paddings', paddings.shape, paddings))
        return replace(operator, inputs=(operator.inputs[0], added))

    def _widened(self, operator: Operator, axes: Mapping[int, int], width: int) -> Operator:
        """Return a convolution with zeros behind its weights, by axis, and behind its bias."""
        inputs = [operator.inputs[0], self._filled(operator.inputs[1], axes)]
        if operator.has_bias:
            inputs.append(self._filled(operator.inputs[2], {0: width}))
        return replace(operator, inputs=tuple(inputs))

    def _filled(self, place: int, axes: Mapping[int, int]) -> int:
        tensor = self.tensors[place]
        assert tensor.constant is not None
        missing = [(0, axes.get(axis, size) - size) for axis, size in enumerate(tensor.shape)]
        filled = np.pad(tensor.constant, missing)
        return self._add(Tensor(tensor.name, filled.shape, filled))

    def _add(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1
