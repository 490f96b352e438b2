"""`facemesh models build-engines`; here TensorRT and CUDA are the CPU."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import onnxruntime
import pytest

import facemesh_ros
from facemesh_ros.cli.main import main

PACKAGE_PARENT = str(Path(facemesh_ros.__file__).parents[1])
TENSORRT_IS_THE_CPU = """\
import os, sys, time
from facemesh_ros.inference import nvidia_libraries, providers
cpu = 'CPUExecutionProvider'
providers.PROVIDERS = {**providers.PROVIDERS, 'tensorrt': cpu, 'cuda': cpu}
nvidia_libraries.TENSORRT = ('libm.so.6',)
if any(part.endswith('engine_builder') for part in sys.orig_argv):
    from facemesh_ros.inference.session import ModelSession
    ModelSession.try_once = lambda session: time.sleep(float(os.environ['BUILD_S']))
"""
PATIENCE_S = 30.0


@pytest.fixture
def start(tmp_path, model_store):
    """Start the command, or another one, on a machine whose engines are built in `build_s`."""
    (tmp_path / 'sitecustomize.py').write_text(TENSORRT_IS_THE_CPU)
    paths = [str(tmp_path), PACKAGE_PARENT, os.environ.get('PYTHONPATH', '')]

    def started(
        *options: str,
        build_s: float = 0.0,
        command: tuple[str, ...] = ('models', 'build-engines'),
        cache: str = str(tmp_path / 'cache'),
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, '-m', 'facemesh_ros.cli', *command, *options],
            env={
                **os.environ,
                'PYTHONPATH': os.pathsep.join(filter(None, paths)),
                'FACEMESH_CACHE_DIR': cache,
                'BUILD_S': str(build_s),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return started


def test_it_builds_what_the_node_would_and_only_once(start, require_models, tmp_path):
    require_models('mesh', 'short_range')
    options = ('--landmark-model', 'mesh', '--detector', 'short_range')
    first = start(*options)
    output, errors = first.communicate(timeout=PATIENCE_S)
    assert first.returncode == 0, errors
    for number, name in enumerate(('mesh', 'short_range'), 1):
        title = f'the TensorRT engine of {name} ({number} of 2)'
        assert f'facemesh: building {title}, which takes minutes the first time' in errors
        assert f'facemesh: {title} is built after' in errors
    assert output.startswith(f'TensorRT engines are ready in {tmp_path}')
    assert output.endswith(': mesh, short_range.\n')
    output, errors = start(*options).communicate(timeout=PATIENCE_S)
    assert output.endswith(': mesh, short_range.\n')
    assert errors == ''


def test_ctrl_c_ends_it_and_its_builder(start, require_models):
    require_models('mesh', 'short_range')
    building = start('--landmark-model', 'mesh', build_s=600)
    assert 'building the TensorRT engine of mesh' in building.stderr.readline()
    start_s = time.monotonic()
    building.send_signal(signal.SIGINT)
    building.communicate(timeout=PATIENCE_S)  # the builder's standard error is ours
    assert building.returncode == 130
    assert time.monotonic() - start_s < 3


def test_engines_that_cannot_be_kept_are_an_error(start, tmp_path):
    in_the_way = tmp_path / 'file'
    in_the_way.touch()
    building = start('--detector', 'short_range', cache=str(in_the_way))
    errors = building.communicate(timeout=PATIENCE_S)[1]
    assert building.returncode == 1
    assert 'set $FACEMESH_CACHE_DIR to a folder that can be written' in errors.splitlines()[-1]


def test_the_doctor_names_models_without_an_engine_instead_of_building_them(start, require_models):
    require_models('mesh')
    doctor = start('--provider', 'tensorrt', command=('doctor',))
    output = doctor.communicate(timeout=PATIENCE_S)[0]
    (line,) = [line for line in output.splitlines() if 'model mesh' in line]
    assert line.endswith('has no TensorRT engine yet')
    assert '-> `facemesh models build-engines`, or the node builds it at its start' in output


def test_without_tensorrt_the_way_out_is_named(capsys, model_store):
    if 'TensorrtExecutionProvider' in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime may use TensorRT')
    assert main(['models', 'build-engines']) == 1
    error = capsys.readouterr().err
    assert error.startswith("facemesh: execution_provider 'tensorrt' does not run here: ")
    assert 'built without Tensorrt; `pip uninstall -y onnxruntime`, then `pip install' in error


def test_a_wrong_setting_is_named_by_its_option(capsys):
    assert main(['models', 'build-engines', '--detector', 'best']) == 1
    assert capsys.readouterr().err.startswith('facemesh: --detector must be one of auto, short')
