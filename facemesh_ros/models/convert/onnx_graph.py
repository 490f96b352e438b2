"""Builds an ONNX graph node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

# ONNX Runtime 1.16 and later load these; GridSample exists from opset 16 on.
OPSET = 17
IR_VERSION = 8

# Shape of each input or output after its batch axis, by name; or a whole description.
Ends = Mapping[str, Sequence[int] | onnx.ValueInfoProto]


class OnnxGraph:
    """Nodes and constants of a growing graph; values are known by their names."""

    def __init__(self, prefix: str = '') -> None:
        """Begin an empty graph; the names that it gives begin with `prefix`."""
        self._prefix = prefix
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._initializers: list[onnx.TensorProto] = []

    def constant(self, array: NDArray[Any]) -> str:
        """Add a constant; equal ones are stored once."""
        array = np.asarray(array, order='C')
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = f'{self._prefix}constant_{len(self._constants)}'
            self._constants[key] = name
            self._initializers.append(numpy_helper.from_array(array, name))
        return self._constants[key]

    def floats(self, *numbers: float) -> str:
        """Add a float32 vector."""
        return self.constant(np.asarray(numbers, np.float32))

    def integers(self, *numbers: int) -> str:
        """Add an int64 vector, as ONNX wants shapes and indices."""
        return self.constant(np.asarray(numbers, np.int64))

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node of one output and return the output's name."""
        output = output or f'{self._prefix}{kind.lower()}_{len(self._nodes)}'
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def split(self, value: str, axis: int, count: int) -> list[str]:
        """Part an axis into equal parts and return their names."""
        name = f'{self._prefix}split_{len(self._nodes)}'
        parts = [f'{name}_{index}' for index in range(count)]
        self._nodes.append(helper.make_node('Split', [value], parts, name=name, axis=axis))
        return parts

    def slice(self, value: str, axis: int, start: int, end: int) -> str:
        """Keep [start, end) of one axis."""
        return self.node(
            'Slice', value, self.integers(start), self.integers(end), self.integers(axis)
        )

    def model(
        self,
        inputs: Ends,
        outputs: Ends,
        properties: Mapping[str, str],
    ) -> onnx.ModelProto:
        """Close the graph.

        Args:
            inputs: Float32, if it is a shape.
            outputs: The same.
            properties: Entries of the file's metadata, its `name` among them.
        """
        graph = helper.make_graph(
            self._nodes,
            properties['name'],
            _described(inputs),
            _described(outputs),
            self._initializers,
        )
        model = helper.make_model(
            graph,
            producer_name='facemesh_ros',
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid('', OPSET)],
        )
        helper.set_model_props(model, dict(properties))
        onnx.checker.check_model(model, full_check=True)
        return model


def batched(
    name: str, shape: Sequence[int], kind: int = onnx.TensorProto.FLOAT
) -> onnx.ValueInfoProto:
    """Describe an input or output by its shape after the batch axis."""
    return helper.make_tensor_value_info(name, kind, ['N', *shape])


def _described(ends: Ends) -> list[onnx.ValueInfoProto]:
    return [
        end if isinstance(end, onnx.ValueInfoProto) else batched(name, end)
        for name, end in ends.items()
    ]
