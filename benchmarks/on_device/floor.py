"""The least time a graph can take: its bytes at the device's speed, and its kernels.

Bytes are what each operator reads and writes, as ONNX Runtime runs them one by one; what it fuses
would lower them. Arithmetic does not count: on a GPU these networks never wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from on_device.contestant import IMAGE_WH, Contestant
from on_device.memory import MemoryWatch
from onnx import helper, numpy_helper, shape_inference

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.models.store import ModelStore

BATCHES = (1, 8, 64)
# From one kernel of a CUDA graph to the next.
KERNEL_S = 2e-6
# These move nothing.
FREE = frozenset({'Reshape', 'Unsqueeze', 'Squeeze', 'Identity', 'Flatten'})


@dataclass(frozen=True)
class FloorRow:
    """What a graph asks of a device.

    Attributes:
        graph: Name of the model.
        batch: Number of crops.
        kernels: Operators that do something.
        macs: Products that its convolutions add up.
        bytes: Read and written.
        floor_ms: The least time.
    """

    graph: str
    batch: int
    kernels: int
    macs: int
    bytes: int
    floor_ms: float

    def cells(self) -> list[str]:
        """Return what a table shows."""
        counts = f'{self.macs / 1e6:.1f}', f'{self.bytes / 1e6:.1f}'
        return [self.graph, str(self.batch), str(self.kernels), *counts, f'{self.floor_ms:.3f}']


def floor_rows(contestant: Contestant, choice: ProviderChoice) -> list[FloorRow]:
    """Count each graph and measure how fast the device moves bytes."""
    bytes_per_s, store = MemoryWatch(choice).bytes_per_s(), ModelStore()
    rows = []
    for name, session in contestant.device.sessions.items():
        content = store.load(name, Variant(session.variant))
        for batch in BATCHES:
            kernels, macs, moved = counted(content, batch)
            floor_ms = 1e3 * (moved / bytes_per_s + KERNEL_S * kernels)
            rows.append(FloorRow(name, batch, kernels, macs, moved, floor_ms))
    return rows


def counted(content: bytes, batch: int) -> tuple[int, int, int]:
    """Return kernels, products and bytes of a graph at one batch size."""
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
    """Return elements and bytes of every value."""
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
