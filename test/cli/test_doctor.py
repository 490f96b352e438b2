"""`facemesh doctor`: what a user reads who wants to know why the node does not run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import onnxruntime
import pytest

import facemesh_ros
from facemesh_ros.cli.main import main
from facemesh_ros.models.store import ModelStore

PACKAGE_PARENT = str(Path(facemesh_ros.__file__).parents[1])


def line_about(output: str, subject: str) -> str:
    (line,) = [line for line in output.splitlines() if line[4:].startswith(subject)]
    return line


def test_ready_models_tell_where_they_run(capsys, model_store):
    assert main(['doctor']) == 0
    output = capsys.readouterr().out
    for name in model_store.records():
        assert 'nodes on CPUExecutionProvider in fp32; from' in line_about(output, f'model {name}')
    assert onnxruntime.__version__ in line_about(output, 'ONNX Runtime')
    assert str(model_store.folder) in output


def test_an_onnx_runtime_that_cannot_tell_where_nodes_are_is_watched_while_it_runs(
    capsys, monkeypatch, model_store
):
    monkeypatch.setattr('facemesh_ros.core.network.node_placement', lambda _: {})
    assert main(['doctor']) == 0
    output = capsys.readouterr().out
    for name in model_store.records():
        line = line_about(output, f'model {name}')
        told = re.search(r'(\d+) nodes on CPUExecutionProvider in fp32', line)
        assert told
        assert int(told[1]) > 30


def test_without_models_it_says_how_to_get_them(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv('FACEMESH_MODEL_DIR', str(tmp_path))
    assert main(['doctor']) == 1
    output = capsys.readouterr().out
    assert 'facemesh models fetch' in output
    assert 'facemesh models add face_landmarker.task' in output
    assert line_about(output, 'detector').startswith('XX')


def test_a_damaged_model_is_found(capsys, monkeypatch, tmp_path, model_store):
    store = ModelStore(tmp_path)
    for name in ('short_range', 'attention'):
        content = (model_store.folder / 'tflite' / f'{name}.tflite').read_bytes()
        store.install(content, 'test')
    monkeypatch.setenv('FACEMESH_MODEL_DIR', str(tmp_path))
    damaged = tmp_path / 'attention.onnx'
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert main(['doctor']) == 1
    output = capsys.readouterr().out
    assert 'damaged' in line_about(output, 'model attention')
    assert line_about(output, 'model short_range').startswith('ok')


def test_two_runtimes_in_one_environment_are_told(tmp_path, model_store):
    """Pip records a second wheel; the module that both own looks as before."""
    record = tmp_path / 'onnxruntime_gpu-1.31.0.dist-info'
    record.mkdir()
    (record / 'METADATA').write_text(
        'Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.31.0\n'
    )
    if not list(metadata.distributions(name='onnxruntime')):
        pytest.skip('ONNX Runtime was not installed as a wheel')
    paths = [PACKAGE_PARENT, str(tmp_path), os.environ.get('PYTHONPATH', '')]
    done = subprocess.run(
        [sys.executable, '-m', 'facemesh_ros.cli', 'doctor'],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert line_about(done.stdout, 'ONNX Runtime').startswith('XX')
    assert 'pip uninstall' in done.stdout
