"""One trial of both runtimes on a CPU: the same results, the least processor time of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facemesh_ros.inference import runtime_trial
from facemesh_ros.inference.openvino_runtime import openvino_version
from facemesh_ros.inference.openvino_session import OPENVINO
from facemesh_ros.inference.providers import ProviderStartError
from facemesh_ros.inference.runtime_choice import QUICKER, WORTH_IT
from facemesh_ros.inference.runtime_trial import OTHER, USUAL, Trial, compare, try_runtimes

MODEL = 'short_range'


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path, require, require_models) -> Path:
    require(openvino_version(), 'the Python package openvino')
    require_models(MODEL)
    monkeypatch.setenv('FACEMESH_CACHE_DIR', str(tmp_path / 'cache'))
    return tmp_path / 'cache'


def test_a_trial_measures_both_and_compares_their_results(model_store):
    trial = try_runtimes(model_store, MODEL, WORTH_IT)
    assert trial.refusal == ''
    assert set(trial.processor_ms) == {USUAL, OTHER}
    assert all(0 < ms < 1e4 for ms in trial.processor_ms.values())
    assert trial.share == trial.processor_ms[OTHER] / trial.processor_ms[USUAL]


@pytest.mark.parametrize(
    ('other_ms', 'worth_it', 'rounds'),
    [
        (3.5, WORTH_IT, runtime_trial.MIN_ROUNDS),
        (4.4, WORTH_IT, runtime_trial.MAX_ROUNDS),
        (4.7, WORTH_IT, runtime_trial.MAX_ROUNDS),
        (9.0, WORTH_IT, runtime_trial.MIN_ROUNDS),
        (4.2, QUICKER, runtime_trial.MIN_ROUNDS),
        (5.1, QUICKER, runtime_trial.MAX_ROUNDS),
    ],
)
def test_a_trial_takes_longer_where_it_is_close(
    network_of, monkeypatch, other_ms, worth_it, rounds
):
    usual, other = network_of(MODEL), network_of(MODEL)
    runs = []

    def took(session, given):
        runs.append(session)
        # A machine that is busy makes every run but one of each longer.
        busy = 3.0 if len(runs) not in (3, 6) else 0.0
        return busy + (5.0 if session is usual else other_ms)

    monkeypatch.setattr(runtime_trial, '_processor_ms', took)
    trial = compare(usual, type('Other', (), {'run': other.run})(), worth_it)
    assert trial.processor_ms == {USUAL: 5.0, OTHER: other_ms}
    assert len(runs) == 2 * rounds


def test_results_that_differ_rule_it_out(network_of):
    usual = network_of(MODEL)

    class Wrong:
        def run(self, batch, names=()):
            return [np.float32(1.01) * output for output in usual.run(batch, names)]

    trial = compare(usual, Wrong(), WORTH_IT)
    assert trial.share == np.inf
    assert 'not those of ONNX Runtime' in trial.refusal


def test_one_that_does_not_start_is_ruled_out(model_store, monkeypatch):
    opened = runtime_trial.ModelSession

    def session(onnx, choice):
        if choice.execution_provider == OTHER:
            raise ProviderStartError(OPENVINO, 'libopenvino is not whole')
        return opened(onnx, choice)

    monkeypatch.setattr(runtime_trial, 'ModelSession', session)
    assert 'libopenvino is not whole' in try_runtimes(model_store, MODEL, WORTH_IT).refusal


@pytest.mark.parametrize(('other_ms', 'kept'), [(3.1, 0), (2.0, 1)])
def test_what_openvino_has_compiled_is_kept_where_it_wins(
    model_store, monkeypatch, cache, other_ms, kept
):
    trial = Trial({USUAL: 3.0, OTHER: other_ms})
    monkeypatch.setattr(runtime_trial, 'compare', lambda usual, other, worth_it: trial)
    assert try_runtimes(model_store, MODEL, WORTH_IT) == trial
    assert len(list(cache.rglob('*.model'))) == kept
