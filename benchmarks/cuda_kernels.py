#!/usr/bin/env python3
"""Counts the kernels of each graph as ONNX Runtime optimises it for CUDA; needs no GPU.

    FACEMESH_MODEL_DIR=FOLDER PYTHON benchmarks/cuda_kernels.py [FOLDER OF OTHER MODEL FILES ...]

PYTHON has onnx and onnxruntime-gpu for CUDA 13. Where there is no driver, stand-ins for driver and
CUDA are built, on which a session can be opened. Each folder is one column of the table.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

import onnx
import onnxruntime as ort

ROOT = Path(__file__).resolve().parents[1]
STAND_INS = 'FACEMESH_STAND_INS'
FILES = ['full_range', 'short_range', 'v2', 'attention', 'mesh']
FILES = [f'{name}.{variant}' for name in FILES for variant in ('images', 'half.images')]
# These move no data, or only the CPU's.
FREE = frozenset({'Reshape', 'Unsqueeze', 'Squeeze', 'Identity', 'Flatten', 'Shape'})


def optimized(path: Path) -> onnx.GraphProto:
    """Return a graph as ONNX Runtime runs it on CUDA."""
    with tempfile.TemporaryDirectory() as folder:
        options = ort.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.optimized_model_filepath = str(Path(folder) / 'optimized.onnx')
        cuda = 'CUDAExecutionProvider'
        # Without that the CPU would take over, and its graph be counted.
        session = ort.InferenceSession(
            path, options, providers=[cuda, 'CPUExecutionProvider'], enable_fallback=0
        )
        if session.get_providers()[0] != cuda:
            sys.exit('ONNX Runtime would not use CUDA here; see docs/gpu_install.md')
        return onnx.load(options.optimized_model_filepath).graph


def count(graph: onnx.GraphProto) -> tuple[int, int]:
    """Return all kernels, and those of them that add the bias of a convolution."""
    biases = sum(node.op_type == 'Conv' and len(node.input) > 2 for node in graph.node)
    return sum(node.op_type not in FREE for node in graph.node) + biases, biases


def restart_on_stand_ins() -> None:
    """Replace this process by one that finds stand-ins, unless it does or there is a driver."""
    try:
        ctypes.CDLL('libcuda.so.1')
        return
    except OSError:
        if STAND_INS in os.environ:
            raise
    spec = importlib.util.spec_from_file_location(
        'building', ROOT / 'test/inference/stand_in/building.py'
    )
    building = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(building)
    folder = Path(tempfile.mkdtemp(prefix='stand_ins_'))
    provider = Path(ort.__file__).parent / 'capi/libonnxruntime_providers_cuda.so'
    building.build_all(folder, provider)
    found = {**os.environ, 'LD_LIBRARY_PATH': str(folder), STAND_INS: str(folder)}
    os.execve(sys.executable, [sys.executable, *sys.argv], found)


def main() -> None:
    """Print the table, as Markdown."""
    restart_on_stand_ins()
    folders = [Path(folder) for folder in [os.environ['FACEMESH_MODEL_DIR'], *sys.argv[1:]]]
    print('| graph |', ' | '.join(f'{folder.name} (bias)' for folder in folders), '|')
    print('|---' * (1 + len(folders)) + '|')
    for name in [*FILES, 'blendshapes']:
        counts = [count(optimized(folder / f'{name}.onnx')) for folder in folders]
        print(f'| {name} |', ' | '.join(f'{all_} ({bias})' for all_, bias in counts), '|')


if __name__ == '__main__':
    main()
