"""Single pictures: time per image and start-up, beside both MediaPipe releases.

Each system runs in a process of its own, MediaPipe in an environment of its own, all on one core:
MediaPipe's number of threads cannot be limited. Systems take turns, so that a machine that slows
down affects all of them. No system tracks faces; all use the short-range detector and run the
landmark model once per face.

    ./run bench pipeline --json FILE
    ./run bench pipeline --docs    # updates docs/benchmarks_tables.md
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))

from common.command import ANY_CORE, BUNDLE, log, pin_to_one_core, run_benchmark, scratch_folder
from common.machine import conditions, cores_in_use
from common.report import Report, Table, ratio_column, spread_columns
from common.scenes import picture_scenes
from common.timings import spread, stage_spreads, timing_items
from systems.process import System, SystemProcess, measure_in_turn
from systems.selection import Candidates, Comparison, facemesh_system

MODELS, MAX_FACES = ('attention', 'v2'), 4
WARM_UP = 2
ROUNDS, QUICK_ROUNDS = 12, 3
STARTS, QUICK_STARTS = 5, 2
MODE = (
    'Single pictures: no system tracks faces from image to image (process_static_image; '
    'static_image_mode, IMAGE), and all run the short-range detector once on the whole image.'
)
TIMES = [
    *(('images', '{scene}'), ('model', '{model}'), ('system', '{system}'), ('n', '{wall_ms.n}')),
    *spread_columns('wall_ms'),
    *(('CPU', '{cpu_ms:.2f}'), ('faces', '{faces_found} of {faces_shown}')),
    *(ratio_column('ours / peer', 'ratio'), ratio_column('CPU ours / peer', 'cpu_ratio')),
]
STAGES = [
    *(('images', '{scene}'), ('model', '{model}'), ('stage', '{stage}')),
    *spread_columns('wall_ms')[:2],
]
START_UP = [
    *(('model', '{model}'), ('system', '{system}'), ('n', '{n}'), ('Python', '{python:.0f}')),
    *(('import and load', '{load:.0f}'), ('first image', '{first_image:.0f}')),
    ('total', '{total:.0f}'),
]


def measure(chosen: Namespace) -> Report:
    """Measure everything."""
    found = Candidates(MODELS, chosen.bundle)
    pin_to_one_core(chosen)
    before = cores_in_use()
    if before > 0.5:
        log(f'the machine is busy ({before} cores in use): trust the ratios and the CPU time')
    rounds = QUICK_ROUNDS if chosen.quick else ROUNDS
    comparisons = [
        found.comparison(
            model, 'single pictures', MAX_FACES, ours=[facemesh_system(model, MAX_FACES)]
        )
        for model in found.models
    ]
    times: list[dict[str, Any]] = []
    stages: list[dict[str, Any]] = []
    with scratch_folder() as folder, ExitStack() as stack:
        files = {scene: scene.write(Path(folder)) for scene in picture_scenes()}
        first = next(iter(files.values()))
        starts = start_up_rows(comparisons, first, QUICK_STARTS if chosen.quick else STARTS)
        processes = {
            system: stack.enter_context(SystemProcess(system))
            for comparison in comparisons
            for system in comparison.systems
        }
        for scene, file in files.items():
            log(f'{scene.name}: {rounds} rounds')
            blocks = measure_in_turn(
                processes,
                rounds,
                lambda process, _, file=file: process.block(file, 20, warm_up=WARM_UP),
            )
            for each in comparisons:
                about = {'scene': scene.name, 'model': each.model}
                for system in each.systems:
                    peer = blocks[each.peer] if each.peer and system is not each.peer else None
                    items = timing_items(blocks[system], peer, scene.faces)
                    times.append({**about, 'system': system.name, **items})
                stages += [
                    {**about, 'stage': stage, 'wall_ms': wall_ms}
                    for stage, wall_ms in stage_spreads(blocks[each.ours[0]]).items()
                ]
        versions = {
            f'{system.name}, {comparison.model}': processes[system].versions
            for comparison in comparisons
            for system in comparison.systems
        }
    core = sorted(os.sched_getaffinity(0))
    blocks_text = f'{rounds} rounds of 20 images after {WARM_UP} untimed ones'
    about = conditions(before, **versions, **{'measured on core': core, 'blocks': blocks_text})
    return Report(
        MODE,
        about,
        found.left_out,
        [
            Table('pipeline', 'One image, RGB array in, landmarks out, ms', TIMES, times),
            Table('stages', "This package's stages, ms", STAGES, stages),
            Table('start_up', 'Start until the first faces, medians, ms', START_UP, starts),
        ],
    )


def start_up_rows(
    comparisons: Sequence[Comparison], file: Path, times: int
) -> list[dict[str, Any]]:
    """Start fresh processes of all systems in turn."""
    log(f'start-up: {times} fresh processes of each system')
    systems = [(each.model, system) for each in comparisons for system in each.systems]
    for _, system in systems:  # then files are in memory, and `auto` has made its choice
        start_ms(system, file)
    starts = [[start_ms(system, file) for _, system in systems] for _ in range(times)]
    rows = []
    for (model, system), own in zip(systems, zip(*starts, strict=True), strict=True):
        medians = [spread(part).median for part in zip(*own, strict=True)]
        names = ('python', 'load', 'first_image', 'total')
        about = {'model': model, 'system': system.name, 'n': times}
        rows.append({**about, **dict(zip(names, medians, strict=True))})
    return rows


def start_ms(system: System, file: Path) -> tuple[float, float, float, float]:
    """Return the times of Python, loading and the first image, and their sum."""
    with SystemProcess(system) as process:
        first = process.block(file, 1)['wall_ms'][0]
        return process.start_ms - process.load_ms, process.load_ms, first, process.start_ms + first


if __name__ == '__main__':
    sys.exit(
        run_benchmark(
            __doc__,
            measure,
            quick='fewer rounds, 20 s, rough figures',
            section='pipeline',
            options={**BUNDLE, **ANY_CORE},
        )
    )
