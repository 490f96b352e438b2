"""A model store whose detector fails on images of one colour, and works on all others.

The files are real: ONNX operators hang, raise, allocate and return NaN, in ONNX Runtime.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from facemesh_ros.models.files import sha256_of
from facemesh_ros.models.store import ModelStore

MODEL_FILE = 'short_range.cpu.onnx'
# Blue, green, red of images on which the detector fails, by how.
HANGS, RAISES, ALLOCATES, RETURNS_NAN = (0, 0, 255), (255, 0, 0), (255, 255, 0), (0, 255, 0)
# Red, green, blue of the input, weighted so that one colour alone is above the limit.
_WEIGHTS = {
    HANGS: (1, -1, -1),
    RAISES: (-1, -1, 1),
    ALLOCATES: (-2, 1, 1),
    RETURNS_NAN: (-1, 1, -1),
}
# The input is from -1 to 1. Any image is above the second limit: then loading hangs already.
_LIMIT, _NO_LIMIT = 2.5, -10.0
HUGE = 1 << 33
# For a `sitecustomize.py`: a test need not burn a core for as long as users are given.
QUICK_WATCHDOG = """\
from facemesh_ros.ros.diagnostics import stalled_inference
from facemesh_ros.ros.process import ending

stalled_inference.STALLED_S, stalled_inference.ENDED_S, ending.ENDING_S = 2, 7, 2
"""
QUICK_START_WATCHDOG = """\
from facemesh_ros.ros.diagnostics import stalled_inference
from facemesh_ros.ros.process import ending

stalled_inference.LOADING_STALLED_S, stalled_inference.LOADING_ENDED_S = 5, 15
ending.STARTING_S = 2
"""


def failing_store(store: ModelStore, folder: Path, hangs_above: float = _LIMIT) -> Path:
    """Copy a store into a folder, with a detector `short_range` that fails on some colours."""
    shutil.copytree(store.folder, folder)
    path = folder / MODEL_FILE
    model = onnx.load(path)
    _add_failures(model.graph, hangs_above)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    path.write_bytes(content)
    manifest = folder / 'manifest.json'
    entries = json.loads(manifest.read_text())
    entries['models']['short_range']['files'][MODEL_FILE] = sha256_of(content)
    manifest.write_text(json.dumps(entries))
    return folder


def failing_environment(store: ModelStore, folder: Path) -> dict[str, str]:
    """Return the environment of a node with such models, whose watchdog is quick."""
    return _environment(folder, QUICK_WATCHDOG, failing_store(store, folder / 'models'))


def hanging_environment(store: ModelStore, folder: Path) -> dict[str, str]:
    """Return the environment of a node that hangs while it loads its models."""
    models = failing_store(store, folder / 'models', _NO_LIMIT)
    return _environment(folder, QUICK_START_WATCHDOG, models)


def _environment(folder: Path, customization: str, models: Path) -> dict[str, str]:
    (folder / 'sitecustomize.py').write_text(customization)
    paths = [str(folder), os.environ.get('PYTHONPATH', '')]
    return {
        'PYTHONPATH': os.pathsep.join(filter(None, paths)),
        'FACEMESH_MODEL_DIR': str(models),
    }


def _add_failures(graph: onnx.GraphProto, hangs_above: float) -> None:
    """Add to the boxes what a failure returns, to the scores 100; zero in all other images."""
    (image,), (output, scores) = graph.input, (one.name for one in graph.output)
    inner = {output: 'without_failure', scores: 'scores_without_failure'}
    for node in graph.node:
        node.output[:] = [inner.get(name, name) for name in node.output]
    graph.node.append(helper.make_node('ReduceMean', [image.name], ['colour'], axes=[0, 1, 2]))
    total = 'without_failure'
    for number, (colour, weights) in enumerate(_WEIGHTS.items()):
        prefix = f'failure{number}_'
        values = np.array([weights], np.float32).T
        limit = np.float32(hangs_above if colour == HANGS else _LIMIT)
        graph.initializer.append(numpy_helper.from_array(values, f'{prefix}weights'))
        graph.initializer.append(numpy_helper.from_array(limit, f'{prefix}limit'))
        nodes = [
            helper.make_node('MatMul', ['colour', f'{prefix}weights'], [f'{prefix}score4']),
            helper.make_node('ReduceSum', [f'{prefix}score4'], [f'{prefix}score'], keepdims=0),
            helper.make_node('Greater', [f'{prefix}score', f'{prefix}limit'], [f'{prefix}is_on']),
            helper.make_node(
                'If',
                [f'{prefix}is_on'],
                [f'{prefix}value'],
                then_branch=_FAILURES[colour](f'{prefix}then'),
                else_branch=_constant_graph(f'{prefix}else', 0.0),
            ),
        ]
        sum_name = output if number == len(_WEIGHTS) - 1 else f'{prefix}sum'
        nodes.append(helper.make_node('Add', [total, f'{prefix}value'], [sum_name]))
        graph.node.extend(nodes)
        total = sum_name
        if colour == RETURNS_NAN:
            sure = helper.make_node(
                'If',
                [f'{prefix}is_on'],
                ['sure'],
                then_branch=_constant_graph('sure', 100.0),
                else_branch=_constant_graph('unsure', 0.0),
            )
            sum_of_scores = helper.make_node('Add', [inner[scores], 'sure'], [scores])
            graph.node.extend([sure, sum_of_scores])


def _constant(name: str, value: np.ndarray) -> onnx.NodeProto:
    return helper.make_node('Constant', [], [name], value=numpy_helper.from_array(value))


def _graph(prefix: str, nodes: list[onnx.NodeProto], output: str) -> onnx.GraphProto:
    value = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
    return helper.make_graph(nodes, f'{prefix}_graph', [], [value])


def _constant_graph(prefix: str, value: float) -> onnx.GraphProto:
    return _graph(prefix, [_constant(f'{prefix}_value', np.float32(value))], f'{prefix}_value')


def _nan(prefix: str) -> onnx.GraphProto:
    return _constant_graph(prefix, float('nan'))


def _endless_loop(prefix: str) -> onnx.GraphProto:
    true, one, total = f'{prefix}_true', f'{prefix}_one', f'{prefix}_total'
    state_in, state_out = f'{prefix}_in', f'{prefix}_out'
    body = helper.make_graph(
        [
            helper.make_node('Identity', [f'{prefix}_goes_on'], [f'{prefix}_goes_on_out']),
            helper.make_node('Cos', [state_in], [state_out]),
        ],
        f'{prefix}_body',
        [
            helper.make_tensor_value_info(f'{prefix}_turn', TensorProto.INT64, []),
            helper.make_tensor_value_info(f'{prefix}_goes_on', TensorProto.BOOL, []),
            helper.make_tensor_value_info(state_in, TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info(f'{prefix}_goes_on_out', TensorProto.BOOL, []),
            helper.make_tensor_value_info(state_out, TensorProto.FLOAT, []),
        ],
    )
    nodes = [
        _constant(true, np.bool_(True)),
        _constant(one, np.float32(1)),
        helper.make_node('Loop', ['', true, one], [total], body=body),
    ]
    return _graph(prefix, nodes, total)


def _index_out_of_range(prefix: str) -> onnx.GraphProto:
    """An index that is known only when it runs: the size of the image."""
    nodes = [
        _constant(f'{prefix}_one', np.ones(1, np.float32)),
        helper.make_node('Size', ['image'], [f'{prefix}_size']),
        helper.make_node('Gather', [f'{prefix}_one', f'{prefix}_size'], [f'{prefix}_value']),
    ]
    return _graph(prefix, nodes, f'{prefix}_value')


def _huge_tensor(prefix: str) -> onnx.GraphProto:
    """A tensor of 32 GB, whose size is known only when it runs."""
    nodes = [
        _constant(f'{prefix}_count', np.array([HUGE // (128 * 128 * 3)], np.int64)),
        helper.make_node('Size', ['image'], [f'{prefix}_size']),
        helper.make_node('Mul', [f'{prefix}_count', f'{prefix}_size'], [f'{prefix}_shape']),
        helper.make_node('ConstantOfShape', [f'{prefix}_shape'], [f'{prefix}_huge']),
        helper.make_node('ReduceSum', [f'{prefix}_huge'], [f'{prefix}_value'], keepdims=0),
    ]
    return _graph(prefix, nodes, f'{prefix}_value')


_FAILURES = {
    HANGS: _endless_loop,
    RAISES: _index_out_of_range,
    ALLOCATES: _huge_tensor,
    RETURNS_NAN: _nan,
}
