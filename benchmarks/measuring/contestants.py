"""Who runs: this project's landmark models, each beside the MediaPipe release that has it too."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from measuring.processes import SIDES, Contestant
from workspace.environment import environment_without_ros
from workspace.layout import SetupError
from workspace.peers import peer_python

from facemesh_ros.catalog.models import BUNDLE, entry_of
from facemesh_ros.models.fetch import SOURCES_VARIABLE
from facemesh_ros.models.store import ModelStore, State

MAX_FACES = '4'


class LeftOutError(Exception):
    """A peer that cannot run here; the text names the way out."""


@dataclass(frozen=True)
class Pair:
    """A landmark model on both sides.

    Attributes:
        model: Our name of it.
        ours: This project.
        peer: MediaPipe, None if it cannot run here.
    """

    model: str
    ours: Contestant
    peer: Contestant | None

    @property
    def contestants(self) -> list[Contestant]:
        """Who runs."""
        return [self.ours, self.peer] if self.peer else [self.ours]


def pairs(bundle: Path | None) -> tuple[list[Pair], list[str]]:
    """Return who can run here, after making the environments of the peers.

    Args:
        bundle: face_landmarker.task; None to look where models come from.

    Returns:
        The pairs, and a line with the way out for each contestant that is left out.
    """
    found: list[Pair] = []
    left_out: list[str] = []
    for model, peer in (('attention', _legacy), ('v2', partial(_tasks, bundle))):
        if ModelStore().state(entry_of(model)) is not State.READY:
            left_out.append(f'{model}: run `facemesh models fetch`, or `facemesh models add FILE`')
            continue
        try:
            found.append(Pair(model, _ours(model), peer()))
        except (LeftOutError, SetupError) as error:
            left_out.append(f"{model}, MediaPipe's side: {error}")
            found.append(Pair(model, _ours(model), None))
    return found, left_out


def _ours(model: str) -> Contestant:
    command = [sys.executable, str(SIDES / 'facemesh.py'), model, MAX_FACES]
    return Contestant('facemesh_ros', command, dict(os.environ))


def _legacy() -> Contestant:
    python = str(peer_python('mediapipe-0.10.21'))
    command = [python, str(SIDES / 'mediapipe_legacy.py'), MAX_FACES]
    return Contestant('mediapipe 0.10.21', command, environment_without_ros())


def _tasks(bundle: Path | None) -> Contestant:
    found = official_bundle(bundle)
    python = str(peer_python('mediapipe-1.2.2'))
    command = [python, str(SIDES / 'mediapipe_tasks.py'), str(found), MAX_FACES]
    return Contestant('mediapipe 1.2.2', command, environment_without_ros())


def official_bundle(chosen: Path | None) -> Path:
    """Return the official bundle: the chosen file, else one where models come from.

    Raises:
        LeftOutError: If there is none, or the chosen file is another one.
    """
    for path in [chosen] if chosen else _candidates():
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == BUNDLE.sha256:
            return path
    title = f'the {BUNDLE.title} (SHA-256 {BUNDLE.sha256[:12]}…)'
    raise LeftOutError(
        (f'{chosen} is not {title}' if chosen else f'{title} is not in ${SOURCES_VARIABLE}')
        + f'; give the file with --bundle FILE, or its folder in ${SOURCES_VARIABLE}'
    )


def _candidates() -> Iterator[Path]:
    for source in filter(None, os.environ.get(SOURCES_VARIABLE, '').split(os.pathsep)):
        path = Path(source).expanduser()
        yield path / BUNDLE.file_name if path.is_dir() else path
