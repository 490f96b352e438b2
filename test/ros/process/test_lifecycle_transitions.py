"""Transitions in which a bug raises: the node stays usable."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import TransitionCallbackReturn

from facemesh_ros.assembly.face_sensor import FaceSensor
from facemesh_ros.ros import camera_stream, camera_streams
from facemesh_ros.ros.camera_stream import CameraStream
from facemesh_ros.ros.camera_streams import CameraStreams
from facemesh_ros.ros.diagnostics.publisher import Diagnostics
from facemesh_ros.ros.input.arrivals import Arrival
from facemesh_ros.ros.input.image_subscription import ImageSubscription
from facemesh_ros.ros.node import FaceMeshNode
from facemesh_ros.ros.output.publishers import Publishers
from facemesh_ros.tracking.tracker import FaceIds

PATIENCE_S = 30.0
ERROR, FAILURE, SUCCESS = (
    TransitionCallbackReturn.ERROR,
    TransitionCallbackReturn.FAILURE,
    TransitionCallbackReturn.SUCCESS,
)


@pytest.fixture
def node(ros, model_store, require_models):
    require_models('short_range')
    made = FaceMeshNode()
    yield weakref.proxy(made)
    made.destroy_node()
    # Until a node is collected its lifecycle's services are there, and other tests ask by name.
    del made
    gc.collect()


@pytest.fixture
def broken(monkeypatch):
    """Let a method raise after it has run."""

    def breaks(kind: type, name: str) -> None:
        method = getattr(kind, name)

        def raising(self, *arguments, **named):
            method(self, *arguments, **named)
            raise RuntimeError(f'{kind.__name__}.{name} is broken')

        monkeypatch.setattr(kind, name, raising)

    yield breaks
    monkeypatch.undo()


def workers():
    return [thread for thread in threading.enumerate() if thread.name == 'inference']


def topics(node):
    return sorted(
        entity.topic_name
        for entity in (*node.publishers, *node.subscriptions)
        if 'parameter' not in entity.topic_name and entity.topic_name != '/rosout'
    )


@pytest.mark.parametrize(
    ('kind', 'name'),
    [(Publishers, 'publish_info'), (CameraStreams, '_log_models')],
)
def test_a_configuration_that_raises_leaves_nothing(node, broken, monkeypatch, kind, name):
    threads, known = threading.active_count(), topics(node)
    broken(kind, name)
    assert node.trigger_configure() == FAILURE
    assert (threading.active_count(), topics(node)) == (threads, known)
    monkeypatch.undo()
    assert node.trigger_configure() == node.trigger_activate() == SUCCESS


@pytest.mark.parametrize('kind', [Diagnostics, ImageSubscription])
def test_an_activation_that_raises_leaves_nothing(node, monkeypatch, kind):
    assert node.trigger_configure() == SUCCESS
    threads, known = threading.active_count(), topics(node)
    module = camera_streams if kind is Diagnostics else camera_stream

    def never(*_):
        raise RuntimeError('broken')

    with monkeypatch.context() as patch:
        patch.setattr(module, kind.__name__, never)
        assert node.trigger_activate() == FAILURE
    assert (threading.active_count(), topics(node), workers()) == (threads, known, [])
    assert node.trigger_activate() == SUCCESS
    assert len(workers()) == 1


@pytest.mark.parametrize(
    ('kind', 'name'),
    [(Diagnostics, 'close'), (ImageSubscription, 'destroy'), (CameraStream, 'reset')],
)
def test_a_deactivation_that_raises_ends_everything_and_the_node_can_be_configured(
    node, broken, monkeypatch, kind, name
):
    threads, known = threading.active_count(), topics(node)
    broken(kind, name)
    assert node.trigger_configure() == node.trigger_activate() == SUCCESS
    assert node.trigger_deactivate() == ERROR
    assert (threading.active_count(), topics(node), workers()) == (threads, known, [])
    monkeypatch.undo()
    assert node.trigger_configure() == node.trigger_activate() == SUCCESS
    assert len(workers()) == 1


@pytest.mark.parametrize(('kind', 'name'), [(Publishers, 'destroy'), (FaceSensor, 'close')])
def test_a_cleanup_or_shutdown_that_raises_ends_everything(node, broken, monkeypatch, kind, name):
    threads, known = threading.active_count(), topics(node)
    for end, returned in ((node.trigger_cleanup, ERROR), (node.trigger_shutdown, SUCCESS)):
        broken(kind, name)
        assert node.trigger_configure() == SUCCESS
        assert end() == returned
        assert (threading.active_count(), topics(node)) == (threads, known)
        monkeypatch.undo()


@pytest.mark.filterwarnings('ignore::pytest.PytestUnhandledThreadExceptionWarning')
def test_if_the_inference_thread_ends_diagnostics_say_so(node, monkeypatch):
    def end(*_):
        raise SystemExit  # whatever is no Exception ends a thread, and says nothing

    assert node.trigger_configure() == SUCCESS
    with monkeypatch.context() as patch:
        patch.setattr(CameraStream, '_process', end)
        assert node.trigger_activate() == SUCCESS
        (watched,), (worker,) = node._streams._streams, workers()
        watched._queue.put(Arrival(b'', 0.0))
        worker.join(PATIENCE_S)
    status = watched.report(1.0)
    assert status.level == DiagnosticStatus.ERROR
    assert 'has ended; deactivate and activate the node' in status.message
    assert node.trigger_deactivate() == node.trigger_activate() == SUCCESS
    assert len(workers()) == 1
    assert 'has ended' not in watched.report(1.0).message


def test_a_cleanup_needs_no_garbage_collector(node):
    known = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(2):
            assert node.trigger_configure() == node.trigger_activate() == SUCCESS
            held = node._streams
            known += [weakref.ref(one) for one in (held, held._streams[0], held._sensor.recovery)]
            del held
            assert node.trigger_deactivate() == node.trigger_cleanup() == SUCCESS
            assert [reference() for reference in known] == [None] * len(known)
    finally:
        gc.enable()


def test_ids_outlive_the_models(node):
    assert node.trigger_configure() == SUCCESS
    ids = node._streams._sensor._ids
    assert isinstance(ids, FaceIds)
    assert node.trigger_cleanup() == node.trigger_configure() == SUCCESS
    assert node._streams._sensor._ids is ids
