"""Systems that find faces: this package with several settings, and MediaPipe's detectors.

Ours have room for `MAX_FACES`, and `by default` for as many as the default of `max_faces`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
# In the names of systems.
ALL_ROTATIONS, STREAM = 'all rotations', 'stream'


Systems = Callable[[], Iterator[System]]


def detecting_systems(bundle: Path | None) -> tuple[list[System], list[str]]:
    """Return the systems that can run here, and a line with the way out for each other one."""
    return _that_run(_legacy, partial(_tasks, bundle), _ours)


def default_systems(bundle: Path | None) -> tuple[list[System], list[str]]:
    """Return the same with ours by default: single pictures, rotated ones, and streams."""
    return _that_run(partial(_legacy, ('full_range',)), partial(_tasks, bundle), _ours_by_default)


def _that_run(legacy: Systems, tasks: Systems, ours: Systems) -> tuple[list[System], list[str]]:
    found: list[System] = []
    left_out = []
    for title, systems in (
        ('MediaPipe 0.10.21', legacy),
        ('MediaPipe 1.2.2', tasks),
        ('facemesh_ros', ours),
    ):
        try:
            found += systems()
        except (UnavailableError, SetupError) as error:
            left_out.append(f'{title}: {error}')
    return found, left_out


def _legacy(graphs: Sequence[str] = ('short_range', 'full_range')) -> Iterator[System]:
    for graph in graphs:
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


def _ours_by_default() -> Iterator[System]:
    require_models('short_range', 'full_range', 'v2', 'attention')
    room = SensorSettings().max_faces
    plain = ['--refine', '--detector', 'auto']
    turned = [*plain, '--rotations', 'all']
    for model in ('v2', 'attention'):
        yield facemesh_system(model, room, *plain, name=model)
    yield facemesh_system('v2', room, *turned, name=f'v2, {ALL_ROTATIONS}')
    for model in ('v2', 'attention'):
        yield facemesh_system(model, room, *plain, '--stream', name=f'{model}, {STREAM}')
    yield facemesh_system('v2', room, *turned, '--stream', name=f'v2, {ALL_ROTATIONS}, {STREAM}')


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
