"""The benchmark of a GPU: what it measures is right and complete, and without a GPU it says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from common.command import MeasurementError
from gpu_measurements.graph_cost import count_graph
from gpu_measurements.host_time import idle_model
from gpu_measurements.image_parts import ImageParts
from gpu_measurements.scene import make_scene
from gpu_measurements.time_limit import TimeLimit
from gpu_measurements.variant_process import _error_px, _write
from gpu_measurements.variant_rounds import VariantRounds, works_of
from gpu_measurements.variants import VARIANTS
from systems.process import LoggedProcess

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.inference.gpu.bound_batches import DTYPES

SCRIPT = Path(__file__).parents[2] / 'benchmarks' / 'gpu.py'
NAMES = ['fp32', 'fp32 without graphs', 'fp16']
ON_CPU = [
    *('--provider', 'cpu', '--model', 'mesh', '--variants', *NAMES, '--batches', '1'),
    *('--rounds', '1', '--block', '2', '--samples', '1', '--faces', '2'),
    *('--cameras', '1', '--rate', '2', '--seconds', '0.5', '--minutes', '0'),
]


# Millions of multiply-adds as the layers of the original networks say, counted by hand elsewhere.
@pytest.mark.parametrize(
    ('name', 'mmac'), [('short_range', 30.8), ('full_range', 117), ('mesh', 35.0), ('v2', 112.9)]
)
def test_the_lower_bound_counts_each_multiply_add_once(model_store, require_models, name, mmac):
    require_models(name)
    content = model_store.load(name, Variant.PLAIN_IMAGES)
    kernels, macs, moved = count_graph(content, 1)
    assert macs / 1e6 == pytest.approx(mmac, rel=0.01)
    assert count_graph(content, 8)[1] == 8 * macs
    assert 100 < kernels < 350
    assert moved > 20e6


@pytest.mark.parametrize('name', ['v2', 'full_range', 'blendshapes'])
def test_the_host_is_timed_around_graphs_of_the_same_shapes(model_store, require_models, name):
    require_models(name)
    variant = Variant.PLAIN if name == 'blendshapes' else Variant.PLAIN_IMAGES
    content = model_store.load(name, variant)
    full, idle = (
        ort.InferenceSession(model, providers=['CPUExecutionProvider'])
        for model in (content, idle_model(content))
    )
    inputs = {
        item.name: np.zeros((3, *item.shape[1:]), DTYPES[item.type]) for item in full.get_inputs()
    }
    assert [item.name for item in idle.get_inputs()] == list(inputs)
    expected, found = full.run(None, inputs), idle.run(None, inputs)
    assert [(each.shape, each.dtype) for each in found] == [
        (each.shape, each.dtype) for each in expected
    ]


def test_without_a_gpu_nothing_is_measured(model_store):
    if 'CUDAExecutionProvider' in ort.get_available_providers():
        pytest.skip('this ONNX Runtime has CUDA')
    ended = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert 'no GPU runs the models here' in ended.stderr
    assert 'onnxruntime-gpu' in ended.stderr
    assert 'Traceback' not in ended.stderr
    assert ended.stdout == ''


def test_on_the_cpu_all_is_measured_and_labelled(model_store, require_models, tmp_path):
    require_models('mesh', 'short_range', 'full_range')
    file = tmp_path / 'figures'
    command = [sys.executable, str(SCRIPT), *ON_CPU, '--json', str(file)]
    with LoggedProcess('benchmark', command, dict(os.environ)) as process:
        first = process.line(timeout_s=100)
        while not process.line(timeout_s=100).startswith('- Precision: '):
            pass
        # Whatever ends it now, this much is there.
        before = json.loads(file.read_text())
        assert process._process.wait(timeout=100) == 0
    assert 'NO FIGURE HERE SAYS ANYTHING ABOUT A GPU' in first
    found = json.loads(file.read_text())
    assert found['left_out'] == []
    assert before['variants'] == found['variants']
    assert before['about']['device'] == 'CPU'
    assert [(row['variant'], row['work']) for row in found['variants']] == [
        (name, work)
        for work in ('mesh on 1 face', 'short_range once', 'full_range once')
        for name in NAMES
    ]
    for row in found['variants']:
        assert row['error_px'] == [0, 0]  # all are the same here
        assert row['gpu_ms'] > 0
        assert row['ms']['n'] == 2
        assert row['note'] == 'runs as plain fp32'
    assert len(found['recommendations']) == 3
    for part in ('latency', 'faces', 'cameras', 'bound', 'memory', 'took'):
        assert found[part], part


def test_variants_go_on_when_one_dies_and_end_at_the_limit(model_store, require_models, tmp_path):
    require_models('mesh', 'short_range', 'full_range')
    make_scene('mesh', None, images=16).save(tmp_path)
    now_s = 0.0
    limit = TimeLimit(100, lambda: now_s)
    job = {'scene': str(tmp_path), 'model': 'mesh'}
    rounds = VariantRounds(works_of('mesh', [1], 2)[:1], job, 'cpu', 0, limit)

    def let_time_pass() -> None:
        nonlocal now_s
        now_s += 60

    with ExitStack() as undo:
        rounds.open([each for each in VARIANTS if each.name in NAMES], undo)
        rounds.measure(1, let_time_pass)
        rounds._processes['fp16']._process.kill()
        rounds.measure(3, let_time_pass)
    assert limit.not_reached == ['rounds 2 to 3 of the variants: the limit of 100 s was reached']
    (table,) = rounds.tables()
    counts = {row['variant']: row['ms'].n for row in table.rows}
    assert counts == {**dict.fromkeys(NAMES, 4), 'fp16': 2}
    (dead,) = [row for row in table.rows if row['variant'] == 'fp16']
    assert 'ended by itself' in dead['note']
    assert dead['note'] in table.as_text()


def test_parts_that_the_limit_does_not_let_begin_are_named():
    parts = ImageParts({'seconds': 1, 'minutes': 0}, TimeLimit(0), lambda table: None)
    parts.measure(['latency', 'memory'])
    assert [line.partition(':')[0] for line in parts.limit.not_reached] == ['latency', 'memory']


def test_a_process_that_says_nothing_is_not_waited_for():
    command = [sys.executable, '-c', 'import time; time.sleep(100)']
    with (
        LoggedProcess('silent', command, dict(os.environ)) as process,
        pytest.raises(TimeoutError, match='silent said nothing'),
    ):
        process.line(timeout_s=0.1)


def test_where_no_variant_opens_the_reason_is_told(tmp_path):
    rounds = VariantRounds([], {'scene': str(tmp_path), 'model': 'mesh'}, 'cpu', 0, TimeLimit(100))
    with ExitStack() as undo, pytest.raises(MeasurementError, match=r'rois\.npz'):
        rounds.open(VARIANTS[:1], undo)


def test_errors_are_distances_from_the_reference(tmp_path):
    reference, points = tmp_path / 'points.npz', np.zeros((100, 3), np.float32)
    assert _error_px([points], reference) is None
    _write([points], reference)
    moved = points.copy()
    moved[:10, 0], moved[0, 1] = 3, 4
    assert _error_px([moved], reference) == (3, 5)
    with pytest.raises(ValueError, match='where'):
        _error_px([points[1:]], reference)
    with pytest.raises(ValueError, match='not finite'):
        _error_px([points + np.nan], reference)
