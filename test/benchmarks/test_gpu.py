"""The benchmark of a GPU: what it counts is there, and without a GPU it says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnxruntime as ort
import pytest
from gpu_measurements.graph_cost import count_graph

from facemesh_ros.catalog.model_entry import Variant

SCRIPT = Path(__file__).parents[2] / 'benchmarks' / 'gpu.py'


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


def test_without_a_gpu_nothing_is_measured(model_store):
    if 'CUDAExecutionProvider' in ort.get_available_providers():
        pytest.skip('this ONNX Runtime has CUDA')
    ended = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert 'no GPU runs the models here' in ended.stderr
    assert 'onnxruntime-gpu' in ended.stderr
    assert ended.stdout == ''


def test_figures_of_a_cpu_are_labelled(model_store, require_models):
    require_models('mesh', 'short_range', 'full_range')
    options = '--model mesh --samples 1 --faces 2 --cameras 1 --rate 2 --seconds 1 --minutes 0'
    ended = subprocess.run(
        [sys.executable, SCRIPT, '--provider', 'cpu', *options.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    first, *_, last = ended.stdout.strip().splitlines()
    assert 'NO FIGURE HERE SAYS ANYTHING ABOUT A GPU' in first
    assert last.startswith('| 0.0')
