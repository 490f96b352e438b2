"""Nodes on models that fail on images of one colour."""

from __future__ import annotations

import numpy as np
import pytest
from failing_models import failing_environment

from facemesh_ros.ros.input.image_conversion import msg_from_bgr

# The faults of the models are those of ONNX Runtime, whatever is quicker here.
FAST = ('landmark_model:=mesh', 'detector:=short_range', 'execution_provider:=cpu')


@pytest.fixture(scope='module')
def failing(model_store, require_models, tmp_path_factory):
    """The environment of a node whose watchdog is quick, too."""
    require_models('short_range', 'mesh')
    return failing_environment(model_store, tmp_path_factory.mktemp('failing'))


@pytest.fixture
def start(start_node, require_models):
    """Start nodes that are gone at the end of the test: what follows asks by name."""
    require_models('short_range', 'mesh')
    started = []

    def start_fast(*parameters, **options):
        started.append(start_node(*FAST, *parameters, **options))
        return started[-1]

    yield start_fast
    for node in started:
        node.process.kill()
        node.process.wait()


@pytest.fixture
def coloured(client):
    """Make image messages of one colour, each with a stamp of its own."""
    return lambda bgr: msg_from_bgr(np.full((256, 256, 3), bgr, np.uint8), client.header())
