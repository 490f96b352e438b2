"""What runs, as a graph, and programs that are started as documents say."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rclpy
from ament_index_python.packages import get_package_prefix
from document_files import DocumentFiles
from documents import Command, commands
from rclpy.node import Node

from test.ros.conftest import NodeProcess

DISCOVERY_S = 20.0


def ros2_cases(*verbs: str, program: str = 'ros2') -> list:
    """Return the words after `ros2 VERB`, the same once, with the place where they stand first."""
    found: dict[tuple[str, ...], Command] = {}
    for command in commands():
        for part in command.parts:
            if part.program == program and part.words[1] in verbs:
                found.setdefault(tuple(part.words), command)
    return [pytest.param(words[2:], id=at.where) for words, at in found.items()]


@pytest.fixture(scope='session')
def installed() -> Path:
    """The folder of what `ros2 run facemesh_ros` starts."""
    return Path(get_package_prefix('facemesh_ros')) / 'lib' / 'facemesh_ros'


@pytest.fixture(scope='session')
def document_files(tmp_path_factory, astronaut_bgr) -> DocumentFiles:
    head = np.ascontiguousarray(astronaut_bgr[10:250, 60:380])
    return DocumentFiles(tmp_path_factory.mktemp('files'), head)


@dataclass
class Graph:
    """What is known of the topics, services and nodes that run."""

    client: Node

    @property
    def topics(self) -> dict[str, list[str]]:
        return dict(self.client.get_topic_names_and_types())

    @property
    def services(self) -> dict[str, list[str]]:
        return dict(self.client.get_service_names_and_types())

    @property
    def nodes(self) -> set[str]:
        found = self.client.get_node_names_and_namespaces()
        return {f'{namespace.rstrip("/")}/{name}' for name, namespace in found}

    def wait_for(self, reached: Callable[[], object], what: str) -> None:
        end_s = time.monotonic() + DISCOVERY_S
        while not reached():
            assert time.monotonic() < end_s, f'never seen: {what}'
            rclpy.spin_once(self.client, timeout_sec=0.05)


@pytest.fixture(scope='module')
def graph(ros: None) -> Iterator[Graph]:
    node = rclpy.create_node('reader_of_documents')
    yield Graph(node)
    node.destroy_node()


class Program(NodeProcess):
    """A program with arguments just as they are written."""

    def __init__(self, log: Path, command: Sequence[str], folder: Path) -> None:
        self._log = log
        with log.open('wb') as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=file, cwd=folder)


@pytest.fixture
def run_until_up(graph, tmp_path, model_store, document_files) -> Callable[..., None]:
    """Start a program, wait until its node is seen, and end it as Ctrl-C does.

    A bare one leaves Ctrl-C to Python, and is killed.
    """

    def run(
        command: Sequence[str],
        node: str,
        arguments: Sequence[str],
        *,
        is_bare: bool = False,
        until: Callable[[Program], bool] = lambda program: True,
    ) -> None:
        namespace = next((rule[6:] for rule in arguments if rule.startswith('__ns:=')), '')
        name = f'{namespace.rstrip("/")}/{node}'
        for word in arguments:
            if re.fullmatch(r'[\w/.-]+\.(yaml|mp4|jpg|png)', word):
                document_files.provide(word)
        graph.wait_for(lambda: name not in graph.nodes, f'the end of an earlier {name}')
        program = Program(tmp_path / 'log', [*command, *arguments], document_files.folder)
        try:
            graph.wait_for(lambda: name in graph.nodes or program.process.poll() is not None, name)
            assert program.process.poll() is None, program.log
            graph.wait_for(lambda: until(program), program.log)
        finally:
            if is_bare:
                program.process.kill()
            status = program.stop()
        if not is_bare:
            assert status == 0, program.log
            assert 'Traceback' not in program.log
            assert 'ERROR' not in program.log

    return run
