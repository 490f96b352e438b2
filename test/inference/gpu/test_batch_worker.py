"""The engine: everybody's answer is his own, a lost device comes back, an end is an end."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from onnx import TensorProto

from facemesh_ros.inference.gpu import batch_worker as engine_module
from facemesh_ros.inference.gpu.batch_worker import BatchWorker
from facemesh_ros.inference.gpu.executor import Crops, GpuExecutor
from facemesh_ros.inference.gpu.memory import ExecutorError, ExecutorLostError, HostMemory
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
    """A model that looks numbers up; for one that is not in its table ONNX Runtime fails."""
    graph = OnnxGraph()
    graph.node('Gather', graph.constant(SQUARES), 'index', axis=0, output='square')
    model = graph.model_between(
        [batched('index', (), TensorProto.INT32)],
        [batched('square', ())],
        {
            'name': 'lookup',
            'input_size': '0',
            'source_sha256': '',
            'precision': 'fp32',
            'variant': 'plain',
        },
    )
    return bytes(model.SerializeToString())


class Opener:
    """Opens the lookup on plain memory.

    Attributes:
        again: What it was told each time.
        fails: Why it refuses; None to open.
        fault: What ONNX Runtime says in the next run, as on a device that is lost; empty for none.
        runs: How many requests each run had.
        sessions: What it has opened.
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

    def __call__(self, *, again: bool) -> GpuExecutor:
        self.again.append(again)
        if self.fails:
            raise self.fails
        self.sessions.append(ModelSession(self._onnx, ProviderChoice('cpu')))
        sessions = {'lookup': self.sessions[-1]}
        device = GpuExecutor(sessions, {'lookup': ('square',)}, HostMemory(), images=1)
        run = device.run

        def recorded(model, requests):
            fault, self.fault = self.fault, ''
            self.runs.append(len(requests))
            self.gate.wait()
            if fault:
                raise RuntimeError(fault)  # of a binding they are no kinds of its own
            return run(model, requests)

        device.run = recorded
        return device


@pytest.fixture
def opener(lookup) -> Opener:
    return Opener(lookup)


@pytest.fixture
def engine(opener):
    opened = BatchWorker(opener, PAUSE_S)
    yield opened
    opened.close()


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only when told."""

    class Clock:
        now_s = 100.0

        def monotonic(self) -> float:
            return self.now_s

    monkeypatch.setattr(engine_module, 'time', stopped := Clock())
    return stopped


def ask(engine: BatchWorker, *numbers: int) -> list[float]:
    (found,) = engine.run('lookup', None, {'index': np.array(numbers, np.int32)})
    return found.tolist()


@pytest.mark.parametrize('count', [1, 2, 3, 8, 9, 64, 65, 200])
def test_any_number_of_crops(engine, count):
    numbers = np.random.default_rng(count).integers(0, 10, count)
    assert ask(engine, *numbers) == (numbers**2).tolist()


@pytest.fixture
def ask_together(engine, opener):
    """Let several callers ask while the engine is busy with another one."""

    def asked(*numbers: int, fault: str = '') -> dict[int, list[float] | Exception]:
        answers: dict[int, list[float] | Exception] = {}

        def caller(number: int) -> None:
            try:
                answers[number] = ask(engine, number, number)
            except Exception as error:
                answers[number] = error

        opener.gate.clear()
        before = len(opener.runs)
        callers = [threading.Thread(target=ask, args=(engine, 0))]
        callers += [threading.Thread(target=caller, args=(number,)) for number in numbers]
        callers[0].start()
        wait_until(lambda: len(opener.runs) > before)
        opener.fault = fault
        for thread in callers[1:]:
            thread.start()
        wait_until(lambda: len(engine._waiting) == len(numbers))
        opener.gate.set()
        for thread in callers:
            thread.join()
        return answers

    return asked


def wait_until(condition) -> None:
    while not condition():
        threading.Event().wait(0.001)


def test_who_waits_goes_into_one_run(ask_together, opener):
    assert ask_together(1, 2, 3) == {1: [1, 1], 2: [4, 4], 3: [9, 9]}
    assert opener.runs == [1, 3]


def test_all_callers_of_a_run_in_which_the_device_was_lost_hear_of_it(
    ask_together, engine, opener, clock
):
    answers = ask_together(1, 2, 3, fault=FAULT)
    assert len({id(answer) for answer in answers.values()}) == 3
    for answer in answers.values():
        assert isinstance(answer, ExecutorLostError)
        assert 'CUDA failure 700' in str(answer)
    clock.now_s += PAUSE_S
    assert ask_together(1, 3) == {1: [1, 1], 3: [9, 9]}


def test_what_is_wrong_with_one_request_is_told_to_its_caller_alone(ask_together, engine, opener):
    answers = ask_together(1, 99, 3)
    assert 'out of data bounds' in str(answers.pop(99))
    assert answers == {1: [1, 1], 3: [9, 9]}
    with pytest.raises(KeyError):
        engine.run('lookup', None, {'number': np.array([1], np.int32)})
    with pytest.raises(KeyError):
        engine.run('another', None, {'index': np.array([1], np.int32)})
    with pytest.raises(ValueError, match='broadcast'):
        engine.run('lookup', None, {'index': np.zeros((1, 2), np.int32)})
    assert ask(engine, 3) == [9]
    assert (opener.again, engine.losses) == ([False], 0)


def test_a_device_runs_what_does_not_fit_in_one_batch_in_several(opener):
    device = opener(again=False)
    numbers = [np.full(40, number, np.int32) for number in range(5)]
    results = device.run('lookup', [Crops(None, {'index': each}) for each in numbers])
    assert [result[0].tolist() for result in results] == [[n**2] * 40 for n in range(5)]


def test_a_loss_is_told_and_the_device_comes_back(engine, opener, clock):
    opener.fault = FAULT
    with pytest.raises(ExecutorLostError, match=r'stopped at lookup: .*CUDA failure 700') as lost:
        ask(engine, 1)
    assert 'opened anew in 1.0 s' in str(lost.value)
    assert 'restart' in str(lost.value)
    runs = len(opener.runs)
    with pytest.raises(ExecutorLostError, match=r'CUDA failure 700.*anew in 1\.0 s'):
        ask(engine, 3)
    assert (opener.again, len(opener.runs)) == ([False], runs)
    clock.now_s += PAUSE_S
    assert ask(engine, 3) == [9]
    assert (opener.again, engine.losses) == ([False, True], 1)


def test_the_pause_grows_until_there_has_been_peace(engine, opener, clock, monkeypatch):
    monkeypatch.setattr(engine_module, 'CALM_RUNS', 3)
    pauses = []
    opener.fails, opener.fault = ExecutorError('no such device'), FAULT
    with pytest.raises(ExecutorLostError, match='CUDA failure 700'):
        ask(engine, 1)
    for _ in range(8):
        before = clock.now_s
        tries = len(opener.again)
        while len(opener.again) == tries:
            clock.now_s += 0.5
            with pytest.raises(ExecutorLostError):
                ask(engine, 1)
        pauses.append(clock.now_s - before)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    with pytest.raises(ExecutorLostError, match='no such device'):
        ask(engine, 1)
    opener.fails = None
    clock.now_s += 60
    assert ask(engine, 4) == [16]
    opener.fault = FAULT
    with pytest.raises(ExecutorLostError, match=r'anew in 60\.0 s'):
        ask(engine, 4)
    clock.now_s += 60
    for _ in range(3):
        assert ask(engine, 4) == [16]
    opener.fault = FAULT
    with pytest.raises(ExecutorLostError, match=r'anew in 1\.0 s'):
        ask(engine, 4)


def test_what_cannot_be_opened_is_told_at_once(opener):
    opener.fails = ExecutorError('no such device')
    with pytest.raises(ExecutorError, match='no such device'):
        BatchWorker(opener)
    assert opener.again == [False]


def test_after_the_end_nobody_waits(opener):
    engine = BatchWorker(opener)
    assert ask(engine, 2) == [4]
    engine.close()
    engine.close()
    with pytest.raises(ExecutorError, match='closed'):
        ask(engine, 2)
    assert not engine._thread.is_alive()


def test_a_device_that_cannot_be_given_back_is_opened_anew_all_the_same(
    engine, opener, clock, monkeypatch, caplog
):
    monkeypatch.setattr(GpuExecutor, 'close', None)
    opener.fault = FAULT
    with pytest.raises(ExecutorLostError, match='CUDA failure 700'):
        ask(engine, 1)
    assert 'not given back' in caplog.text
    clock.now_s += PAUSE_S
    assert ask(engine, 3) == [9]


@pytest.mark.parametrize('error', [ExecutorError('no GPU'), KeyError('a mistake of ours')])
def test_whatever_keeps_a_device_from_opening_it_is_tried_again(engine, opener, clock, error):
    opener.fault, opener.fails = FAULT, error
    for _ in range(2):
        with pytest.raises(ExecutorLostError):
            ask(engine, 1)
        clock.now_s += PAUSE_S
    with pytest.raises(ExecutorLostError, match=f'does not open: .*{error.args[0]}'):
        ask(engine, 1)
    opener.fails = None
    clock.now_s += 2 * PAUSE_S
    assert ask(engine, 3) == [9]


@pytest.mark.filterwarnings('ignore::pytest.PytestUnhandledThreadExceptionWarning')
def test_if_its_thread_ends_nobody_waits_for_ever_and_all_hear_why(
    engine, ask_together, monkeypatch
):
    monkeypatch.setattr(BatchWorker, '_blame', None)
    answers = ask_together(1, 99, 3)
    for answer in answers.values():
        assert isinstance(answer, ExecutorError)
        assert 'by a fault of its own' in str(answer)
        assert 'configure the node anew' in str(answer)
    with pytest.raises(ExecutorError, match='by a fault of its own'):
        ask(engine, 1)


def test_a_device_that_is_closed_holds_no_session(opener):
    engine = BatchWorker(opener)
    sessions = [weakref.ref(network.session._sess) for network in opener.sessions]
    assert ask(engine, 2) == [4]
    engine.close()
    gc.collect()
    assert [session() for session in sessions] == [None]
    assert opener.sessions[0].name == 'lookup'
