"""Branches of the same layers, written as one branch of grouped layers.

The attention model refines lips, eyes and irises by three, then five small networks that differ in
their weights alone. Put side by side, with their channels behind one another, they are the same
numbers from a third or a fifth of the nodes, and on a CPU such small layers cost little more than
the call of a node.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.models.convert.tflite_graph import Operator, Tensor, TfliteGraph

# Where the channels are in what each layer is made of: its constants, in the order of its inputs.
_CHANNEL_AXES: Mapping[str, tuple[int, ...]] = {
    'ADD': (),
    'CONV_2D': (0, 0),
    'DEPTHWISE_CONV_2D': (3, 0),
    'MAX_POOL_2D': (),
    'PAD': (),
    'PRELU': (2,),
}
# What branches begin with: it sees one feature map through several matrices.
_ENTRANCE = 'TransformTensorBilinear'
# An operator of our own: some channels of a tensor, from `begin` to `end`.
CHANNELS = 'CHANNELS'

Label = Hashable


def side_by_side(source: TfliteGraph) -> TfliteGraph:
    """Return a graph of the same numbers in which branches of the same layers are one."""
    bundles = _bundles(source)
    if not bundles:
        return source
    writer = _Writer(source, bundles)
    for operator in source.operators:
        writer.write(operator)
    for output in source.outputs:
        writer.narrow(output)
    return TfliteGraph(
        tuple(writer.tensors), tuple(writer.operators), source.inputs, source.outputs
    )


def _bundles(source: TfliteGraph) -> list[list[Operator]]:
    """Return operators that do the same with what comes out of the same operators before."""
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
    """Return what equal layers of equal branches have in common; None outside of branches."""
    options = tuple(sorted((name, str(value)) for name, value in operator.options.items()))
    if operator.kind == _ENTRANCE:
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
    """Writes the operators anew, bundles as one.

    Attributes:
        tensors: Those of the source, and the wide ones of the bundles.
        operators: What is written so far.
    """

    def __init__(self, source: TfliteGraph, bundles: Sequence[Sequence[Operator]]) -> None:
        self.tensors = list(source.tensors)
        self.operators: list[Operator] = []
        self._bundle_of = {o.outputs[0]: bundle for bundle in bundles for o in bundle}
        self._wide: dict[tuple[int, ...], int] = {}  # by the outputs of the bundle
        self._place: dict[int, tuple[int, int]] = {}  # of an output: wide tensor, which of it
        self._written: set[int] = set()

    def write(self, operator: Operator) -> None:
        """Add an operator, or, with the last of its bundle, the bundle."""
        bundle = self._bundle_of.get(operator.outputs[0])
        if bundle is None:
            for tensor in operator.inputs:
                self.narrow(tensor)
            self.operators.append(operator)
        elif operator is bundle[-1]:
            self._write_bundle(bundle)

    def narrow(self, tensor: int) -> None:
        """Take a tensor out of its bundle, for whoever reads it alone."""
        if tensor not in self._place or tensor in self._written:
            return
        self._written.add(tensor)
        wide, place = self._place[tensor]
        channels = self.tensors[tensor].shape[-1]
        options = {'begin': place * channels, 'end': (place + 1) * channels}
        self.operators.append(Operator(CHANNELS, (wide,), (tensor,), options))

    def _write_bundle(self, bundle: Sequence[Operator]) -> None:
        first, outputs = bundle[0], tuple(operator.outputs[0] for operator in bundle)
        before = self.tensors[outputs[0]]
        wide = self._tensor(
            Tensor(
                f'{before.name}_wide', (*before.shape[:-1], len(bundle) * before.shape[-1]), None
            )
        )
        if first.kind == _ENTRANCE:
            matrices = [operator.inputs[1] for operator in bundle]
            inputs, kind, options = [first.inputs[0], *matrices], first.kind, first.options
        elif first.kind == 'PAD':
            inputs, kind, options = self._padding(bundle)
        else:
            inputs, kind, options = self._layer(bundle), first.kind, first.options
        self.operators.append(Operator(kind, tuple(inputs), (wide,), options))
        self._wide[outputs] = wide
        self._place.update({output: (wide, place) for place, output in enumerate(outputs)})

    def _layer(self, bundle: Sequence[Operator]) -> list[int]:
        """Return the inputs of a layer: those that are computed side by side, and constants."""
        axes = iter(_CHANNEL_AXES[bundle[0].kind])
        return [
            self._beside(column)
            if self.tensors[column[0]].constant is None
            else self._stacked(column, next(axes))
            for column in zip(*(operator.inputs for operator in bundle), strict=True)
        ]

    def _padding(self, bundle: Sequence[Operator]) -> tuple[list[int], str, Mapping[str, int]]:
        """Return channels of zeros around those of each branch, as a grouped convolution."""
        tensor, paddings = (self.tensors[index] for index in bundle[0].inputs)
        before, after = paddings.constant[-1]  # type: ignore[index]
        channels = tensor.shape[-1]
        rows = np.eye(before + channels + after, channels, -before, dtype=np.float32)
        weights = np.tile(rows[:, None, None, :], (len(bundle), 1, 1, 1))
        wide = self._beside([operator.inputs[0] for operator in bundle])
        options = dict.fromkeys(('StrideH', 'StrideW', 'DilationHFactor', 'DilationWFactor'), 1)
        inputs = [wide, self._tensor(Tensor('padding', weights.shape, weights))]
        return inputs, 'CONV_2D', {**options, 'Padding': 0, 'FusedActivationFunction': 0}

    def _beside(self, column: Sequence[int]) -> int:
        """Return one tensor of the channels of several."""
        if tuple(column) in self._wide:
            return self._wide[tuple(column)]
        for tensor in column:
            self.narrow(tensor)
        shape = self.tensors[column[0]].shape
        wide = self._tensor(Tensor('beside', (*shape[:-1], len(column) * shape[-1]), None))
        options = {'Axis': len(shape) - 1, 'FusedActivationFunction': 0}
        self.operators.append(Operator('CONCATENATION', tuple(column), (wide,), options))
        self._wide[tuple(column)] = wide
        return wide

    def _stacked(self, column: Sequence[int], axis: int) -> int:
        arrays = [self.tensors[index].constant for index in column]
        stacked: NDArray[Any] = np.concatenate(arrays, axis=axis)  # type: ignore[arg-type]
        return self._tensor(Tensor(self.tensors[column[0]].name, stacked.shape, stacked))

    def _tensor(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1
