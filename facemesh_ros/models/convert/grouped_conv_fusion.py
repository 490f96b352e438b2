"""Fuses parallel branches with the same layers into one branch of grouped layers.

The attention model refines lips, eyes and irises by three, then five small networks that differ in
their weights alone. With their channels concatenated they are the same numbers from a third or a
fifth of the nodes, and on a CPU such small layers cost little more than the call of a node.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.models.convert.nchwc_rewrites import padding_weights
from facemesh_ros.models.convert.tflite_graph import Operator, Tensor, TfliteGraph

# The axis of the channels in each constant of a layer, in the order of its inputs.
_CHANNEL_AXES: Mapping[str, tuple[int, ...]] = {
    'ADD': (),
    'CONV_2D': (0, 0),
    'DEPTHWISE_CONV_2D': (3, 0),
    'MAX_POOL_2D': (),
    'PAD': (),
    'PRELU': (2,),
}
# Branches begin with it: it samples one feature map through several matrices.
_BRANCH_START = 'TransformTensorBilinear'
# An operator of our own: some channels of a tensor, from `begin` to `end`.
CHANNELS = 'CHANNELS'
_CONV_OPTIONS = {
    **dict.fromkeys(('StrideH', 'StrideW', 'DilationHFactor', 'DilationWFactor'), 1),
    **dict.fromkeys(('Padding', 'FusedActivationFunction'), 0),
}

Label = Hashable


def fuse_branches(source: TfliteGraph) -> TfliteGraph:
    """Return a graph of the same numbers in which parallel branches of the same layers are one."""
    groups = _parallel_operators(source)
    if not groups:
        return source
    writer = _Writer(source, groups)
    for operator in source.operators:
        writer.write(operator)
    for output in source.outputs:
        writer.split_off(output)
    return TfliteGraph(
        tuple(writer.tensors), tuple(writer.operators), source.inputs, source.outputs
    )


def _parallel_operators(source: TfliteGraph) -> list[list[Operator]]:
    """Return groups of operators that are the same layer of parallel branches."""
    labels: dict[int, Label] = {}
    alike: dict[Label, list[Operator]] = defaultdict(list)
    width: dict[Label, int] = {}
    for operator in source.operators:
        label = _label(source, operator, labels)
        if label is not None:
            labels[operator.outputs[0]] = label
            alike[label].append(operator)
    for label, operators in alike.items():
        before = [width[labels[tensor]] for tensor in operators[0].inputs if tensor in labels]
        # Where some branches end the others are too few to go on.
        goes_on = all(before) and len(operators) >= max([2, *before])
        width[label] = len(operators) if goes_on else 0
    return [operators for label, operators in alike.items() if width[label]]


def _label(source: TfliteGraph, operator: Operator, labels: Mapping[int, Label]) -> Label | None:
    """Return what parallel branches have in common at this layer; None outside of branches."""
    options = tuple(sorted((name, str(value)) for name, value in operator.options.items()))
    if operator.kind == _BRANCH_START:
        return operator.kind, options, operator.inputs[0]
    computed = [i for i in operator.inputs if source.tensors[i].constant is None]
    if operator.kind not in _CHANNEL_AXES or any(i not in labels for i in computed):
        return None
    constants = tuple(source.tensors[i] for i in operator.inputs if i not in computed)
    made_of = tuple(
        tensor.constant.tobytes() if operator.kind == 'PAD' else tensor.shape  # type: ignore[union-attr]
        for tensor in constants
    )
    return operator.kind, options, made_of, tuple(labels[i] for i in computed)


class _Writer:
    """Writes the operators again, each group of parallel ones as one.

    Attributes:
        tensors: Those of the source, and the fused ones.
        operators: Those written so far.
    """

    def __init__(self, source: TfliteGraph, groups: Sequence[Sequence[Operator]]) -> None:
        self.tensors = list(source.tensors)
        self.operators: list[Operator] = []
        self._group_of = {o.outputs[0]: group for group in groups for o in group}
        self._fused: dict[tuple[int, ...], int] = {}  # by the tensors that it consists of
        self._slot: dict[int, tuple[int, int]] = {}  # of an output: fused tensor, index in it
        self._split: set[int] = set()

    def write(self, operator: Operator) -> None:
        """Add an operator, or, with the last of its group, the fused one."""
        group = self._group_of.get(operator.outputs[0])
        if group is None:
            for tensor in operator.inputs:
                self.split_off(tensor)
            self.operators.append(operator)
        elif operator is group[-1]:
            self._write_group(group)

    def split_off(self, tensor: int) -> None:
        """Take a tensor out of its fused one, for operators that read it alone."""
        if tensor not in self._slot or tensor in self._split:
            return
        self._split.add(tensor)
        fused, slot = self._slot[tensor]
        channels = self.tensors[tensor].shape[-1]
        options = {'begin': slot * channels, 'end': (slot + 1) * channels}
        self.operators.append(Operator(CHANNELS, (fused,), (tensor,), options))

    def _write_group(self, group: Sequence[Operator]) -> None:
        first, outputs = group[0], tuple(operator.outputs[0] for operator in group)
        kind, options = first.kind, first.options
        if kind == _BRANCH_START:
            inputs = [first.inputs[0], *(operator.inputs[1] for operator in group)]
        elif kind == 'PAD':
            inputs, kind, options = self._padding_inputs(group), 'CONV_2D', _CONV_OPTIONS
        else:
            inputs = self._layer_inputs(group)
        fused = self._fused[outputs] = self._add_fused(outputs)
        self.operators.append(Operator(kind, tuple(inputs), (fused,), options))
        self._slot.update({output: (fused, slot) for slot, output in enumerate(outputs)})

    def _layer_inputs(self, group: Sequence[Operator]) -> list[int]:
        """Return the fused inputs of a layer: computed tensors and constants."""
        axes = iter(_CHANNEL_AXES[group[0].kind])
        return [
            self._concatenated(column)
            if self.tensors[column[0]].constant is None
            else self._stacked(column, next(axes))
            for column in zip(*(operator.inputs for operator in group), strict=True)
        ]

    def _padding_inputs(self, group: Sequence[Operator]) -> list[int]:
        """Return the inputs of a grouped convolution that pads the channels of each branch."""
        tensor, paddings = (self.tensors[index] for index in group[0].inputs)
        rows = padding_weights(tensor.shape[-1], *paddings.constant[-1])  # type: ignore[index]
        weights = np.tile(rows[:, None, None, :], (len(group), 1, 1, 1))
        fused = self._concatenated([operator.inputs[0] for operator in group])
        return [fused, self._add(Tensor('padding', weights.shape, weights))]

    def _concatenated(self, column: Sequence[int]) -> int:
        """Return one tensor of the channels of several."""
        column = tuple(column)
        if column not in self._fused:
            for tensor in column:
                self.split_off(tensor)
            fused = self._fused[column] = self._add_fused(column)
            options = {'Axis': len(self.tensors[fused].shape) - 1, 'FusedActivationFunction': 0}
            self.operators.append(Operator('CONCATENATION', column, (fused,), options))
        return self._fused[column]

    def _stacked(self, column: Sequence[int], axis: int) -> int:
        arrays = [self.tensors[index].constant for index in column]
        stacked: NDArray[Any] = np.concatenate(arrays, axis=axis)  # type: ignore[arg-type]
        return self._add(Tensor(self.tensors[column[0]].name, stacked.shape, stacked))

    def _add_fused(self, column: Sequence[int]) -> int:
        tensor = self.tensors[column[0]]
        shape = (*tensor.shape[:-1], len(column) * tensor.shape[-1])
        return self._add(Tensor(f'{tensor.name}_fused', shape, None))

    def _add(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1
