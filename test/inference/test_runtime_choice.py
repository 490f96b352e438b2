"""`auto` on a CPU: the quickest runtime for each model, measured once, remembered, and said."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.errors import MissingModelError
from facemesh_ros.inference import openvino_session, runtime_choice, runtime_trial
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.openvino_runtime import openvino_version
from facemesh_ros.inference.openvino_session import OPENVINO
from facemesh_ros.inference.providers import CPU, ProviderChoice, ProviderStartError
from facemesh_ros.inference.runtime_choice import quickest_runtime
from facemesh_ros.inference.runtime_trial import OTHER, USUAL, Trial, compare, try_runtimes
from facemesh_ros.models.store import ModelStore
from facemesh_ros.settings.pipeline import SensorSettings

CUDA = 'CUDAExecutionProvider'
MODEL = 'short_range'
OPENVINO_WINS = Trial(OTHER, {USUAL: 5.57, OTHER: 3.88})
CPU_WINS = Trial(USUAL, {USUAL: 3.0, OTHER: 3.1})


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

    def won(store: ModelStore, name: str) -> Trial:
        tried.append(name)
        return OPENVINO_WINS

    monkeypatch.setattr(runtime_choice, 'try_runtimes', won)
    return tried


def test_a_trial_measures_both_and_compares_their_results(model_store):
    trial = try_runtimes(model_store, MODEL)
    assert trial.refusal == ''
    assert set(trial.processor_ms) == {USUAL, OTHER}
    assert all(0 < ms < 1e4 for ms in trial.processor_ms.values())
    is_quicker = trial.processor_ms[OTHER] < runtime_trial.WORTH_IT * trial.processor_ms[USUAL]
    assert trial.execution_provider == (OTHER if is_quicker else USUAL)


@pytest.mark.parametrize(
    ('usual_ms', 'other_ms', 'expected', 'rounds'),
    [
        (5.0, 3.5, OTHER, runtime_trial.MIN_ROUNDS),
        (5.0, 4.4, OTHER, runtime_trial.MAX_ROUNDS),
        (5.0, 4.7, USUAL, runtime_trial.MAX_ROUNDS),  # too little for a second runtime's memory
        (5.0, 9.0, USUAL, runtime_trial.MIN_ROUNDS),
    ],
)
def test_the_quicker_one_is_taken_if_it_is_worth_it(
    network_of, monkeypatch, usual_ms, other_ms, expected, rounds
):
    usual, other = network_of(MODEL), network_of(MODEL)
    runs = []

    def took(session, given):
        runs.append(session)
        # A machine that is busy makes every run but one of each longer.
        busy = 3.0 if len(runs) not in (3, 6) else 0.0
        return busy + (usual_ms if session is usual else other_ms)

    monkeypatch.setattr(runtime_trial, '_processor_ms', took)
    monkeypatch.setattr(runtime_trial, 'CLEAR', (0.8, 1.0))
    trial = compare(usual, type('Other', (), {'run': other.run})())
    assert (trial.execution_provider, len(runs)) == (expected, 2 * rounds)


def test_results_that_differ_rule_it_out(network_of):
    usual = network_of(MODEL)

    class Wrong:
        def run(self, batch, names=()):
            return [np.float32(1.01) * output for output in usual.run(batch, names)]

    trial = compare(usual, Wrong())
    assert trial.execution_provider == USUAL
    assert 'not those of ONNX Runtime' in trial.refusal


def test_one_that_does_not_start_is_ruled_out_and_leaves_nothing_behind(
    model_store, monkeypatch, cache
):
    opened = runtime_trial.ModelSession

    def session(onnx, choice):
        if choice.execution_provider == OTHER:
            raise ProviderStartError(OPENVINO, 'libopenvino is not whole')
        return opened(onnx, choice)

    monkeypatch.setattr(runtime_trial, 'ModelSession', session)
    choice = quickest_runtime(model_store, MODEL)
    assert choice.execution_provider == USUAL
    assert 'libopenvino is not whole' in choice.reason


def test_what_lost_is_not_kept(model_store, monkeypatch, cache):
    monkeypatch.setattr(runtime_trial, 'compare', lambda usual, other: CPU_WINS)
    assert quickest_runtime(model_store, MODEL).execution_provider == USUAL
    assert list(cache.rglob('*.model')) == []
    monkeypatch.setattr(runtime_trial, 'compare', lambda usual, other: OPENVINO_WINS)
    assert quickest_runtime(model_store, 'mesh').execution_provider == OTHER
    assert len(list(cache.rglob('*.model'))) == 1


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
        {'trying': 'what is to come'},
        {'execution_provider': 'tpu'},
        {'execution_provider': 'openvino', 'processor_ms': 7},
        {'execution_provider': 'openvino', 'processor_ms': {'cpu': 'slow'}},
        {'execution_provider': 'openvino', 'new': 1},
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


@pytest.mark.parametrize('end', ['os.abort()', 'os.kill(os.getpid(), signal.SIGKILL)'])
def test_a_runtime_that_ends_the_process_is_not_tried_again(
    model_store, trials, restart, cache, end
):
    program = (
        'import os, signal\n'
        'from facemesh_ros.inference import runtime_choice\n'
        'from facemesh_ros.models.store import ModelStore\n'
        f'def crash(store, name): {end}\n'
        'runtime_choice.try_runtimes = crash\n'
        f'runtime_choice.quickest_runtime(ModelStore(), {MODEL!r})\n'
    )
    environment = {**os.environ, 'FACEMESH_MODEL_DIR': str(model_store.folder)}
    ended = subprocess.run([sys.executable, '-c', program], env=environment, check=False)
    assert ended.returncode in (-signal.SIGABRT, -signal.SIGKILL)
    choice = quickest_runtime(model_store, MODEL)
    assert choice.execution_provider == USUAL
    assert f'remove {cache / "runtimes.json"} to try it again' in choice.reason
    assert trials == []
    assert quickest_runtime(model_store, 'mesh').execution_provider == OTHER
    (cache / 'runtimes.json').unlink()
    restart()
    assert quickest_runtime(model_store, MODEL).execution_provider == OTHER


def test_a_trial_that_is_interrupted_is_made_again(model_store, monkeypatch, restart, cache):
    def interrupted(store, name):
        raise KeyboardInterrupt

    monkeypatch.setattr(runtime_choice, 'try_runtimes', interrupted)
    with pytest.raises(KeyboardInterrupt):
        quickest_runtime(model_store, MODEL)
    (models,) = json.loads((cache / 'runtimes.json').read_text()).values()
    assert models == {}
    monkeypatch.setattr(runtime_choice, 'try_runtimes', lambda store, name: OPENVINO_WINS)
    assert quickest_runtime(model_store, MODEL).execution_provider == OTHER


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


@pytest.mark.parametrize('quick', ['mesh', MODEL])
def test_the_provider_of_mixed_models_is_that_of_the_landmark_model(
    model_store, monkeypatch, quick
):
    monkeypatch.setattr(
        runtime_choice,
        'try_runtimes',
        lambda store, name: OPENVINO_WINS if name == quick else CPU_WINS,
    )
    settings = SensorSettings(landmark_model='mesh', detector=MODEL)
    sensor = load_sensor(settings)
    try:
        providers = {name: model.provider for name, model in sensor.model.report.models.items()}
        assert set(providers.values()) == {CPU, OPENVINO}
        assert sensor.model.provider == providers['mesh']
        assert all(f'nodes on {name}' in str(sensor.model.report) for name in (CPU, OPENVINO))
    finally:
        sensor.close()
