"""Who follows a stream: this project's landmark models, each beside the MediaPipe that has it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from measuring.contestants import LeftOutError, official_bundle
from measuring.processes import SIDES, Contestant
from workspace.environment import environment_without_ros
from workspace.layout import SetupError
from workspace.peers import peer_python

from facemesh_ros.catalog.models import entry_of
from facemesh_ros.models.store import ModelStore, State

MODELS = ('v2', 'attention', 'mesh')


@dataclass(frozen=True)
class Race:
    """Sides that see the same stream in turn.

    Attributes:
        model: Our name of the landmark model that all of them have.
        setting: What is particular, for people.
        ours: This project, once or with several detectors.
        peer: MediaPipe, None if it cannot run here.
    """

    model: str
    setting: str
    ours: tuple[Contestant, ...]
    peer: Contestant | None

    @property
    def contestants(self) -> list[Contestant]:
        """Who runs."""
        return [*self.ours, *([self.peer] if self.peer else [])]


class Races:
    """Makes races of who can run here.

    Attributes:
        models: Our landmark models.
        left_out: A line with the way out for each contestant that is left out.
    """

    def __init__(self, bundle: Path | None) -> None:
        """Make the environments of the peers; `bundle` as for `official_bundle`."""
        self.models: list[str] = []
        self.left_out: list[str] = []
        self._peers: dict[str, tuple[str, list[str]]] = {}
        for model in MODELS:
            if ModelStore().state(entry_of(model)) is not State.READY:
                self.left_out.append(f'{model}: run `facemesh models fetch`')
                continue
            self.models.append(model)
            try:
                self._peers[model] = _tasks(bundle) if model == 'v2' else _legacy(model)
            except (LeftOutError, SetupError) as error:
                self.left_out.append(f"{model}, MediaPipe's side: {error}")

    def following(self, model: str, faces: int) -> Race:
        """Return a race with as many faces as there may be: nobody looks for more."""
        return self._race(model, 'all faces known', faces, ['auto'], [])

    def searching(self, model: str, max_faces: int) -> Race:
        """Return a race with fewer faces than there may be: all go on looking."""
        return self._race(model, f'max_faces {max_faces}', max_faces, ['auto', 'short_range'], [])

    def expressions(self, faces: int) -> Race:
        """Return a race that scores blendshapes too, with v2."""
        return self._race('v2', 'blendshapes too', faces, ['auto'], ['--blendshapes'])

    def _race(
        self, model: str, setting: str, max_faces: int, detectors: list[str], options: list[str]
    ) -> Race:
        peer = None
        if model in self._peers:
            name, command = self._peers[model]
            command = [*command, str(max_faces), '--stream', *options]
            peer = Contestant(name, command, environment_without_ros())
        ours = [
            _ours(model, max_faces, detector, options, named=len(detectors) > 1)
            for detector in detectors
        ]
        return Race(model, setting, tuple(ours), peer)


def _ours(
    model: str, max_faces: int, detector: str, options: list[str], *, named: bool
) -> Contestant:
    command = [sys.executable, str(SIDES / 'facemesh.py'), model, str(max_faces)]
    command += ['--stream', '--second-look', '--detector', detector]
    name = f'facemesh_ros, {detector}' if named else 'facemesh_ros'
    return Contestant(name, [*command, *options], dict(os.environ))


def _legacy(model: str) -> tuple[str, list[str]]:
    python = str(peer_python('mediapipe-0.10.21'))
    return 'mediapipe 0.10.21', [python, str(SIDES / 'mediapipe_legacy.py'), '--model', model]


def _tasks(bundle: Path | None) -> tuple[str, list[str]]:
    found = str(official_bundle(bundle))
    python = str(peer_python('mediapipe-1.2.2'))
    return 'mediapipe 1.2.2', [python, str(SIDES / 'mediapipe_tasks.py'), found]
