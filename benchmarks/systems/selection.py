"""The systems to compare: this package, and the MediaPipe release that has the same model."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.command import MeasurementError
from systems.process import System
from workspace.environment import environment_without_ros
from workspace.layout import SetupError
from workspace.peers import peer_python

from facemesh_ros.catalog.models import BUNDLE, entry_of
from facemesh_ros.models.fetch import SOURCES_VARIABLE
from facemesh_ros.models.store import ModelStore, State

FOLDER = Path(__file__).parent
LEGACY, TASKS = PEERS = 'mediapipe-0.10.21', 'mediapipe-1.2.2'


class UnavailableError(Exception):
    """A system cannot run here; the text names the way out."""


@dataclass(frozen=True)
class Comparison:
    """Systems that process the same images in turn.

    Attributes:
        model: Landmark model that all of them have.
        setting: What is special, for people.
        ours: This package, once or with several detectors.
        peer: MediaPipe, None if it cannot run here.
    """

    model: str
    setting: str
    ours: Sequence[System]
    peer: System | None

    @property
    def systems(self) -> list[System]:
        """All of them."""
        return [*self.ours, *([self.peer] if self.peer else [])]


class Candidates:
    """Landmark models that are installed, and the peers that can run here.

    Attributes:
        models: Our landmark models.
        left_out: A line with the way out for each model or peer that cannot run.
    """

    def __init__(self, models: Sequence[str], bundle: Path | None) -> None:
        """Check landmark models and make the environments of their peers.

        `bundle` as for `official_bundle`; raises MeasurementError if no model is installed.
        """
        self.models: list[str] = []
        self.left_out: list[str] = []
        self._peers: dict[str, tuple[str, list[str]]] = {}
        for model in models:
            try:
                require_models(model)
                self.models.append(model)
                self._peers[model] = (
                    mediapipe_tasks(bundle) if model == 'v2' else mediapipe_legacy(model)
                )
            except (UnavailableError, SetupError) as error:
                self.left_out.append(f'{model}, peer {error}')
        if not self.models:
            raise MeasurementError('\n'.join(['nothing can run here', *self.left_out]))

    def comparison(
        self,
        model: str,
        setting: str,
        max_faces: int,
        *options: str,
        ours: Sequence[System],
    ) -> Comparison:
        """Return our systems beside a model's peer; `options` are arguments of its program."""
        peer = None
        if model in self._peers:
            name, command = self._peers[model]
            peer = peer_system(name, [*command, '--max-faces', str(max_faces), *options])
        return Comparison(model, setting, ours, peer)


def facemesh_system(model: str, max_faces: int, *options: str, name: str = '') -> System:
    """Return this package with a landmark model; `options` are arguments of facemesh.py."""
    command = [sys.executable, str(FOLDER / 'facemesh.py'), model, '--max-faces', str(max_faces)]
    return System(name or 'facemesh_ros', [*command, *options], dict(os.environ))


def peer_system(name: str, command: list[str]) -> System:
    """Return a peer, which runs outside of ROS' environment."""
    return System(name, command, environment_without_ros())


def mediapipe_legacy(graph: str) -> tuple[str, list[str]]:
    """Return name and command of a graph of MediaPipe 0.10; raises SetupError."""
    python = str(peer_python(LEGACY))
    return 'mediapipe 0.10.21', [python, str(FOLDER / 'mediapipe_legacy.py'), graph]


def mediapipe_tasks(bundle: Path | None) -> tuple[str, list[str]]:
    """Return name and command of MediaPipe Tasks; raises UnavailableError or SetupError."""
    found = str(official_bundle(bundle))
    python = str(peer_python(TASKS))
    return 'mediapipe 1.2.2', [python, str(FOLDER / 'mediapipe_tasks.py'), found]


def require_models(*names: str) -> None:
    """Raise UnavailableError unless models are installed."""
    store = ModelStore()
    missing = [name for name in names if store.state(entry_of(name)) is not State.READY]
    if missing:
        ways = 'run `facemesh models fetch`, or `facemesh models add FILE`'
        raise UnavailableError(f'no model {", ".join(missing)}: {ways}')


def official_bundle(chosen: Path | None) -> Path:
    """Return MediaPipe's bundle: `chosen`, or one among the sources of models.

    Raises:
        UnavailableError: If there is none, or `chosen` is another file.
    """
    for path in [chosen] if chosen else _bundle_candidates():
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == BUNDLE.sha256:
            return path
    title = f'the {BUNDLE.title} (SHA-256 {BUNDLE.sha256[:12]}…)'
    raise UnavailableError(
        (f'{chosen} is not {title}' if chosen else f'{title} is not in ${SOURCES_VARIABLE}')
        + f'; give the file with --bundle FILE, or its folder in ${SOURCES_VARIABLE}'
    )


def _bundle_candidates() -> list[Path]:
    sources = filter(None, os.environ.get(SOURCES_VARIABLE, '').split(os.pathsep))
    paths = [Path(source).expanduser() for source in sources]
    return [path / BUNDLE.file_name if path.is_dir() else path for path in paths]
