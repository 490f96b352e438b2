"""Each camera of a node is a stream of its own, with its own images."""

from __future__ import annotations

import numpy as np
import pytest

from test.ros.conftest import Client
from test.ros.viewer.camera import PERIOD_S, Camera, with_picture


@pytest.fixture
def clients(ros):
    both = [Client('front'), Client('rear')]
    yield both
    for client in both:
        client.destroy_node()


def test_cameras_that_are_triggered_together_are_not_mixed_up(
    start_node, start_viewer, clients, require_package
):
    """Their images have the same stamps, and only the topics tell them apart."""
    require_package('skimage.data')
    start_node('cameras:=[front, rear]')
    viewer = start_viewer()
    cameras = [Camera(clients[0]), Camera(clients[1], shift_px=40)]
    streams = ['/facemesh/front', '/facemesh/rear']

    def are_shown():
        header = clients[0].header()
        for camera, client in zip(cameras, clients, strict=True):
            camera.send(header)
            client.spin_for(PERIOD_S / 2)
        return all(len(with_picture(viewer.view.of(stream))) > 2 for stream in streams)

    clients[0].wait_until(are_shown, 'images of both cameras')
    for camera, stream in zip(cameras, streams, strict=True):
        for seen in with_picture(viewer.view.of(stream)):
            assert np.array_equal(seen.frame.image, camera.sent[seen.stamp_ns])
    assert {it.stream for it in viewer.view.seen} == set(streams)
