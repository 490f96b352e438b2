"""Tracking in streams: time, memory and stages, beside both MediaPipe releases.

Each system runs in a process of its own, MediaPipe in an environment of its own, all on one core:
MediaPipe's number of threads cannot be limited. Systems take turns, so that a machine that slows
down affects all of them.

    ./run bench streams --json FILE
    ./run bench streams --docs    # updates docs/benchmarks_tables.md and the plot
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))

from common.command import (
    ANY_CORE,
    BUNDLE,
    WITHOUT_AVX512,
    log,
    pin_to_one_core,
    run_benchmark,
    scratch_folder,
)
from common.machine import conditions, cores_in_use
from common.report import Column, Report, Table, ratio_column, spread_columns
from common.scenes import SIZES, STREAM_BLOCK, TILES, FaceScene, stream_scene
from common.timings import stage_spreads, timing_items
from systems.process import System, SystemProcess, measure_in_turn
from systems.selection import PEERS, Candidates, Comparison, facemesh_system

MODELS = ('v2', 'attention', 'mesh')
# More than the number of faces, so that the detectors keep running.
SPARE_MAX_FACES = 4
# Timed blocks of each system, by the number of faces: more faces take longer.
ROUNDS = {1: 6, 2: 6, 4: 4, 8: 3}
QUICK_ROUNDS = 3
QUICK_SCENES = (('VGA', 1), ('VGA', 4), ('1080p', 1))
# Once more with a still camera, where the search leaves out what does not change; it knows what
# that is after so many blocks.
STILL_SIZES, STILL_UNTIMED_BLOCKS = ('VGA', '720p', '1080p'), 6
MODE = (
    'Streams at 30 Hz: all systems track faces from image to image (process; VIDEO, '
    'static_image_mode False), ours with all its defaults, including the temporal filter.'
)
STAGES = ('detect', 'landmarks', 'new faces', 'filter', 'blendshapes', 'metric', 'other')


def figure_columns(item: str) -> list[Column]:
    """Return the columns of a system's figures."""
    return [
        *spread_columns(f'{item}[wall_ms]'),
        *(('CPU', f'{{{item}[cpu_ms]:.2f}}'), ('MiB', f'{{{item}[peak_mib]:.0f}}')),
        *(('faces', f'{{{item}[faces]}}'), ('faces/s', f'{{{item}[faces_per_s]:.0f}}')),
    ]


TIMES = [
    *(('stream', '{scene}'), ('model', '{model}'), ('setting', '{setting}')),
    ('n', '{ours[wall_ms].n}'),
    *figure_columns('ours'),
    *(('peer', '{peer[system]}'), *figure_columns('peer')),
    *(ratio_column('ours / peer', 'ratio'), ratio_column('CPU ours / peer', 'cpu_ratio')),
]
STAGE_TIMES = [
    *(('stream', '{scene}'), ('model', '{model}'), ('setting', '{setting}')),
    *((stage, f'{{stages_ms[{stage}]:.2f}}') for stage in STAGES),
]


def measure(chosen: Namespace) -> Report:
    """Measure everything."""
    found = Candidates(MODELS, chosen.bundle)
    pin_to_one_core(chosen)
    before = cores_in_use()
    rows: list[dict[str, Any]] = []
    versions: dict[str, dict[str, str]] = {}
    moving = QUICK_SCENES if chosen.quick else product(SIZES, TILES)
    scenes = [stream_scene(*size_and_faces) for size_and_faces in moving]
    scenes += [stream_scene(size, 1, is_still=True) for size in STILL_SIZES if not chosen.quick]
    with scratch_folder() as folder:
        for scene in scenes:
            log(scene.name)
            file = scene.write(Path(folder))
            rounds = QUICK_ROUNDS if chosen.quick else ROUNDS[scene.faces]
            for comparison in comparisons_on(scene, found):
                rows += measured_rows(scene, file, comparison, rounds, versions)
            file.unlink()
    core = sorted(os.sched_getaffinity(0))
    blocks = f'rounds of {STREAM_BLOCK} images after {STREAM_BLOCK} untimed ones'
    about = conditions(before, **versions, **{'measured on core': core, 'blocks': blocks})
    times = Table('rows', 'One image of a stream, RGB array in, landmarks out, ms', TIMES, rows)
    stages = Table('stages', "This package's stages, medians in ms", STAGE_TIMES, rows)
    return Report(MODE, about, found.left_out, [times, stages])


def comparisons_on(scene: FaceScene, found: Candidates) -> Iterator[Comparison]:
    """Yield what is compared on a stream."""
    for model in found.models:
        ours = [_ours(model, scene.faces)]
        yield found.comparison(model, 'all faces known', scene.faces, '--stream', ours=ours)
    if scene.faces > 1:
        return
    for model in found.models:
        ours = [_ours(model, SPARE_MAX_FACES, detector) for detector in ('auto', 'short_range')]
        setting = f'max_faces {SPARE_MAX_FACES}'
        yield found.comparison(model, setting, SPARE_MAX_FACES, '--stream', ours=ours)
    if scene.image_wh == SIZES['VGA'] and 'v2' in found.models:
        options = ('--stream', '--blendshapes')
        ours = [_ours('v2', 1, 'auto', '--blendshapes', name='facemesh_ros')]
        yield found.comparison('v2', 'with blendshapes', 1, *options, ours=ours)


def _ours(model: str, max_faces: int, detector: str = '', *options: str, name: str = '') -> System:
    name = name or ('facemesh_ros' + f', {detector}' * bool(detector))
    options = ('--stream', '--refine', '--detector', detector or 'auto', *options)
    return facemesh_system(model, max_faces, *options, name=name)


def measured_rows(
    scene: FaceScene,
    file: Path,
    comparison: Comparison,
    rounds: int,
    versions: dict[str, dict[str, str]],
) -> Iterator[dict[str, Any]]:
    """Let fresh processes track a stream in turn, the first rounds untimed."""
    untimed = STILL_UNTIMED_BLOCKS if scene.is_still else 1
    with ExitStack() as stack:
        processes = {
            system: stack.enter_context(SystemProcess(system)) for system in comparison.systems
        }
        blocks = measure_in_turn(
            processes,
            rounds + untimed,
            lambda process, number: process.block(
                file, STREAM_BLOCK, stream=True, start=number * STREAM_BLOCK
            ),
        )
        # Ours has a name for each detector, but the same versions, and a runtime for each model.
        for one in processes.values():
            versions.setdefault(one.name.split(',')[0], {}).update(one.versions)
    timed = {system: own[untimed:] for system, own in blocks.items()}
    peer = timed[comparison.peer] if comparison.peer else None
    for system in comparison.ours:
        ours = _figures(system, timed[system], peer, scene.faces)
        stages = stage_spreads(timed[system])
        yield {
            'scene': scene.name,
            'model': comparison.model,
            'setting': comparison.setting + system.name.removeprefix('facemesh_ros'),
            'ours': ours,
            'peer': peer and _figures(comparison.peer, peer, None, scene.faces),
            'ratio': ours['ratio'],
            'cpu_ratio': ours['cpu_ratio'],
            'stages_ms': {
                stage: stages[stage].median if stage in stages else None for stage in STAGES
            },
        }


def _figures(
    system: System, own: Sequence[Any], peer: Sequence[Any] | None, faces: int
) -> dict[str, Any]:
    items = timing_items(own, peer, faces)
    shown, found, wall_ms = items['faces_shown'], items['faces_found'], items['wall_ms']
    text = 'all' if found == shown else f'{found} of {shown}'
    per_s = 1e3 * found / wall_ms.n / wall_ms.median
    return {'system': system.name, **items, 'faces': text, 'faces_per_s': per_s}


if __name__ == '__main__':
    sys.exit(
        run_benchmark(
            __doc__,
            measure,
            quick='three scenes in 50 s, rough figures',
            section='streams',
            plot='streams',
            options={**BUNDLE, **ANY_CORE, **WITHOUT_AVX512},
            peers=PEERS,
        )
    )
