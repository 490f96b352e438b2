"""This project and both MediaPipe releases on the same images, in turn: time per image, start-up.

Each side runs in a process, and MediaPipe in an environment, of its own, all of them on one and
the same core: MediaPipe cannot be told how many threads to use. Blocks of images go round the
sides, so that a machine that slows down hits all of them, and every other round goes backwards.
Both sides take each picture by itself, with the short-range detector and one look at each face.

    ./run bench pipeline --json FILE
    ./run bench pipeline --docs    # into docs/benchmarks.md
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))

from measuring.command import command_line, compare, tell
from measuring.contestants import Pair, pairs
from measuring.machine import cores_in_use, machine
from measuring.pipeline_report import PipelineReport
from measuring.processes import WARM_UP, Contestant, SideProcess
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
    """Measure and print; 1 if nothing can run or a side does not."""
    parser = command_line(__doc__, 'a first look in 20 s, rough figures')
    return compare(parser, pairs, measured, section='pipeline')


def measured(found: Sequence[Pair], left_out: list[str], quick: bool) -> PipelineReport:
    """Measure everything."""
    effort = QUICK if quick else FULL
    busy = [cores_in_use()]
    if busy[0] > 0.5:
        tell(f'the machine is busy ({busy[0]} cores in use): look at the ratios and the CPU time')
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
        'cores in use before and after': [*busy, cores_in_use()],
        'blocks': f'{effort.rounds} rounds of {IMAGES} images after {WARM_UP} untimed ones',
    }
    return PipelineReport(about, left_out, pipeline, stages, start_up)


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


if __name__ == '__main__':
    sys.exit(main())
