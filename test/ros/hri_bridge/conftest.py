"""Real bridges, and what they are fed with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from test.ros.conftest import NodeProcess, ending_processes

COMMAND = (sys.executable, '-m', 'facemesh_ros.ros.hri_bridge')


@pytest.fixture
def start_bridge(
    ros: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., NodeProcess]]:
    """Start bridges that are gone at the end of the test."""
    with ending_processes(lambda: tmp_path_factory.mktemp('bridge')) as start:
        yield partial(start, command=COMMAND)
