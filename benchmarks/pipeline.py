"""This project and both MediaPipe releases on the same images, in turn: time per image, start-up.

Each side runs in a process, and MediaPipe in an environment, of its own, all of them on one and
the same core: MediaPipe cannot be told how many threads to use. Blocks of images go round the
sides, so that a machine that slows down hits all of them, and every other round goes backwards.
Both sides take each picture by itself, with the short-range detector and one look at each face.

    ./run bench pipeline --json FILE
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))

from measuring.contestants import Pair, pairs
from measuring.machine import load_average, machine
from measuring.processes import WARM_UP, Contestant, SideError, SideProcess
from measuring.report import Report
from measuring.rows import (
    Block,
    Blocks,
    PipelineRow,
    StageRow,
    StartUpRow,
    pipeline_rows,
    stage_rows,
    start_up_row,
)
from measuring.scenes import IMAGES, SCENES, Scene


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        rounds: Blocks of each side on each scene.
        starts: Fresh processes of each side.
    """

    rounds: int
    starts: int


FULL, QUICK = Effort(rounds=12, starts=5), Effort(rounds=3, starts=2)


def main() -> int:
    """Measure and print; 1 if a side does not run."""
    chosen = arguments()
    found, left_out = pairs(chosen.bundle)
    if not found:
        tell('\n'.join(['nothing can run here', *left_out]))
        return 1
    if not chosen.any_core:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        report = measured(found, left_out, QUICK if chosen.quick else FULL)
    except SideError as error:
        tell(str(error))
        return 1
    print(report.as_text())
    if chosen.json:
        chosen.json.write_text(json.dumps(report.as_json(), indent=1) + '\n')
    return 0


def arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('--quick', action='store_true', help='a first look in 20 s, rough figures')
    parser.add_argument('--any-core', action='store_true', help='let the sides change cores')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the same as JSON')
    parser.add_argument(
        '--bundle',
        type=Path,
        metavar='FILE',
        help='face_landmarker.task for MediaPipe; else it is taken from $FACEMESH_MODEL_SOURCES',
    )
    return parser.parse_args()


def measured(found: Sequence[Pair], left_out: list[str], effort: Effort) -> Report:
    """Measure everything."""
    loads = [load_average()]
    if loads[0] > 0.5:
        tell(f'the machine is busy (load average {loads[0]}): look at the ratios and the CPU time')
    with tempfile.TemporaryDirectory(prefix='facemesh-bench-') as folder, ExitStack() as stack:
        files = {scene: scene.write(Path(folder)) for scene in SCENES}
        start_up = measured_starts(found, files[SCENES[0]], effort.starts)
        sides = {
            contestant: stack.enter_context(SideProcess(contestant))
            for pair in found
            for contestant in pair.contestants
        }
        pipeline: list[PipelineRow] = []
        stages: list[StageRow] = []
        for scene, file in files.items():
            blocks = measured_scene(scene, file, sides, effort.rounds)
            for pair in found:
                pipeline += pipeline_rows(scene, pair, blocks)
                stages += stage_rows(scene, pair, blocks)
        versions = {
            f'{contestant.name}, {pair.model}': sides[contestant].versions
            for pair in found
            for contestant in pair.contestants
        }
    about = {
        **machine(),
        **versions,
        'measured on core': sorted(os.sched_getaffinity(0)),
        'load average before and after': [*loads, load_average()],
        'blocks': f'{effort.rounds} rounds of {IMAGES} images after {WARM_UP} untimed ones',
    }
    return Report(about, left_out, pipeline, stages, start_up)


def measured_scene(
    scene: Scene, file: Path, sides: dict[Contestant, SideProcess], rounds: int
) -> dict[Contestant, Blocks]:
    """Let the sides go through a scene in turn; returns their blocks."""
    tell(f'{scene.name}: {rounds} rounds')
    blocks: dict[Contestant, list[Block]] = defaultdict(list)
    for number in range(rounds):
        in_turn = list(sides.items())
        for contestant, side in in_turn if number % 2 == 0 else reversed(in_turn):
            blocks[contestant].append(side.block(file, IMAGES))
    return {**blocks}


def measured_starts(found: Sequence[Pair], file: Path, times: int) -> list[StartUpRow]:
    """Start fresh processes of each side in turn."""
    tell(f'start-up: {times} fresh processes of each side')
    everyone = [(pair, contestant) for pair in found for contestant in pair.contestants]
    starts: dict[Contestant, list[tuple[float, float, float]]] = defaultdict(list)
    for _ in range(times):
        for _, contestant in everyone:
            starts[contestant].append(measured_start(contestant, file))
    return [start_up_row(pair, one, starts[one]) for pair, one in everyone]


def measured_start(contestant: Contestant, file: Path) -> tuple[float, float, float]:
    """Return how long Python, loading and the first image take in a fresh process, ms."""
    with SideProcess(contestant) as side:
        first = side.block(file, count=1, warm_up=0)['wall_ms'][0]
        return side.start_ms - side.load_ms, side.load_ms, first


def tell(line: str) -> None:
    """Show a line to the user; standard output belongs to the tables."""
    print(line, file=sys.stderr, flush=True)


if __name__ == '__main__':
    sys.exit(main())
