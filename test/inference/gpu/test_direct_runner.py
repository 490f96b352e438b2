"""Models in the thread that asks: no thread of its own, any may ask, results are equal."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from lookup_gpu import FAULT, ask, wait_until

from facemesh_ros.assembly.gpu_models import load_gpu_models
from facemesh_ros.assembly.models import ModelNames
from facemesh_ros.inference.gpu.direct_runner import MOST_THREADS, DirectRunner
from facemesh_ros.inference.gpu.memory import ExecutorError, ExecutorLostError
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.types import Frame, PixelOrder, Rois

NAMES = ModelNames('v2', ('short_range', 'full_range'), 'blendshapes')
FACES = Rois(
    np.float32([[225, 130], [230, 120], [200, 150]]),
    np.float32([[143, 143], [160, 160], [120, 130]]),
    np.float32([0.09, -0.4, 2.0]),
)


@pytest.fixture
def runner(factory):
    opened = DirectRunner(factory)
    yield opened
    opened.close()


def in_new_thread(work, *arguments):
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work, *arguments).result()


def test_the_thread_that_asks_runs_the_model(runner, factory):
    before = threading.enumerate()
    assert ask(runner, 3) == [9]
    assert factory.threads == [threading.current_thread()]
    assert threading.enumerate() == before


def test_a_stream_may_move_between_threads(runner, factory):
    assert ask(runner, 2) == [4]
    assert in_new_thread(ask, runner, 3, 1) == [9, 1]
    assert ask(runner, 4, 4, 4) == [16, 16, 16]
    first, other, again = factory.threads
    assert first is again is threading.current_thread()
    assert other is not first


def test_however_many_threads_ask_few_run_models(runner, factory):
    """ONNX Runtime keeps graphs and handles for each of them, also when it has ended."""
    for number in range(10):
        assert in_new_thread(ask, runner, number) == [number**2]
    assert len(set(factory.threads)) == MOST_THREADS + 1
    with pytest.raises(Exception, match='out of data bounds'):
        in_new_thread(ask, runner, 99)
    # One of the first goes on by itself.
    assert in_new_thread(lambda: [ask(runner, 1), ask(runner, 2)]) == [[1], [4]]


def test_a_thread_that_has_run_models_goes_on_to(runner, factory):
    with ThreadPoolExecutor(1) as stream:
        assert stream.submit(ask, runner, 1).result() == [1]
        for _ in range(2 * MOST_THREADS):
            in_new_thread(ask, runner, 2)
        assert stream.submit(ask, runner, 3).result() == [9]
    assert factory.threads[-1] is factory.threads[0]


def test_threads_that_ask_at_once_get_their_own_results(runner):
    def asked(number):
        return [ask(runner, number, 9 - number) for _ in range(50)]

    with ThreadPoolExecutor(MOST_THREADS + 3) as threads:
        results = list(threads.map(asked, range(10)))
    for number, found in enumerate(results):
        assert found == [[number**2, (9 - number) ** 2]] * 50


def test_requests_that_wait_when_it_is_closed_are_refused(factory):
    runner, refused = DirectRunner(factory), []

    def waiting():
        with pytest.raises(ExecutorError, match='the GPU is closed') as error:
            ask(runner, 2)
        refused.append(error.value)

    factory.gate.clear()
    running = threading.Thread(target=ask, args=(runner, 1))
    running.start()
    wait_until(lambda: factory.runs)
    others = [threading.Thread(target=waiting) for _ in range(MOST_THREADS + 2)]
    closing = threading.Thread(target=runner.close)
    for thread in (*others, closing):
        thread.start()
    wait_until(lambda: runner._is_closed)
    factory.gate.set()
    for thread in (running, *others, closing):
        thread.join()
    assert len(refused) == len(others)
    assert factory.runs == [1]


def test_a_gpu_that_fails_in_one_thread_is_lost_for_the_others_too(runner, factory):
    factory.fault = FAULT
    with pytest.raises(ExecutorLostError, match='CUDA failure 700'):
        in_new_thread(ask, runner, 1)
    with pytest.raises(ExecutorLostError, match='opened again in'):
        ask(runner, 1)
    assert runner.failures == 1


@pytest.fixture(scope='module')
def loaded(model_store, require_models):
    """All models of v2 on the CPU provider, as one stream or several streams use them."""
    require_models(*NAMES.all)
    opened = []

    def load(streams):
        loader = ModelLoader(model_store, ProviderChoice('cpu'))
        opened.append(load_gpu_models(model_store, loader, NAMES, faces=4, streams=streams))
        return opened[-1]

    yield load
    for models in opened:
        models.close()


def outputs_of(models, frame):
    """Everything that the models say about a frame."""
    landmarks = models.landmark_model.predict(frame, FACES)
    found = [detector.detect(frame, 0.1) for detector in models.detectors.values()]
    return [
        landmarks.points,
        landmarks.presences,
        models.blendshape_model.predict(landmarks.points),
        *(values for each in found for values in (each.boxes_xyxy, each.keypoints, each.scores)),
    ]


def test_one_stream_gets_what_several_get_to_the_last_bit_and_needs_no_thread(loaded, astronaut):
    frame, before = Frame(astronaut, PixelOrder.RGB), threading.enumerate()
    one = loaded(streams=1)
    direct = outputs_of(one, frame)
    assert threading.enumerate() == before
    batched = outputs_of(loaded(streams=2), frame)
    moved = in_new_thread(outputs_of, one, frame)
    for values, others, in_another_thread in zip(direct, batched, moved, strict=True):
        assert len(values)
        assert np.array_equal(values, others)
        assert np.array_equal(values, in_another_thread)


def test_two_sensors_of_one_stream_share_a_process(loaded, astronaut):
    frames = [
        Frame(astronaut, PixelOrder.RGB),
        Frame(np.ascontiguousarray(astronaut[:, ::-1]), PixelOrder.RGB),
    ]
    sensors = [loaded(streams=1), loaded(streams=1)]
    alone = [outputs_of(models, frame) for models, frame in zip(sensors, frames, strict=True)]
    together = threading.Barrier(2)

    def stream(index):
        together.wait()
        return [outputs_of(sensors[index], frames[index]) for _ in range(3)]

    with ThreadPoolExecutor(2) as threads:
        for index, results in enumerate(threads.map(stream, range(2))):
            for outputs in results:
                assert all(map(np.array_equal, outputs, alone[index]))


def test_a_thread_is_prepared_by_running_all_sizes_in_it(loaded):
    models, ran = loaded(streams=1), []
    run = models.runner._executor._executor.run

    def recorded(name, requests):
        ran.append((name, sum(map(len, requests)), threading.current_thread()))
        return run(name, requests)

    models.runner._executor._executor.run = recorded
    thread = in_new_thread(lambda: [models.warm_up(), threading.current_thread()][1])
    assert {(name, size) for name, size, _ in ran} >= {(name, 1) for name in NAMES.all}
    assert {(name, size) for name, size, _ in ran} >= {('v2', 4), ('blendshapes', 2)}
    assert {each for _, _, each in ran} == {thread}
