"""Reads a TFLite file into tensors, operators and their options.

Weights stored as float16 behind DEQUANTIZE, or sparsely behind DENSIFY, come out as dense float32
constants, so a translation sees only the operators that compute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tflite
from flatbuffers import flexbuffers
from numpy.typing import NDArray

from facemesh_ros.errors import ConversionError
from facemesh_ros.models.convert.sparse import dense_from_sparse

_DTYPES: dict[int, type[np.generic]] = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT64: np.int64,
}
_KINDS: dict[int, str] = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
CONVOLUTIONS = ('CONV_2D', 'DEPTHWISE_CONV_2D')
_WINDOW = ('Padding', 'StrideH', 'StrideW', 'FusedActivationFunction')
_DILATION = ('DilationHFactor', 'DilationWFactor')
_OPTIONS: dict[str, tuple[Any, tuple[str, ...]]] = {
    'ADD': (tflite.AddOptions, ('FusedActivationFunction',)),
    'CONCATENATION': (tflite.ConcatenationOptions, ('Axis', 'FusedActivationFunction')),
    'CONV_2D': (tflite.Conv2DOptions, (*_WINDOW, *_DILATION)),
    'DEPTHWISE_CONV_2D': (tflite.DepthwiseConv2DOptions, (*_WINDOW, *_DILATION)),
    'DEPTH_TO_SPACE': (tflite.DepthToSpaceOptions, ('BlockSize',)),
    'DIV': (tflite.DivOptions, ('FusedActivationFunction',)),
    'MAX_POOL_2D': (tflite.Pool2DOptions, (*_WINDOW, 'FilterHeight', 'FilterWidth')),
    'MEAN': (tflite.ReducerOptions, ('KeepDims',)),
    'MUL': (tflite.MulOptions, ('FusedActivationFunction',)),
    'RESIZE_BILINEAR': (tflite.ResizeBilinearOptions, ('AlignCorners', 'HalfPixelCenters')),
    'STRIDED_SLICE': (
        tflite.StridedSliceOptions,
        ('BeginMask', 'EndMask', 'EllipsisMask', 'NewAxisMask', 'ShrinkAxisMask'),
    ),
    'SUB': (tflite.SubOptions, ('FusedActivationFunction',)),
    'SUM': (tflite.ReducerOptions, ('KeepDims',)),
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value of the graph; `constant` is None where the graph computes it."""

    name: str
    shape: tuple[int, ...]
    constant: NDArray[Any] | None


@dataclass(frozen=True, slots=True)
class Operator:
    """One step of the graph.

    Attributes:
        kind: Builtin name ("CONV_2D") or the name of a custom operator.
        inputs: Tensor indices, -1 where an optional input is absent.
        outputs: Tensor indices.
        options: The operator's options by their schema names.
    """

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any]

    @property
    def has_bias(self) -> bool:
        """Whether a convolution has a bias, its third input."""
        return len(self.inputs) > 2 and self.inputs[2] >= 0


@dataclass(frozen=True, slots=True)
class TfliteGraph:
    """The first subgraph of a TFLite file, constants folded."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def output_index(self, name: str) -> int:
        """Return the index of the output tensor of that name."""
        for index in self.outputs:
            if self.tensors[index].name == name:
                return index
        known = ', '.join(self.tensors[index].name for index in self.outputs)
        raise ConversionError(f'the model has no output {name!r}; it has {known}')

    def producer(self, tensor: int) -> Operator:
        """Return the operator that computes a tensor."""
        operator = self.maker(tensor)
        if operator is None:
            raise ConversionError(f'nothing computes tensor {self.tensors[tensor].name!r}')
        return operator

    def maker(self, tensor: int) -> Operator | None:
        """Return the operator that computes a tensor, if one does."""
        return next((each for each in self.operators if tensor in each.outputs), None)

    def readers(self, tensor: int) -> list[Operator]:
        """Return the operators that read a tensor."""
        return [each for each in self.operators if tensor in each.inputs]


def read_tflite(content: bytes) -> TfliteGraph:
    """Read the bytes of a TFLite file.

    Raises:
        ConversionError: If the bytes are no TFLite file, or store numbers in an unknown type.
    """
    if content[4:8] != b'TFL3':
        raise ConversionError('not a TFLite file: it does not carry the mark TFL3')
    model = tflite.Model.GetRootAsModel(content, 0)
    subgraph = model.Subgraphs(0)
    tensors = [_tensor(model, subgraph.Tensors(i)) for i in range(subgraph.TensorsLength())]
    computing = []
    for i in range(subgraph.OperatorsLength()):
        operator = _operator(model, subgraph.Operators(i))
        if operator.kind == 'DEQUANTIZE':
            _fold_dequantize(tensors, operator)
        elif operator.kind == 'DENSIFY':
            _fold_densify(tensors, operator)
        else:
            computing.append(operator)
    return TfliteGraph(
        tuple(tensors),
        tuple(computing),
        _indices(subgraph.InputsAsNumpy()),
        _indices(subgraph.OutputsAsNumpy()),
    )


def _tensor(model: Any, tensor: Any) -> Tensor:
    name = tensor.Name().decode()
    shape = _indices(tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
    buffer = model.Buffers(tensor.Buffer())
    if not buffer.DataLength():
        return Tensor(name, shape, None)
    dtype = _DTYPES.get(tensor.Type())
    if dtype is None:
        raise ConversionError(f'{name}: constants of TFLite type {tensor.Type()} are unknown')
    numbers = buffer.DataAsNumpy().view(dtype)
    if tensor.Sparsity() is not None:
        return Tensor(name, shape, dense_from_sparse(name, numbers, shape, tensor.Sparsity()))
    return Tensor(name, shape, numbers.reshape(shape))


def _operator(model: Any, operator: Any) -> Operator:
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Old files hold the code in one byte, newer ones in a field of its own; the larger one counts.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    if number == tflite.BuiltinOperator.CUSTOM:
        kind, options = code.CustomCode().decode(), _custom_options(operator)
    else:
        kind = _KINDS[number]
        options = _builtin_options(kind, operator)
    return Operator(
        kind, _indices(operator.InputsAsNumpy()), _indices(operator.OutputsAsNumpy()), options
    )


def _builtin_options(kind: str, operator: Any) -> dict[str, Any]:
    table = operator.BuiltinOptions()
    if kind not in _OPTIONS or table is None:
        return {}
    schema, names = _OPTIONS[kind]
    options = schema()
    options.Init(table.Bytes, table.Pos)
    return {name: getattr(options, name)() for name in names}


def _custom_options(operator: Any) -> dict[str, Any]:
    if not operator.CustomOptionsLength():
        return {}
    return dict(flexbuffers.Loads(operator.CustomOptionsAsNumpy().tobytes()))


def _fold_dequantize(tensors: list[Tensor], operator: Operator) -> None:
    stored, widened = tensors[operator.inputs[0]], tensors[operator.outputs[0]]
    if stored.constant is None or stored.constant.dtype != np.float16:
        raise ConversionError(f'{stored.name}: only float16 constants can be dequantised')
    tensors[operator.outputs[0]] = Tensor(
        widened.name, widened.shape, stored.constant.astype(np.float32)
    )


def _fold_densify(tensors: list[Tensor], operator: Operator) -> None:
    stored, dense = tensors[operator.inputs[0]], tensors[operator.outputs[0]]
    if stored.constant is None:
        raise ConversionError(f'{stored.name}: only constants can be made dense')
    tensors[operator.outputs[0]] = Tensor(dense.name, dense.shape, stored.constant)


def _indices(numbers: Any) -> tuple[int, ...]:
    return tuple(int(number) for number in numbers)
