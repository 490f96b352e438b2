"""Half precision (fp16) within a network, full precision (fp32) where it counts.

The layers of an image network calculate in fp16. Its last convolutions do not: they give
coordinates up to 256, which fp16 counts in steps of 1/8 px, and logits down to -30000 (a black
image in the short-range detector), half way to fp16's end. What calculates with coordinates, as in
the attention model, stays fp32 too, and with it GridSample, for which ONNX Runtime's CUDA provider
has no fp16.

The public converters (onnxruntime.transformers.float16, onnxconverter-common) will not do: they
round to fp16 between any two operators that are to stay fp32 and in front of every output, and
their graphs are not sorted, or not valid where the model holds a Cast of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_CONVOLUTION = 'Conv'
# Layers, and their inputs that have the type of the calculation.
_LAYERS: Mapping[str, slice] = {
    _CONVOLUTION: slice(None),
    'Add': slice(None),
    'Clip': slice(None),
    'DepthToSpace': slice(None),
    'MaxPool': slice(None),
    'PRelu': slice(None),
    'Pad': slice(0, 1),
    'Relu': slice(None),
    'Resize': slice(0, 1),
}


def in_half_precision(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model whose layers calculate in fp16, its inputs and outputs left as they are."""
    halved = onnx.ModelProto()
    halved.CopyFrom(model)
    graph = halved.graph
    writer = _Writer(graph, _inner_layers(graph.node))
    for node in model.graph.node:
        writer.write(node)
    del graph.node[:], graph.initializer[:]
    graph.node.extend(writer.nodes)
    used = {name for node in writer.nodes for name in node.input}
    graph.initializer.extend(item for item in writer.constants.values() if item.name in used)
    onnx.checker.check_model(halved, full_check=True)
    return halved


def _inner_layers(nodes: Iterable[onnx.NodeProto]) -> set[str]:
    """Return the outputs of the layers from which layers alone lead to another convolution."""
    inner: set[str] = set()
    feeding: set[str] = set()  # values that an inner layer or a convolution reads
    for node in reversed(list(nodes)):
        (output,) = node.output
        if node.op_type not in _LAYERS:
            continue
        if output in feeding:
            inner.add(output)
        if output in inner or node.op_type == _CONVOLUTION:
            feeding.update(node.input[_LAYERS[node.op_type]])
    return inner


class _Writer:
    """Writes the nodes anew, with a Cast wherever a value changes its precision.

    Attributes:
        nodes: What is written so far.
        constants: Initializers by name, the fp16 ones among them.
    """

    def __init__(self, graph: onnx.GraphProto, inner: set[str]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants = {item.name: item for item in graph.initializer}
        self._inner = inner
        self._cast: set[str] = set()

    def write(self, node: onnx.NodeProto) -> None:
        """Add a node in its precision."""
        written = onnx.NodeProto()
        written.CopyFrom(node)
        inner = node.output[0] in self._inner
        typed = _LAYERS[node.op_type] if inner else slice(0, 0)
        halves = set(range(len(node.input))[typed])
        for place, name in enumerate(node.input):
            if place in halves:
                written.input[place] = self._half(name)
            elif name in self._inner:
                written.input[place] = self._converted(name, TensorProto.FLOAT)
        self.nodes.append(written)

    def _half(self, name: str) -> str:
        if name in self._inner or not name:
            return name
        if name not in self.constants:
            return self._converted(name, TensorProto.FLOAT16)
        constant = f'{name}_half'
        if constant not in self.constants:
            values = numpy_helper.to_array(self.constants[name]).astype(np.float16)
            self.constants[constant] = numpy_helper.from_array(values, constant)
        return constant

    def _converted(self, name: str, to: int) -> str:
        converted = f'{name}_{TensorProto.DataType.Name(to).lower()}'
        if converted not in self._cast:
            self._cast.add(converted)
            self.nodes.append(helper.make_node('Cast', [name], [converted], converted, to=to))
        return converted
