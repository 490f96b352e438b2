"""Who looks for faces: this project in its ways, beside MediaPipe in its."""

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
from facemesh_ros.settings.pipeline import SensorSettings

MAX_FACES = '64'
NEEDED = ('short_range', 'full_range', 'v2', 'attention')


@dataclass(frozen=True)
class Finder:
    """A side that looks for faces.

    Attributes:
        contestant: How to start it.
        stream: Whether it takes the images of a stream, or each by itself.
        rotations: Whether it looks for faces in all orientations.
        by_default: Whether it has room for as many faces as it has by default; else for 64.
    """

    contestant: Contestant
    stream: bool = False
    rotations: bool = False
    by_default: bool = False

    @property
    def name(self) -> str:
        """For people."""
        return self.contestant.name


def finders(bundle: Path | None) -> tuple[list[Finder], list[str]]:
    """Return who can run here, after making the environments of the peers.

    Args:
        bundle: face_landmarker.task; None to look where models come from.

    Returns:
        The finders, and a line with the way out for each that is left out.
    """
    found, left_out = [], []
    for title, made in (
        ('MediaPipe 0.10.21', _detections),
        ('MediaPipe 1.2.2', lambda: _landmarker(bundle)),
        ('facemesh_ros', _ours),
    ):
        try:
            found += made()
        except (LeftOutError, SetupError) as error:
            left_out.append(f'{title}: {error}')
    return found, left_out


def _detections() -> list[Finder]:
    python = str(peer_python('mediapipe-0.10.21'))
    script = str(SIDES / 'mediapipe_detection.py')
    return [
        _peer(f'mediapipe 0.10.21, {name}', [python, script, str(number)])
        for number, name in enumerate(('short range', 'full range'))
    ]


def _landmarker(bundle: Path | None) -> list[Finder]:
    found = official_bundle(bundle)
    python = str(peer_python('mediapipe-1.2.2'))
    command = [python, str(SIDES / 'mediapipe_tasks.py'), str(found), MAX_FACES]
    return [_peer('mediapipe 1.2.2, FaceLandmarker', command)]


def _peer(name: str, command: list[str]) -> Finder:
    return Finder(Contestant(name, command, environment_without_ros()))


def _ours() -> list[Finder]:
    store = ModelStore()
    missing = [name for name in NEEDED if store.state(entry_of(name)) is not State.READY]
    if missing:
        ways = 'run `facemesh models fetch`, or `facemesh models add FILE`'
        raise LeftOutError(f'no model {", ".join(missing)}: {ways}')
    return [
        _own('short_range'),
        _own('full_range'),
        _own('auto'),
        _own('auto', model='attention'),
        _own('auto', rotations='all'),
        _own('auto', stream=True),
        _own('auto', rotations='all', stream=True),
        _own('auto', stream=True, by_default=True),
        _own('auto', model='attention', stream=True, by_default=True),
    ]


def _own(
    detector: str,
    rotations: str = 'upright',
    *,
    model: str = 'v2',
    stream: bool = False,
    by_default: bool = False,
) -> Finder:
    name = 'facemesh_ros, by default' if by_default else f'facemesh_ros, {detector}'
    name += f', {model}' if model != 'v2' else ''
    name += ', all rotations' if rotations == 'all' else ''
    name += ', stream' if stream else ''
    max_faces = str(SensorSettings().max_faces) if by_default else MAX_FACES
    command = [sys.executable, str(SIDES / 'facemesh.py'), model, max_faces, '--second-look']
    command += ['--detector', detector, '--rotations', rotations]
    command += ['--stream'] if stream else []
    contestant = Contestant(name, command, dict(os.environ))
    return Finder(contestant, stream, rotations == 'all', by_default)
