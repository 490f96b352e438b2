"""Simulates fp16 layers on a CPU: fp32 layers whose results are rounded to fp16."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def round_to_fp16(content: bytes) -> bytes:
    """Return a model of fp16 layers as one of fp32 layers that round each result to fp16.

    ONNX Runtime's CPU provider has no fp16 layers: it calculates them in fp32 and omits the
    roundings in between. Here they are kept. Sums inside a convolution are fp32, as in cuDNN and
    tensor cores; its bias is added in a second step with a rounding of its own, which is the less
    accurate of the two ways in which a GPU may add it.
    """
    model = onnx.load_from_string(content)
    graph = model.graph
    halves = {item.name for item in graph.initializer if item.data_type == TensorProto.FLOAT16}
    for item in graph.initializer:
        if item.name in halves:
            wide = numpy_helper.to_array(item).astype(np.float32)
            item.CopyFrom(numpy_helper.from_array(wide, item.name))
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        target = next((a.i for a in node.attribute if a.name == 'to'), None)
        if node.op_type == 'Cast' and target == TensorProto.FLOAT16:
            nodes += _rounding(node.input[0], node.output[0])
        elif node.op_type != 'Cast' and halves.intersection(node.input):
            nodes += _layer(node)
        else:
            nodes.append(node)
            continue
        halves.add(node.output[0])
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _layer(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    written = onnx.NodeProto()
    written.CopyFrom(node)
    (output,) = node.output
    written.output[0] = f'{output}_exact'
    if node.op_type != 'Conv' or len(node.input) < 3:
        return [written, *_rounding(written.output[0], output)]
    bias = written.input.pop()
    product, column, total = f'{output}_product', f'{output}_bias', f'{output}_total'
    axes = f'{output}_axes'
    return [
        written,
        *_rounding(written.output[0], product),
        helper.make_node('Constant', [], [axes], value_ints=[1, 2]),
        helper.make_node('Unsqueeze', [bias, axes], [column]),
        helper.make_node('Add', [product, column], [total]),
        *_rounding(total, output),
    ]


def _rounding(value: str, output: str) -> list[onnx.NodeProto]:
    half = f'{output}_fp16'
    return [
        helper.make_node('Cast', [value], [half], to=TensorProto.FLOAT16),
        helper.make_node('Cast', [half], [output], to=TensorProto.FLOAT),
    ]
