"""A GPU that fails in use: the models are opened again, at most as often as the backoff allows."""

from __future__ import annotations

from itertools import pairwise
from threading import Barrier, Event, Thread

import pytest

from facemesh_ros.errors import DamagedModelError
from facemesh_ros.inference.gpu_recovery import FIRST_BACKOFF_S, MAX_BACKOFF_S, GpuRecovery
from facemesh_ros.inference.providers import ExecutionProviderError
from facemesh_ros.inference.session import GpuLostError

LOST = GpuLostError('CUDAExecutionProvider does not run v2: CUDA failure 700')


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def test_other_errors_reopen_nothing():
    recovery = GpuRecovery(lambda: pytest.fail('reopened'))
    recovery.after(ValueError('an encoding'))
    recovery.after(ExecutionProviderError('another one'))


def test_while_it_fails_the_pauses_double():
    clock, tries = Clock(), []

    def fail() -> None:
        tries.append(clock.s)
        raise ExecutionProviderError('no GPU')

    recovery = GpuRecovery(fail, clock)
    for image in range(30 * 600):  # ten minutes of images, each of which fails
        clock.s = image / 30
        recovery.after(LOST)
    pauses = [after - before for before, after in pairwise(tries)]
    assert tries[0] == 0.0
    assert pauses[0] == pytest.approx(FIRST_BACKOFF_S, abs=0.1)
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(MAX_BACKOFF_S, abs=0.1)


@pytest.mark.parametrize(
    ('error', 'has_trace'),
    [(DamagedModelError('v2.onnx is damaged'), False), (KeyError('a mistake of ours'), True)],
)
def test_after_any_error_of_opening_it_is_tried_again(caplog, error, has_trace):
    clock, tries, changes = Clock(), [], []

    def reopen() -> None:
        tries.append(clock.s)
        if len(tries) < 3:
            raise error

    recovery = GpuRecovery(reopen, clock)
    recovery.changed = lambda: changes.append(len(tries))
    for clock.s in (0.0, 10.0, 20.0):
        recovery.after(LOST)
    assert tries == [0.0, 10.0, 20.0]
    assert changes == [1, 2, 3]  # some of the models may be open again
    assert caplog.text.count(f'the models do not open: {error}; next attempt in') == 2
    assert ('Traceback' in caplog.text) is has_trace
    assert caplog.messages[-1] == 'the models are open again'


def test_a_gpu_that_fails_after_each_attempt_is_not_reopened_for_every_image():
    clock, tries = Clock(), []
    recovery = GpuRecovery(lambda: tries.append(clock.s), clock)
    for image in range(30 * 60):
        clock.s = image / 30
        recovery.after(LOST)
    assert len(tries) <= 8


def test_a_failure_after_a_long_time_reopens_at_once():
    clock, tries = Clock(), []
    recovery = GpuRecovery(lambda: tries.append(clock.s), clock)
    for loss_s in (0.0, 10.0, 3600.0, 3602.0):
        clock.s = loss_s
        recovery.after(LOST)
    assert tries == [0.0, 10.0, 3600.0, 3602.0]


def test_one_thread_reopens_and_the_others_do_not_wait():
    begun, release, tries = Event(), Event(), []

    def reopen() -> None:
        tries.append(None)
        begun.set()
        assert release.wait(30)

    recovery = GpuRecovery(reopen)
    first = Thread(target=recovery.after, args=(LOST,), daemon=True)
    first.start()
    assert begun.wait(30)
    barrier = Barrier(4)

    def other() -> None:
        recovery.after(LOST)
        barrier.wait(30)

    for _ in range(3):
        Thread(target=other, daemon=True).start()
    barrier.wait(30)  # all came back although the first one still works
    release.set()
    first.join(30)
    assert len(tries) == 1
