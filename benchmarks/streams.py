"""This project and both MediaPipe releases on the same streams, in turn: time, memory, stages.

Each side runs in a process, and MediaPipe in an environment, of its own, all of them on one and
the same core: MediaPipe cannot be told how many threads to use. Blocks of images go round the
sides, so that a machine that slows down hits all of them, and every other round goes backwards.

    ./run bench streams --json FILE
    ./run bench streams --docs    # into docs/benchmarks.md
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))

from measuring.command import command_line, compare, tell
from measuring.machine import cores_in_use, machine
from measuring.processes import Contestant, SideProcess
from measuring.rows import Block
from measuring.stream_contestants import Race, Races
from measuring.stream_report import StreamReport
from measuring.stream_rows import StreamRow, stream_rows
from measuring.stream_scenes import BLOCK, COLUMNS_ROWS, SIZES, StreamScene

# Room for more faces than there are, so that the detectors go on looking.
ROOM = 4


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        rounds: Blocks of each side on a stream with so many faces: more faces take longer.
        sizes: Of the images, with how many faces.
    """

    rounds: dict[int, int]
    sizes: dict[str, tuple[int, ...]]


FULL = Effort({1: 6, 2: 6, 4: 4, 8: 3}, dict.fromkeys(SIZES, tuple(COLUMNS_ROWS)))
QUICK = Effort({1: 3, 4: 3}, {'VGA': (1, 4), '1080p': (1,)})


def main() -> int:
    """Measure and print; 1 if nothing can run or a side does not."""
    parser = command_line(__doc__, 'a first look in 50 s, rough figures')
    return compare(parser, who_races, measured, section='streams', plot='stream_plot.py')


def who_races(bundle: Path | None) -> tuple[Races | None, list[str]]:
    """Return who can run, None if nobody, and a line for each who cannot."""
    races = Races(bundle)
    return (races if races.models else None), races.left_out


def measured(races: Races, left_out: list[str], quick: bool) -> StreamReport:
    """Measure everything."""
    effort = QUICK if quick else FULL
    before = cores_in_use()
    rows: list[StreamRow] = []
    versions: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory(prefix='facemesh-bench-') as folder:
        for scene in scenes(effort):
            tell(scene.name)
            file = scene.write(Path(folder))
            for race in races_on(scene, races):
                rows += measured_race(scene, file, race, effort.rounds[scene.faces], versions)
    about = {
        **machine(),
        **versions,
        'measured on core': sorted(os.sched_getaffinity(0)),
        'cores in use before and after': [before, cores_in_use()],
        'blocks': f'rounds of {BLOCK} images after {BLOCK} untimed ones',
    }
    return StreamReport(about, left_out, rows)


def scenes(effort: Effort) -> Iterator[StreamScene]:
    """Yield the streams."""
    for title, counts in effort.sizes.items():
        for faces in counts:
            yield StreamScene(title, SIZES[title], faces)


def races_on(scene: StreamScene, races: Races) -> Iterator[Race]:
    """Yield who runs on a stream."""
    for model in races.models:
        yield races.following(model, scene.faces)
    if scene.faces == 1:
        for model in races.models:
            yield races.searching(model, ROOM)
    if scene.faces == 1 and scene.title == 'VGA' and 'v2' in races.models:
        yield races.expressions(scene.faces)


def measured_race(
    scene: StreamScene, file: Path, race: Race, rounds: int, versions: dict[str, dict[str, str]]
) -> Iterator[StreamRow]:
    """Let fresh sides go through a stream in turn, the first time without looking at them."""
    blocks: dict[Contestant, list[Block]] = defaultdict(list)
    with ExitStack() as stack:
        sides = {one: stack.enter_context(SideProcess(one)) for one in race.contestants}
        for number in range(rounds + 1):
            in_turn = list(sides.items())
            for contestant, side in in_turn if number % 2 == 0 else reversed(in_turn):
                block = side.block(file, BLOCK, warm_up=0, stream=True, start=number * BLOCK)
                blocks[contestant] += [block] if number else []
        # Ours has one name for each detector, but the same versions.
        versions.update({side.name.split(',')[0]: side.versions for side in sides.values()})
    return stream_rows(scene, race, blocks)


if __name__ == '__main__':
    sys.exit(main())
