"""A stream on one core and on all of them: time and processor time per image.

Moving faces at 1280x720, followed with all defaults. Both ways take turns, block by block.

    ./run bench cores
    ./run bench cores --docs    # into docs/benchmarks.md
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))

import cv2
import numpy as np
from measuring.command import add_docs
from measuring.documents import BENCHMARKS, write_section
from measuring.machine import cores_in_use, machine
from measuring.markdown import bullets, table
from measuring.statistics import ratio, spread
from measuring.stream_scenes import BLOCK, SIZES, StreamScene

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.inference.hardware import usable_cores
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder, UInt8

RATE_HZ = 30
MODELS = ('v2', 'attention', 'mesh')
# Faces, and how many there may be: with room for more the search goes on.
CROWDS = ((1, 1), (1, 4), (4, 4), (8, 8))
COLUMNS = ('model', 'faces', 'max_faces', 'cores', 'n', 'median', 'p95', 'CPU', 'to one core')


@dataclass
class Way:
    """One stream on some of the cores.

    Attributes:
        cores: On how many.
        wall_ms: A block of durations for each turn.
        cpu_ms: Processor time of each image.
    """

    cores: int
    wall_ms: list[list[float]]
    cpu_ms: list[float]

    def __init__(self, settings: SensorSettings, allowed: Sequence[int]) -> None:
        self.cores = len(allowed)
        self.wall_ms, self.cpu_ms = [], []
        self._allowed = set(allowed)
        self._numbers = count(1)
        # Threads start on the cores that whoever starts them may use.
        os.sched_setaffinity(0, self._allowed)
        self._pipeline: FacePipeline = load_sensor(settings).stream()

    def turn(self, images: Sequence[UInt8]) -> None:
        """Process a block, there and back."""
        os.sched_setaffinity(0, self._allowed)
        block = [self._ms(image) for image in [*images, *images[-2:0:-1]]]
        self.wall_ms.append([wall for wall, _ in block])
        self.cpu_ms += [cpu for _, cpu in block]

    def _ms(self, image: UInt8) -> tuple[float, float]:
        frame = Frame(image, PixelOrder.RGB, next(self._numbers) * 10**9 // RATE_HZ)
        wall, cpu = time.perf_counter(), time.process_time()
        self._pipeline.process(frame)
        return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)


def main() -> int:
    """Measure and print a table; 1 if there is one core only."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('--rounds', type=int, default=8, help='turns of each way (default 8)')
    add_docs(parser)
    chosen = parser.parse_args()
    if usable_cores() < 2:
        print('cores: this process may use one core only', file=sys.stderr)
        return 1
    cv2.setNumThreads(1)
    rows = [row for model in MODELS for row in _rows(model, chosen.rounds)]
    about = bullets({**machine(), 'cores in use before': cores_in_use()})
    report = f'{about}\n\nms\n\n{table(COLUMNS, rows)}'
    print(report)
    if chosen.docs:
        write_section(BENCHMARKS, 'cores', report)
    return 0


def _rows(model: str, rounds: int) -> Iterator[list[str]]:
    cores = sorted(os.sched_getaffinity(0))
    for faces, room in CROWDS:
        settings = SensorSettings(landmark_model=model, max_faces=room, execution_provider='cpu')
        os.sched_setaffinity(0, cores)
        ways = [Way(settings, cores[-1:]), Way(settings, cores)]
        with tempfile.TemporaryDirectory() as folder:
            images = np.load(StreamScene('720p', SIZES['720p'], faces).write(Path(folder)))
        for number in range(rounds + 1):
            for way in ways[:: 1 if number % 2 else -1]:
                way.turn(images)
        os.sched_setaffinity(0, cores)
        for way in ways:
            yield [model, str(faces), str(room), *_figures(way, ways[0])]


def _figures(way: Way, alone: Way) -> list[str]:
    blocks = way.wall_ms[1:]  # the first one warms up
    found = spread([ms for block in blocks for ms in block])
    compared = ratio(blocks, alone.wall_ms[1:]).overall
    cpu = np.median(way.cpu_ms[BLOCK:])
    return [
        *(str(way.cores), str(found.n), f'{found.median:.2f}', f'{found.p95:.2f}'),
        *(f'{cpu:.2f}', f'{compared:.2f}'),
    ]


if __name__ == '__main__':
    sys.exit(main())
