"""The batching worker: requests of several threads share runs, and what becomes of them."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from lookup_gpu import FAULT, PAUSE_S, ask, wait_until

from facemesh_ros.inference.gpu.batch_worker import BatchWorker
from facemesh_ros.inference.gpu.memory import ExecutorError, ExecutorLostError
from facemesh_ros.inference.gpu.recovering_executor import RecoveringExecutor
from facemesh_ros.inference.gpu_recovery import Backoff


@pytest.fixture
def worker(factory, clock):
    opened = BatchWorker(factory, Backoff(PAUSE_S, clock))
    yield opened
    opened.close()


@pytest.fixture
def ask_together(worker, factory):
    """Make requests from several threads while the worker is busy with another one."""

    def asked(*numbers: int, fault: str = '') -> dict[int, list[float] | Exception]:
        answers: dict[int, list[float] | Exception] = {}

        def caller(number: int) -> None:
            try:
                answers[number] = ask(worker, number, number)
            except Exception as error:
                answers[number] = error

        factory.gate.clear()
        before = len(factory.runs)
        callers = [threading.Thread(target=ask, args=(worker, 0))]
        callers += [threading.Thread(target=caller, args=(number,)) for number in numbers]
        callers[0].start()
        wait_until(lambda: len(factory.runs) > before)
        factory.fault = fault
        for thread in callers[1:]:
            thread.start()
        wait_until(lambda: len(worker._waiting) == len(numbers))
        factory.gate.set()
        for thread in callers:
            thread.join()
        return answers

    return asked


def test_waiting_requests_share_one_run(ask_together, factory):
    assert ask_together(1, 2, 3) == {1: [1, 1], 2: [4, 4], 3: [9, 9]}
    assert factory.runs == [1, 3]


def test_if_the_gpu_fails_in_a_run_all_its_requests_fail(ask_together, worker, factory, clock):
    answers = ask_together(1, 2, 3, fault=FAULT)
    assert len({id(answer) for answer in answers.values()}) == 3
    for answer in answers.values():
        assert isinstance(answer, ExecutorLostError)
        assert 'CUDA failure 700' in str(answer)
    clock.now_s += PAUSE_S
    assert ask_together(1, 3) == {1: [1, 1], 3: [9, 9]}


def test_an_error_of_one_request_fails_that_request_alone(ask_together, worker, factory):
    answers = ask_together(1, 99, 3)
    assert 'out of data bounds' in str(answers.pop(99))
    assert answers == {1: [1, 1], 3: [9, 9]}
    with pytest.raises(KeyError):
        worker.run('lookup', None, {'number': np.array([1], np.int32)})
    with pytest.raises(KeyError):
        worker.run('another', None, {'index': np.array([1], np.int32)})
    with pytest.raises(ValueError, match='broadcast'):
        worker.run('lookup', None, {'index': np.zeros((1, 2), np.int32)})
    assert ask(worker, 3) == [9]
    assert (factory.again, worker.failures) == ([False], 0)


def test_a_closed_worker_refuses_requests(factory):
    worker = BatchWorker(factory)
    assert ask(worker, 2) == [4]
    worker.close()
    worker.close()
    with pytest.raises(ExecutorError, match='closed'):
        ask(worker, 2)
    assert not worker._thread.is_alive()


@pytest.mark.filterwarnings('ignore::pytest.PytestUnhandledThreadExceptionWarning')
def test_if_its_thread_ends_all_requests_fail_with_the_reason(worker, ask_together, monkeypatch):
    monkeypatch.setattr(RecoveringExecutor, '_after_error', None)
    answers = ask_together(1, 99, 3)
    for answer in answers.values():
        assert isinstance(answer, ExecutorError)
        assert 'by an error of its own' in str(answer)
        assert 'configure the node again' in str(answer)
    with pytest.raises(ExecutorError, match='by an error of its own'):
        ask(worker, 1)
