"""The batching worker: requests of several threads, a GPU that fails, and closing."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from onnx import TensorProto

from facemesh_ros.inference.gpu import recovering_executor as recovery_module
from facemesh_ros.inference.gpu.batch_worker import BatchWorker
from facemesh_ros.inference.gpu.executor import Crops, GpuExecutor
from facemesh_ros.inference.gpu.memory import ExecutorError, ExecutorLostError, HostMemory
from facemesh_ros.inference.gpu.recovering_executor import RecoveringExecutor
from facemesh_ros.inference.gpu_recovery import Backoff
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.models.convert.onnx_graph import OnnxGraph, batched

SQUARES = np.arange(10, dtype=np.float32) ** 2
PAUSE_S = 1.0
FAULT = (
    'Error in execution: Non-zero status code returned while running Gather node. Status Message: '
    'CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=robot'
)


@pytest.fixture(scope='module')
def lookup() -> bytes:
    """A lookup table as a model; ONNX Runtime fails for an index outside of it."""
    graph = OnnxGraph()
    graph.node('Gather', graph.constant(SQUARES), 'index', axis=0, output='square')
    model = graph.model(
        {'index': batched('index', (), TensorProto.INT32)},
        {'square': ()},
        {
            'name': 'lookup',
            'input_size': '0',
            'source_sha256': '',
            'precision': 'fp32',
            'variant': 'plain',
        },
    )
    return bytes(model.SerializeToString())


class Factory:
    """Opens the lookup on plain memory.

    Attributes:
        again: Its argument at each call.
        fails: The error that it raises; None to open.
        fault: ONNX Runtime's error of the next run, as on a GPU that fails; empty for none.
        runs: Number of requests of each run.
        sessions: The sessions that it has opened.
        gate: Runs wait while it is not set.
    """

    def __init__(self, onnx: bytes) -> None:
        self.again: list[bool] = []
        self.runs: list[int] = []
        self.sessions: list[ModelSession] = []
        self.fault = ''
        self.fails: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self._onnx = onnx

    def __call__(self, again: bool) -> GpuExecutor:
        self.again.append(again)
        if self.fails:
            raise self.fails
        self.sessions.append(ModelSession(self._onnx, ProviderChoice('cpu')))
        sessions = {'lookup': self.sessions[-1]}
        executor = GpuExecutor(sessions, {'lookup': ('square',)}, HostMemory(), images=1)
        run = executor.run

        def recorded(model, requests):
            fault, self.fault = self.fault, ''
            self.runs.append(len(requests))
            self.gate.wait()
            if fault:
                raise RuntimeError(fault)  # as those of a binding are
            return run(model, requests)

        executor.run = recorded
        return executor


@pytest.fixture
def factory(lookup) -> Factory:
    return Factory(lookup)


@pytest.fixture
def worker(factory, clock):
    opened = BatchWorker(factory, Backoff(PAUSE_S, clock))
    yield opened
    opened.close()


@pytest.fixture
def clock():
    """Time that passes only when it is set."""

    class Clock:
        now_s = 100.0

        def __call__(self) -> float:
            return self.now_s

    return Clock()


def ask(worker: BatchWorker, *numbers: int) -> list[float]:
    (found,) = worker.run('lookup', None, {'index': np.array(numbers, np.int32)})
    return found.tolist()


@pytest.mark.parametrize('count', [1, 2, 3, 8, 9, 64, 65, 200])
def test_any_number_of_crops(worker, count):
    numbers = np.random.default_rng(count).integers(0, 10, count)
    assert ask(worker, *numbers) == (numbers**2).tolist()


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


def wait_until(condition) -> None:
    while not condition():
        threading.Event().wait(0.001)


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


def test_more_crops_than_the_largest_batch_run_in_several(factory):
    executor = factory(False)
    numbers = [np.full(40, number, np.int32) for number in range(5)]
    results = executor.run('lookup', [Crops(None, {'index': each}) for each in numbers])
    assert [result[0].tolist() for result in results] == [[n**2] * 40 for n in range(5)]


def test_a_failed_gpu_is_opened_again_after_a_pause(worker, factory, clock):
    factory.fault = FAULT
    with pytest.raises(ExecutorLostError, match=r'failed in lookup: .*CUDA failure 700') as lost:
        ask(worker, 1)
    assert 'opened again in 1.0 s' in str(lost.value)
    assert 'restart' in str(lost.value)
    runs = len(factory.runs)
    with pytest.raises(ExecutorLostError, match=r'CUDA failure 700.*again in 1\.0 s'):
        ask(worker, 3)
    assert (factory.again, len(factory.runs)) == ([False], runs)
    clock.now_s += PAUSE_S
    assert ask(worker, 3) == [9]
    assert (factory.again, worker.failures) == ([False, True], 1)


def test_the_pause_doubles_until_enough_runs_went_well(worker, factory, clock, monkeypatch):
    monkeypatch.setattr(recovery_module, 'RUNS_TO_RECOVER', 3)
    pauses = []
    factory.fails, factory.fault = ExecutorError('no such device'), FAULT
    with pytest.raises(ExecutorLostError, match='CUDA failure 700'):
        ask(worker, 1)
    for _ in range(8):
        before = clock.now_s
        tries = len(factory.again)
        while len(factory.again) == tries:
            clock.now_s += 0.5
            with pytest.raises(ExecutorLostError):
                ask(worker, 1)
        pauses.append(clock.now_s - before)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    with pytest.raises(ExecutorLostError, match='no such device'):
        ask(worker, 1)
    factory.fails = None
    clock.now_s += 60
    assert ask(worker, 4) == [16]
    factory.fault = FAULT
    with pytest.raises(ExecutorLostError, match=r'again in 60\.0 s'):
        ask(worker, 4)
    clock.now_s += 60
    for _ in range(3):
        assert ask(worker, 4) == [16]
    factory.fault = FAULT
    with pytest.raises(ExecutorLostError, match=r'again in 1\.0 s'):
        ask(worker, 4)


def test_a_gpu_that_cannot_be_opened_raises_at_once(factory):
    factory.fails = ExecutorError('no such device')
    with pytest.raises(ExecutorError, match='no such device'):
        BatchWorker(factory)
    assert factory.again == [False]


def test_a_closed_worker_refuses_requests(factory):
    worker = BatchWorker(factory)
    assert ask(worker, 2) == [4]
    worker.close()
    worker.close()
    with pytest.raises(ExecutorError, match='closed'):
        ask(worker, 2)
    assert not worker._thread.is_alive()


def test_a_gpu_that_cannot_be_released_is_opened_again_all_the_same(
    worker, factory, clock, monkeypatch, caplog
):
    monkeypatch.setattr(GpuExecutor, 'close', None)
    factory.fault = FAULT
    with pytest.raises(ExecutorLostError, match='CUDA failure 700'):
        ask(worker, 1)
    assert 'not released' in caplog.text
    clock.now_s += PAUSE_S
    assert ask(worker, 3) == [9]


@pytest.mark.parametrize('error', [ExecutorError('no GPU'), KeyError('a mistake of ours')])
def test_after_any_error_of_opening_it_is_tried_again(worker, factory, clock, error):
    factory.fault, factory.fails = FAULT, error
    for _ in range(2):
        with pytest.raises(ExecutorLostError):
            ask(worker, 1)
        clock.now_s += PAUSE_S
    with pytest.raises(ExecutorLostError, match=f'does not open: .*{error.args[0]}'):
        ask(worker, 1)
    factory.fails = None
    clock.now_s += 2 * PAUSE_S
    assert ask(worker, 3) == [9]


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


def test_a_closed_executor_holds_no_session(factory):
    worker = BatchWorker(factory)
    sessions = [weakref.ref(network.session._sess) for network in factory.sessions]
    assert ask(worker, 2) == [4]
    worker.close()
    gc.collect()
    assert [session() for session in sessions] == [None]
    assert factory.sessions[0].name == 'lookup'
