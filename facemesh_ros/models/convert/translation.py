"""State of one translation: TFLite tensors and their ONNX values.

TFLite images are channels-last, ONNX wants them channels-first. One rule keeps the two apart: if
the model's input is an image, a computed tensor of rank 4 is NCHW in the ONNX graph; everything
else keeps its axes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.errors import ConversionError
from facemesh_ros.models.convert.nchwc_rewrites import Crelu
from facemesh_ros.models.convert.onnx_graph import OnnxGraph
from facemesh_ros.models.convert.tflite_graph import Operator, Tensor, TfliteGraph

Value = str | Crelu
NCHW_FROM_NHWC = (0, 3, 1, 2)
NHWC_FROM_NCHW = (0, 2, 3, 1)


class Translation:
    """A TFLite graph, the ONNX graph that it becomes, and the values translated so far.

    Attributes:
        source: The TFLite graph.
        target: The ONNX graph.
        variant: Which hardware the result is for.
        channels_first: Whether tensors of rank 4 are NCHW.
    """

    def __init__(self, source: TfliteGraph, variant: Variant) -> None:
        self.source = source
        self.target = OnnxGraph()
        self.variant = variant
        self.channels_first = any(len(self.tensor(index).shape) == 4 for index in source.inputs)
        self._values: dict[int, Value] = {}

    def tensor(self, index: int) -> Tensor:
        """Return a TFLite tensor."""
        return self.source.tensors[index]

    def constant(self, index: int) -> NDArray[Any]:
        """Return a tensor's numbers.

        Raises:
            ConversionError: If the graph computes them.
        """
        tensor = self.tensor(index)
        if tensor.constant is None:
            raise ConversionError(f'{tensor.name}: must be a constant')
        return tensor.constant

    def value(self, index: int) -> str:
        """Return the ONNX value of a computed tensor."""
        if index not in self._values:
            raise ConversionError(f'{self.tensor(index).name}: used before it is computed')
        value = self._values[index]
        if isinstance(value, Crelu):
            value = self._values[index] = value.sum(self.target)
        return value

    def crelu(self, index: int) -> Crelu | None:
        """Return the CReLU pairs of a tensor, if the layer that computes it was rewritten."""
        value = self._values.get(index)
        return value if isinstance(value, Crelu) else None

    def define(self, index: int, value: Value) -> None:
        """Set the ONNX value of a tensor."""
        self._values[index] = value

    def operand(self, index: int, rank: int) -> str:
        """Return a tensor as operand of an elementwise operator whose result has that rank."""
        tensor = self.tensor(index)
        if tensor.constant is None:
            if len(tensor.shape) != rank and self._is_nchw(rank):
                raise ConversionError(f'{tensor.name}: cannot be broadcast to channels-first')
            return self.value(index)
        array = tensor.constant
        if self._is_nchw(rank):
            array = array.reshape((1,) * (4 - array.ndim) + array.shape)
            array = array.transpose(NCHW_FROM_NHWC)
        return self.target.constant(array)

    def axis(self, axis: int, rank: int) -> int:
        """Return which axis of an ONNX value is an axis of its TFLite tensor."""
        return NCHW_FROM_NHWC.index(axis) if self._is_nchw(rank) else axis

    def channels_last(self, index: int) -> str:
        """Return a value with the axes of its TFLite tensor."""
        shape = self.tensor(index).shape
        if not self._is_nchw(len(shape)) or _is_vector(shape):
            return self.value(index)
        return self.target.node('Transpose', self.value(index), perm=NHWC_FROM_NCHW)

    def reshaped(self, value: str, shape: tuple[int, ...]) -> str:
        """Reshape a channels-last value to the shape of a TFLite tensor, as `value` wants it."""
        if not self._is_nchw(len(shape)):
            return self.reshaped_as_is(value, shape)
        if _is_vector(shape):
            return self.reshaped_as_is(value, tuple(shape[axis] for axis in NCHW_FROM_NHWC))
        result = self.reshaped_as_is(value, shape)
        return self.target.node('Transpose', result, perm=NCHW_FROM_NHWC)

    def _is_nchw(self, rank: int) -> bool:
        return self.channels_first and rank == 4

    def reshaped_as_is(self, value: str, shape: tuple[int, ...], output: str | None = None) -> str:
        """Reshape a value, batch axis kept."""
        return self.target.node(
            'Reshape', value, self.target.integers(0, *shape[1:]), output=output
        )

    def activated(self, value: str, function: int) -> str:
        """Apply an operator's fused activation."""
        if function not in _ACTIVATIONS:
            raise ConversionError(f'fused activation {function} is not supported')
        return _ACTIVATIONS[function](self.target, value)


Rule = Callable[[Translation, Operator], Value]


def _is_vector(shape: tuple[int, ...]) -> bool:
    # One pixel: both axis orders hold the same numbers in the same order.
    return shape[1:3] == (1, 1)


def _relu6(target: OnnxGraph, value: str) -> str:
    low, high = (target.constant(np.array(limit, np.float32)) for limit in (0, 6))
    return target.node('Clip', value, low, high)


# Numbers of the schema's ActivationFunctionType: NONE, RELU, RELU6.
_ACTIVATIONS: dict[int, Callable[[OnnxGraph, str], str]] = {
    0: lambda _, value: value,
    1: lambda target, value: target.node('Relu', value),
    3: _relu6,
}
