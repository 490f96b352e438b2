"""`facemesh doctor`: what a user reads who wants to know why the node does not run."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

import facemesh_ros
from facemesh_ros.catalog.models import BUNDLE_URL, CATALOG
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
        line = line_about(output, f'model {name}')
        assert re.search(
            r'\d+ nodes on (CPU|OpenVINO)ExecutionProvider in fp32, opened in \d+ ms, '
            r'first inference [\d.]+ ms'
            r'( \((processor time measured here|OpenVINO was not tried): .*\))?; from ',
            line,
        )
    assert onnxruntime.__version__ in line_about(output, 'ONNX Runtime')
    assert str(model_store.folder) in output


def test_an_onnx_runtime_that_cannot_tell_where_nodes_are_is_watched_while_it_runs(
    capsys, monkeypatch, model_store
):
    monkeypatch.setattr('facemesh_ros.inference.session.node_placement', lambda _: {})
    assert main(['doctor', '--provider', 'cpu']) == 0
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


@pytest.mark.parametrize('there', [(), ('short_range', 'attention'), ('v2',)])
def test_each_missing_model_is_sent_to_the_archive_that_has_it(
    capsys, monkeypatch, tmp_path, model_store, require_models, there
):
    require_models(*there)
    for name in there:
        content = (model_store.folder / 'tflite' / f'{name}.tflite').read_bytes()
        ModelStore(tmp_path).install(content, 'test')
    monkeypatch.setenv('FACEMESH_MODEL_DIR', str(tmp_path))
    main(['doctor'])
    remedy, remedies = '', {}
    lines = capsys.readouterr().out.splitlines()
    for line, following in itertools.pairwise(lines):
        if ' -> ' in following:
            said = following.partition(' -> ')[2]
            remedy = remedy if said == 'as above' else said
            remedies[line[4:22].strip()] = remedy
    for entry in CATALOG.values():
        if entry.name not in there:
            names = {member.archive.file_name for member in entry.members}
            said = remedies[f'model {entry.name}']
            assert any(f'`facemesh models add {name}`' in said for name in names)
            assert BUNDLE_URL in said or 'pip download' in said


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


@pytest.fixture
def doctor_beside(tmp_path, model_store):
    """Run the doctor with the real module in a folder in which pip has recorded more wheels."""

    def run(*wheels: str, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        (tmp_path / 'onnxruntime').symlink_to(Path(onnxruntime.__file__).parent)
        for wheel in wheels:
            name, _, version = wheel.rpartition(' ')
            record = tmp_path / f'{name.replace("-", "_")}-{version}.dist-info'
            record.mkdir()
            (record / 'METADATA').write_text(
                f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n'
            )
        paths = [PACKAGE_PARENT, str(tmp_path), os.environ.get('PYTHONPATH', '')]
        return subprocess.run(
            [sys.executable, '-m', 'facemesh_ros.cli', 'doctor', *arguments],
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, paths))},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_two_runtimes_in_one_folder_are_told(doctor_beside):
    """Pip records a second wheel; the module that both own looks as before."""
    done = doctor_beside('onnxruntime 1.32.0', 'onnxruntime-gpu 1.31.1')
    assert done.returncode == 1, done.stderr
    line = line_about(done.stdout, 'ONNX Runtime')
    assert line.startswith('XX')
    assert 'onnxruntime 1.32.0, onnxruntime-gpu 1.31.1' in line
    assert '`pip uninstall -y onnxruntime onnxruntime-gpu`, then `pip install' in done.stdout


def test_a_gpu_that_is_required_is_missed_once_and_fatally(doctor_beside):
    if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime may use the GPU')
    done = doctor_beside('onnxruntime 1.31.1', arguments=('--require-gpu',))
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith('XX  GPU') and 'built without CUDA' in line for line in lines)
    assert done.stdout.count('require_gpu is set, but no GPU runs the models') == 1
    assert '-> as above' in done.stdout


def test_a_module_that_pip_left_empty_is_told_with_the_cure(tmp_path):
    """As it is after `pip uninstall onnxruntime-gpu` with onnxruntime beside it."""
    (tmp_path / 'onnxruntime').mkdir()
    (tmp_path / 'onnxruntime' / '__init__.py').touch()
    paths = [str(tmp_path), PACKAGE_PARENT, os.environ.get('PYTHONPATH', '')]
    for command in (['doctor'], ['run', 'face.png']):
        done = subprocess.run(
            [sys.executable, '-m', 'facemesh_ros.cli', *command],
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, paths))},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert 'pip uninstall -y onnxruntime onnxruntime-gpu' in done.stderr
        assert 'Traceback' not in done.stderr


def test_an_unknown_provider_is_named_by_the_option_that_was_typed(capsys):
    assert main(['doctor', '--provider', 'gpu']) == 1
    error = capsys.readouterr().err
    assert error.startswith("facemesh: --provider 'gpu' is not known; known are auto, tensorrt")
