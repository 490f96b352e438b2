"""Lower bound of a graph's time: its memory traffic at the device's bandwidth, plus its kernels.

Traffic is what each operator reads and writes when ONNX Runtime runs them one by one; fusion would
lower it. Arithmetic does not count: on a GPU these models never wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
from gpu_measurements.memory import DeviceMemory
from gpu_measurements.models import WarmModels
from gpu_measurements.scene import IMAGE_WH
from onnx import helper, numpy_helper, shape_inference

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.models.store import ModelStore

BATCHES = (1, 8, 64)
# Time from one kernel of a CUDA graph to the next.
KERNEL_S = 2e-6
# These operators move no data.
FREE = frozenset({'Reshape', 'Unsqueeze', 'Squeeze', 'Identity', 'Flatten'})


def graph_rows(models: WarmModels, choice: ProviderChoice) -> Iterator[dict[str, Any]]:
    """Count each graph and measure the device's bandwidth."""
    bytes_per_s, store = DeviceMemory(choice).bytes_per_s(), ModelStore()
    for name, session in models.device.sessions.items():
        content = store.load(name, Variant(session.variant))
        for batch in BATCHES:
            kernels, macs, moved = count_graph(content, batch)
            bound_ms = 1e3 * (moved / bytes_per_s + KERNEL_S * kernels)
            counts = {'kernels': kernels, 'mmac': macs / 1e6, 'megabytes': moved / 1e6}
            yield {'graph': name, 'batch': batch, **counts, 'bound_ms': bound_ms}


def count_graph(content: bytes, batch: int) -> tuple[int, int, int]:
    """Return kernels, multiply-adds of convolutions, and bytes moved, at one batch size."""
    graph = _with_shapes(content, batch).graph
    sizes = _sizes(graph)
    shapes = {item.name: tuple(item.dims) for item in graph.initializer}
    kernels = macs = moved = 0
    for node in graph.node:
        if node.op_type in FREE:
            continue
        kernels += 1
        read = [name for name in node.input if name and name != 'pixels']
        moved += sum(sizes[name][1] for name in (*read, *node.output))
        if node.op_type == 'Gather' and 'pixels' in node.input:
            moved += sizes[node.output[0]][1]
        if node.op_type == 'Conv':
            kernels += len(node.input) > 2  # ONNX Runtime adds a bias by a kernel of its own
            macs += sizes[node.output[0]][0] * int(np.prod(shapes[node.input[1]][1:]))
    return kernels, macs, moved


def _with_shapes(content: bytes, batch: int) -> onnx.ModelProto:
    model = onnx.load_from_string(content)
    known = {'N': batch, 'bytes': 3 * IMAGE_WH[0] * IMAGE_WH[1]}
    for item in (*model.graph.input, *model.graph.output):
        for axis in item.type.tensor_type.shape.dim:
            if axis.dim_param in known:
                axis.dim_value = known[axis.dim_param]
    return shape_inference.infer_shapes(model, data_prop=True)


def _sizes(graph: onnx.GraphProto) -> Mapping[str, tuple[int, int]]:
    """Return number of elements and bytes of every value."""
    sizes = {}
    for item in (*graph.input, *graph.output, *graph.value_info):
        tensor = item.type.tensor_type
        elements = int(np.prod([axis.dim_value for axis in tensor.shape.dim]))
        kind = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        sizes[item.name] = elements, elements * kind.itemsize
    for constant in graph.initializer:
        array = numpy_helper.to_array(constant)
        sizes[constant.name] = array.size, array.nbytes
    return sizes
