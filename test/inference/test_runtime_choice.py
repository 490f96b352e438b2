"""`auto` on a CPU: the quickest runtime for each model, measured once, remembered, and said."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

import onnxruntime
import pytest

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.errors import MissingModelError
from facemesh_ros.inference import openvino_session, runtime_choice
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.openvino_runtime import openvino_version
from facemesh_ros.inference.openvino_session import OPENVINO
from facemesh_ros.inference.providers import CPU, ProviderChoice
from facemesh_ros.inference.runtime_choice import quickest_runtime
from facemesh_ros.inference.runtime_trial import OTHER, USUAL, Trial
from facemesh_ros.models.store import ModelStore
from facemesh_ros.settings.pipeline import SensorSettings

CUDA = 'CUDAExecutionProvider'
MODEL = 'short_range'
OPENVINO_WINS = Trial({USUAL: 5.57, OTHER: 3.88})


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path, require, require_models) -> Path:
    require(openvino_version(), 'the Python package openvino')
    require_models(MODEL, 'mesh')
    if CUDA in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime may use the GPU')
    monkeypatch.setenv('FACEMESH_CACHE_DIR', str(tmp_path / 'cache'))
    monkeypatch.setattr(runtime_choice, '_decided', {})
    return tmp_path / 'cache'


@pytest.fixture
def restart(monkeypatch) -> Callable[[], None]:
    """Forget what only the process knows."""
    return runtime_choice.forget_choices


@pytest.fixture
def trials(monkeypatch) -> list[str]:
    """Let OpenVINO win all trials; the names of the models that were tried."""
    tried: list[str] = []

    def won(store: ModelStore, name: str, worth_it: float) -> Trial:
        tried.append(name)
        return OPENVINO_WINS

    monkeypatch.setattr(runtime_choice, 'try_in_process', won)
    return tried


def openvino_takes(monkeypatch, shares: dict[str, float]) -> list[str]:
    """Let it take these shares of ONNX Runtime's time; returns the names of what is tried."""
    tried: list[str] = []

    def trial(store: ModelStore, name: str, worth_it: float) -> Trial:
        tried.append(name)
        return Trial({USUAL: 10.0, OTHER: 10.0 * shares[name]})

    monkeypatch.setattr(runtime_choice, 'try_in_process', trial)
    return tried


@pytest.mark.parametrize(('share', 'taken'), [(0.7, OTHER), (0.89, OTHER), (0.94, USUAL)])
def test_openvino_comes_only_for_a_landmark_model_that_it_runs_clearly_quicker(
    model_store, monkeypatch, share, taken
):
    tried = openvino_takes(monkeypatch, {'mesh': share, MODEL: 0.78})
    assert quickest_runtime(model_store, 'mesh', 'mesh').execution_provider == taken
    beside = quickest_runtime(model_store, MODEL, 'mesh')
    assert beside.execution_provider == taken
    if taken == USUAL:
        assert tried == ['mesh']
        assert 'OpenVINO was not tried: it does not run mesh' in beside.reason
    else:
        assert tried == ['mesh', MODEL]
        assert 'processor time measured here' in beside.reason


@pytest.mark.parametrize(('share', 'taken'), [(0.96, OTHER), (0.98, USUAL), (1.2, USUAL)])
def test_where_it_is_there_the_other_models_take_what_is_quicker(
    model_store, monkeypatch, share, taken
):
    openvino_takes(monkeypatch, {'mesh': 0.7, MODEL: share})
    assert quickest_runtime(model_store, MODEL, 'mesh').execution_provider == taken
    # What was measured beside another model holds for one that is used alone, by its own rule.
    assert quickest_runtime(model_store, MODEL).execution_provider == USUAL


def test_a_trial_is_made_once_and_remembered(model_store, trials, restart):
    first = quickest_runtime(model_store, MODEL)
    assert first.execution_provider == OTHER
    assert 'ONNX Runtime 5.57 ms, OpenVINO 3.88 ms' in first.reason
    restart()
    assert quickest_runtime(model_store, MODEL) == first
    assert quickest_runtime(model_store, 'mesh').execution_provider == OTHER
    assert trials == [MODEL, 'mesh']


@pytest.mark.parametrize('changed', ['processor_name', 'openvino_version'])
def test_another_processor_or_release_is_another_trial(
    model_store, trials, restart, monkeypatch, changed
):
    quickest_runtime(model_store, MODEL)
    restart()
    with monkeypatch.context() as patched:
        patched.setattr(runtime_choice, changed, lambda: 'another')
        quickest_runtime(model_store, MODEL)
    restart()
    quickest_runtime(model_store, MODEL)  # both are remembered
    assert trials == [MODEL, MODEL]


@pytest.mark.parametrize('damage', ['', '{', '[]', '{"x": 3}', 'null'])
def test_a_damaged_memory_is_as_none(model_store, trials, restart, cache, damage):
    cache.mkdir()
    (cache / 'runtimes.json').write_text(damage)
    assert quickest_runtime(model_store, MODEL).execution_provider == OTHER
    restart()
    quickest_runtime(model_store, MODEL)
    assert trials == [MODEL]


@pytest.mark.parametrize(
    'content',
    [
        None,
        3,
        {},
        {'trying': 1},
        {'processor_ms': 7},
        {'processor_ms': {'cpu': 3.0}},
        {'processor_ms': {'cpu': 3.0, 'tpu': 1.0}},
        {'processor_ms': {'cpu': 'slow', 'openvino': 2.0}},
        {'processor_ms': {'cpu': 3.0, 'openvino': 2.0}, 'new': 1},
    ],
)
def test_what_another_version_has_written_is_as_nothing(
    model_store, trials, restart, cache, content
):
    quickest_runtime(model_store, MODEL)
    path = cache / 'runtimes.json'
    known = json.loads(path.read_text())
    ((machine, models),) = known.items()
    path.write_text(json.dumps({machine: dict.fromkeys(models, content)}))
    restart()
    assert quickest_runtime(model_store, MODEL).execution_provider == OTHER
    assert trials == [MODEL, MODEL]


def test_without_a_folder_to_write_to_it_is_not_tried_and_the_way_out_is_said(
    model_store, trials, cache, caplog
):
    cache.touch()  # a file in the way
    choice = quickest_runtime(model_store, MODEL)
    assert choice.execution_provider == USUAL
    assert trials == []
    assert 'set $FACEMESH_CACHE_DIR to a folder that can be written' in caplog.text


def test_without_a_home_it_is_not_tried_and_the_models_run(
    model_store, trials, monkeypatch, caplog
):
    for name in ('FACEMESH_CACHE_DIR', 'XDG_CACHE_HOME', 'HOME'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, 'expanduser', no_home)
    assert ModelLoader(model_store, ProviderChoice()).open(MODEL).provider == CPU
    assert trials == []
    assert 'there is no home folder' in caplog.text
    assert ModelLoader(model_store, ProviderChoice('openvino')).open(MODEL).provider == OPENVINO


def no_home(path: Path) -> Path:
    raise RuntimeError('Could not determine home directory.')


def test_with_one_runtime_nothing_is_measured_or_said(model_store, trials, monkeypatch, cache):
    monkeypatch.setattr(runtime_choice, 'openvino_version', lambda: '')
    assert quickest_runtime(model_store, MODEL) == runtime_choice.RuntimeChoice(USUAL)
    assert trials == []
    assert not cache.exists()
    loader = ModelLoader(model_store, ProviderChoice())
    assert loader.open(MODEL).provider == CPU
    assert '(' not in str(loader.report.models[MODEL])


def test_a_missing_model_is_told_as_ever(tmp_path):
    with pytest.raises(MissingModelError, match='facemesh models fetch'):
        ModelLoader(ModelStore(tmp_path), ProviderChoice()).open(MODEL)


def test_auto_runs_what_was_found_and_the_report_says_why(model_store, trials):
    loader = ModelLoader(model_store, ProviderChoice(precision='fp16'))
    session = loader.open(MODEL)
    assert (session.provider, session.precision) == (OPENVINO, 'fp32')
    assert loader.report.device == 'CPU'
    text = str(loader.report)
    assert f'nodes on {OPENVINO}' in text
    assert 'processor time measured here: ONNX Runtime 5.57 ms, OpenVINO 3.88 ms' in text
    assert text.split(': ', 1)[1] in f'{loader.report.values()[f"model {MODEL}"]}; warm-up nan ms'


@pytest.mark.parametrize(('name', 'provider'), [('cpu', CPU), ('openvino', OPENVINO)])
def test_a_provider_by_name_is_that_one(model_store, trials, name, provider):
    assert ModelLoader(model_store, ProviderChoice(name)).open(MODEL).provider == provider
    assert trials == []


def test_what_was_chosen_and_fails_is_replaced_with_a_warning(
    model_store, trials, monkeypatch, caplog
):
    def broken():
        raise ImportError('libopenvino is gone')

    monkeypatch.setattr(openvino_session, 'load_openvino', broken)
    caplog.set_level(logging.WARNING)
    loader = ModelLoader(model_store, ProviderChoice())
    assert loader.open(MODEL).provider == CPU
    assert 'libopenvino is gone' in caplog.text
    assert 'libopenvino is gone' in str(loader.report)


def test_a_sensor_is_judged_by_its_landmark_model(model_store, monkeypatch):
    settings = SensorSettings(landmark_model='mesh', detector=MODEL)
    for shares, expected in (
        ({'mesh': 0.7, MODEL: 1.2}, {'mesh': OPENVINO, MODEL: CPU}),
        ({'mesh': 0.7, MODEL: 0.8}, {'mesh': OPENVINO, MODEL: OPENVINO}),
        ({'mesh': 1.2, MODEL: 0.8}, {'mesh': CPU, MODEL: CPU}),
    ):
        with monkeypatch.context() as patched:
            openvino_takes(patched, shares)
            patched.setenv('FACEMESH_CACHE_DIR', f'{os.environ["FACEMESH_CACHE_DIR"]}{shares}')
            patched.setattr(runtime_choice, '_decided', {})
            sensor = load_sensor(settings)
        try:
            report = sensor.model.report
            assert {name: model.provider for name, model in report.models.items()} == expected
            assert sensor.model.provider == expected['mesh']
            assert all(f'nodes on {name}' in str(report) for name in expected.values())
        finally:
            sensor.close()
