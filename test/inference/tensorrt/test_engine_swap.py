"""What takes minutes to open takes over while others serve: real networks, real threads."""

from __future__ import annotations

import logging
from threading import Event, Thread

import numpy as np
import pytest

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.inference.tensorrt import engine_swap as handover_module
from facemesh_ros.inference.tensorrt.engine_swap import Handover, Successor

PATIENCE_S = 30.0
CPU = ProviderChoice('cpu')


@pytest.fixture
def opened(model_store, require_models):
    """Open the short-range detector in a flavour; each calculates the same in other layers."""
    require_models('short_range')

    def made(variant: Variant) -> ModelSession:
        return ModelSession(model_store.load('short_range', variant), CPU)

    return made


@pytest.fixture
def messages(caplog):
    caplog.set_level(logging.INFO, 'facemesh_ros')
    return lambda: [record.getMessage() for record in caplog.records]


class Camera:
    """A thread that runs a network without pause and keeps all that comes out."""

    def __init__(self, network: ModelSession) -> None:
        image = np.linspace(-1, 1, 128 * 128 * 3, dtype=np.float32).reshape(1, 128, 128, 3)
        self.outputs: list[np.ndarray] = []
        self.errors: list[Exception] = []
        self._network, self._image, self._stopping = network, image, Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.outputs += self._network.run(self._image, ['regressors'])
            except Exception as error:
                self.errors.append(error)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(PATIENCE_S)


def test_nobody_notices_but_by_what_is_told(opened, messages):
    serving, release, changes = opened(Variant.PLAIN), Event(), []

    def open_slowly(_) -> ModelSession:
        assert release.wait(PATIENCE_S)
        return opened(Variant.CPU)

    cameras = [Camera(serving) for _ in range(2)]
    handover = Handover([Successor(serving, open_slowly)], 'engine', period_s=0.01)
    handover.start(lambda: changes.append(serving.variant))
    while not any('still building the engine of short_range (1 of 1)' in it for it in messages()):
        assert handover.opening == 'short_range'
        assert serving.variant == Variant.PLAIN.value
    before = [len(camera.outputs) for camera in cameras]
    release.set()
    assert handover.wait(PATIENCE_S)
    after = [len(camera.outputs) for camera in cameras]
    while [len(camera.outputs) for camera in cameras] == after:
        pass  # some more by the new one
    for camera in cameras:
        camera.stop()
        assert camera.errors == []
        assert np.ptp(camera.outputs, axis=0).max() < 1e-2
        assert np.ptp(camera.outputs[0]) > 1
    assert min(before) > 0
    assert serving.variant == Variant.CPU.value
    assert serving.placement == opened(Variant.CPU).placement
    assert changes == [Variant.CPU.value]
    assert 'takes minutes the first time; CPUExecutionProvider serves meanwhile' in messages()[0]
    assert 'is built after' in messages()[-1]
    assert handover.opening == ''


def test_who_serves_goes_on_if_nobody_comes_and_the_next_is_still_opened(opened, messages):
    first, second, changes = opened(Variant.PLAIN), opened(Variant.PLAIN), []

    def fail(_) -> ModelSession:
        raise RuntimeError('the builder ran out of memory')

    successors = [Successor(first, fail), Successor(second, lambda _: opened(Variant.CPU))]
    handover = Handover(successors, 'engine')
    handover.start(lambda: changes.append(None))
    assert handover.wait(PATIENCE_S)
    assert (first.variant, second.variant) == (Variant.PLAIN.value, Variant.CPU.value)
    assert len(changes) == 2
    (failed,) = [text for text in messages() if 'could not be built' in text]
    assert 'the builder ran out of memory; CPUExecutionProvider goes on' in failed


def test_once_stopped_nothing_is_handed_over(opened, monkeypatch):
    # What is opened here does not end by itself.
    monkeypatch.setattr(handover_module, 'END_S', 0.1)
    serving, begun, release = opened(Variant.PLAIN), Event(), Event()

    def open_slowly(_) -> ModelSession:
        begun.set()
        assert release.wait(PATIENCE_S)
        return opened(Variant.CPU)

    def never(_) -> ModelSession:
        raise AssertionError('opened after the end')

    successors = [Successor(serving, open_slowly), Successor(serving, never)]
    handover = Handover(successors, 'engine')
    handover.start(lambda: pytest.fail('told after the end'))
    assert begun.wait(PATIENCE_S)
    handover.stop()
    release.set()
    assert handover.wait(PATIENCE_S)
    assert serving.variant == Variant.PLAIN.value


def test_with_nothing_to_open_it_is_done_at_once():
    handover = Handover([], 'engine')
    handover.start()
    assert handover.wait(0)
