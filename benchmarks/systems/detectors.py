"""Systems that find faces: this package with several settings, and MediaPipe's detectors.

Ours have room for `MAX_FACES`, and `by default` for as many as the default of `max_faces`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from systems.process import System
from systems.selection import (
    UnavailableError,
    facemesh_system,
    mediapipe_legacy,
    mediapipe_tasks,
    peer_system,
    require_models,
)
from workspace.layout import SetupError

from facemesh_ros.settings.pipeline import SensorSettings

MAX_FACES = 64


def detecting_systems(bundle: Path | None) -> tuple[list[System], list[str]]:
    """Return the systems that can run here, and a line with the way out for each other one."""
    found: list[System] = []
    left_out = []
    for title, systems in (
        ('MediaPipe 0.10.21', _legacy),
        ('MediaPipe 1.2.2', partial(_tasks, bundle)),
        ('facemesh_ros', _ours),
    ):
        try:
            found += systems()
        except (UnavailableError, SetupError) as error:
            left_out.append(f'{title}: {error}')
    return found, left_out


def _legacy() -> Iterator[System]:
    for graph in ('short_range', 'full_range'):
        name, command = mediapipe_legacy(graph)
        yield peer_system(f'{name}, {graph.replace("_", " ")}', command)


def _tasks(bundle: Path | None) -> Iterator[System]:
    name, command = mediapipe_tasks(bundle)
    command += ['--max-faces', str(MAX_FACES)]
    yield peer_system(f'{name}, FaceLandmarker', command)


def _ours() -> Iterator[System]:
    require_models('short_range', 'full_range', 'v2', 'attention')
    yield _own('short_range')
    yield _own('full_range')
    yield _own('auto')
    yield _own('auto', model='attention')
    yield _own('auto', rotations='all')
    yield _own('auto', stream=True)
    yield _own('auto', rotations='all', stream=True)
    yield _own('auto', stream=True, default=True)
    yield _own('auto', model='attention', stream=True, default=True)


def _own(
    detector: str,
    rotations: str = 'upright',
    *,
    model: str = 'v2',
    stream: bool = False,
    default: bool = False,
) -> System:
    name = f'facemesh_ros, {"by default" if default else detector}'
    name += f', {model}' * (model != 'v2')
    name += ', all rotations' * (rotations == 'all')
    name += ', stream' * stream
    max_faces = SensorSettings().max_faces if default else MAX_FACES
    options = ['--refine', '--detector', detector, '--rotations', rotations]
    options += ['--stream'] * stream
    return facemesh_system(model, max_faces, *options, name=name)
