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


class OnnxGraph:
    """Nodes and constants of a growing graph; values are known by their names."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._initializers: list[onnx.TensorProto] = []

    def constant(self, array: NDArray[Any]) -> str:
        """Add a constant; equal ones are stored once."""
        array = np.ascontiguousarray(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = f'constant_{len(self._constants)}'
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
        output = output or f'{kind.lower()}_{len(self._nodes)}'
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def slice(self, value: str, axis: int, start: int, end: int) -> str:
        """Keep [start, end) of one axis."""
        return self.node(
            'Slice', value, self.integers(start), self.integers(end), self.integers(axis)
        )

    def model(
        self,
        inputs: Mapping[str, Sequence[int]],
        outputs: Mapping[str, Sequence[int]],
        properties: Mapping[str, str],
    ) -> onnx.ModelProto:
        """Close the graph.

        Args:
            inputs: Shape of each input after its batch axis; float32.
            outputs: The same of each output.
            properties: Entries of the file's metadata.
        """
        graph = helper.make_graph(
            self._nodes,
            properties['name'],
            [_batched(name, shape) for name, shape in inputs.items()],
            [_batched(name, shape) for name, shape in outputs.items()],
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


def _batched(name: str, shape: Sequence[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ['N', *shape])
