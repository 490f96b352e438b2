"""What holds in whichever thread models run: errors, a GPU that fails, and closing."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from lookup_gpu import FAULT, PAUSE_S, ask

from facemesh_ros.inference.gpu import recovering_executor
from facemesh_ros.inference.gpu.batch_worker import BatchWorker
from facemesh_ros.inference.gpu.direct_runner import DirectRunner
from facemesh_ros.inference.gpu.executor import Crops, GpuExecutor
from facemesh_ros.inference.gpu.memory import ExecutorError, ExecutorLostError
from facemesh_ros.inference.gpu_recovery import Backoff

KINDS = [BatchWorker, DirectRunner]


@pytest.fixture(params=KINDS)
def runner(request, factory, clock):
    opened = request.param(factory, Backoff(PAUSE_S, clock))
    yield opened
    opened.close()


@pytest.mark.parametrize('count', [1, 2, 3, 8, 9, 64, 65, 200])
def test_any_number_of_crops(runner, count):
    numbers = np.random.default_rng(count).integers(0, 10, count)
    assert ask(runner, *numbers) == (numbers**2).tolist()


def test_a_failed_gpu_is_opened_again_after_a_pause(runner, factory, clock):
    factory.fault = FAULT
    with pytest.raises(ExecutorLostError, match=r'failed in lookup: .*CUDA failure 700') as lost:
        ask(runner, 1)
    assert 'opened again in 1.0 s' in str(lost.value)
    assert 'restart' in str(lost.value)
    runs = len(factory.runs)
    with pytest.raises(ExecutorLostError, match=r'CUDA failure 700.*again in 1\.0 s'):
        ask(runner, 3)
    assert (factory.again, len(factory.runs)) == ([False], runs)
    clock.now_s += PAUSE_S
    assert ask(runner, 3) == [9]
    assert (factory.again, runner.failures) == ([False, True], 1)


def test_the_pause_doubles_until_enough_runs_went_well(runner, factory, clock, monkeypatch):
    monkeypatch.setattr(recovering_executor, 'RUNS_TO_RECOVER', 3)
    pauses = []
    factory.fails, factory.fault = ExecutorError('no such device'), FAULT
    with pytest.raises(ExecutorLostError, match='CUDA failure 700'):
        ask(runner, 1)
    for _ in range(8):
        before = clock.now_s
        tries = len(factory.again)
        while len(factory.again) == tries:
            clock.now_s += 0.5
            with pytest.raises(ExecutorLostError):
                ask(runner, 1)
        pauses.append(clock.now_s - before)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    with pytest.raises(ExecutorLostError, match='no such device'):
        ask(runner, 1)
    factory.fails = None
    clock.now_s += 60
    assert ask(runner, 4) == [16]
    factory.fault = FAULT
    with pytest.raises(ExecutorLostError, match=r'again in 60\.0 s'):
        ask(runner, 4)
    clock.now_s += 60
    for _ in range(3):
        assert ask(runner, 4) == [16]
    factory.fault = FAULT
    with pytest.raises(ExecutorLostError, match=r'again in 1\.0 s'):
        ask(runner, 4)


@pytest.mark.parametrize('kind', KINDS)
def test_a_gpu_that_cannot_be_opened_raises_at_once(factory, kind):
    factory.fails = ExecutorError('no such device')
    with pytest.raises(ExecutorError, match='no such device'):
        kind(factory)
    assert factory.again == [False]


def test_a_gpu_that_cannot_be_released_is_opened_again_all_the_same(
    runner, factory, clock, monkeypatch, caplog
):
    monkeypatch.setattr(GpuExecutor, 'close', None)
    factory.fault = FAULT
    with pytest.raises(ExecutorLostError, match='CUDA failure 700'):
        ask(runner, 1)
    assert 'not released' in caplog.text
    clock.now_s += PAUSE_S
    assert ask(runner, 3) == [9]


@pytest.mark.parametrize('error', [ExecutorError('no GPU'), KeyError('a mistake of ours')])
def test_after_any_error_of_opening_it_is_tried_again(runner, factory, clock, error):
    factory.fault, factory.fails = FAULT, error
    for _ in range(2):
        with pytest.raises(ExecutorLostError):
            ask(runner, 1)
        clock.now_s += PAUSE_S
    with pytest.raises(ExecutorLostError, match=f'does not open: .*{error.args[0]}'):
        ask(runner, 1)
    factory.fails = None
    clock.now_s += 2 * PAUSE_S
    assert ask(runner, 3) == [9]


def test_a_closed_executor_holds_no_session(runner, factory):
    sessions = [weakref.ref(network.session._sess) for network in factory.sessions]
    assert ask(runner, 2) == [4]
    runner.close()
    gc.collect()
    assert [session() for session in sessions] == [None]
    assert factory.sessions[0].name == 'lookup'


def test_more_crops_than_the_largest_batch_run_in_several(factory):
    executor = factory(False)
    numbers = [np.full(40, number, np.int32) for number in range(5)]
    results = executor.run('lookup', [Crops(None, {'index': each}) for each in numbers])
    assert [result[0].tolist() for result in results] == [[n**2] * 40 for n in range(5)]


def test_a_wrong_request_raises_what_is_wrong_with_it(runner, factory):
    with pytest.raises(KeyError):
        runner.run('lookup', None, {'number': np.array([1], np.int32)})
    with pytest.raises(KeyError):
        runner.run('another', None, {'index': np.array([1], np.int32)})
    with pytest.raises(ValueError, match='broadcast'):
        runner.run('lookup', None, {'index': np.zeros((1, 2), np.int32)})
    with pytest.raises(Exception, match='out of data bounds'):
        ask(runner, 99)
    assert ask(runner, 3) == [9]
    assert (factory.again, runner.failures) == ([False], 0)


def test_one_that_is_closed_refuses_requests(runner):
    assert ask(runner, 2) == [4]
    runner.close()
    runner.close()
    with pytest.raises(ExecutorError, match='the GPU is closed'):
        ask(runner, 2)
