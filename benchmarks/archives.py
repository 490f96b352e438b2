"""An archive on this machine: one process, several, and the workers of a Dask cluster.

The archive is made for it, of videos of a moving face and of pictures. On one machine a cluster
can be no faster than `--jobs`: its cost beside that is seen here, not what more machines bring.

    ./run bench archives --json FILE
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import cv2
from common.command import MeasurementError, log, run_benchmark, scratch_folder
from common.machine import conditions, cores_in_use
from common.report import Report, Table
from dask_cluster import DaskCluster, environment
from skimage.data import astronaut

from facemesh_ros.io.moving_face import ASTRONAUT_FACE_XY, MovingFace

VIDEOS, PICTURES = 12, 100
QUICK_VIDEOS, QUICK_PICTURES = 4, 20
SECONDS, RATE_HZ, IMAGE_WH = 10, 20, (640, 480)
MODE = (
    f'Videos of {SECONDS} s at {RATE_HZ} Hz, and pictures, 640x480 with one face; all defaults, '
    'lines of JSON. Times are of the whole command, with the loading of models. Each process has '
    'its share of the cores.'
)
COLUMNS = [
    *(('by', '{by}'), ('files', '{files}'), ('images', '{images}'), ('s', '{seconds:.1f}')),
    *(('images/s', '{rate_hz:.1f}'), ('times one process', '{speedup:.2f}'), ('lines', '{lines}')),
]


def make_archive(folder: Path, videos: int, pictures: int) -> None:
    """Write videos and pictures of a moving face."""
    folder.mkdir()
    face = MovingFace(astronaut()[..., ::-1].copy(), ASTRONAUT_FACE_XY, IMAGE_WH)
    for number in range(videos):
        codec = cv2.VideoWriter_fourcc(*'mp4v')
        video = cv2.VideoWriter(str(folder / f'{number:02}.mp4'), codec, RATE_HZ, IMAGE_WH)
        for frame in range(SECONDS * RATE_HZ):
            video.write(face.image_at(number + frame / RATE_HZ))
        video.release()
    for number in range(pictures):
        letters = ''.join('abcdefghij'[int(digit)] for digit in f'{number:03}')  # no frames
        cv2.imwrite(str(folder / f'{letters}.jpg'), face.image_at(number / 3))


def ways(folder: Path, count: int) -> Iterator[tuple[str, list[str]]]:
    """Yield names and options of the ways to process the archive."""
    yield 'one process', []
    yield f'--jobs {count}', ['--jobs', str(count)]
    with closing(DaskCluster(folder)) as cluster:
        for _ in range(count):
            cluster.add_worker()
        yield f'--cluster, {count} workers', ['--cluster', cluster.address]


def measure(chosen: Namespace) -> Report:
    """Time each way once; rows say whether their lines are those of one process."""
    videos = QUICK_VIDEOS if chosen.quick else VIDEOS
    pictures = QUICK_PICTURES if chosen.quick else PICTURES
    images = videos * SECONDS * RATE_HZ + pictures
    before, rows, alone = cores_in_use(), list[dict[str, Any]](), ''
    with scratch_folder() as name:
        folder = Path(name)
        make_archive(folder / 'archive', videos, pictures)
        for by, options in ways(folder, max(2, len(os.sched_getaffinity(0)))):
            log(by)
            seconds, lines = timed_run(folder, options)
            alone = alone or lines
            rows.append({'by': by, 'files': videos + pictures, 'images': images,
                         'seconds': seconds, 'rate_hz': images / seconds,
                         'lines': 'the same' if lines == alone else 'OTHERS'})  # fmt: skip
    for row in rows:
        row['speedup'] = rows[0]['seconds'] / row['seconds']
    report = Report(MODE, conditions(before))
    report.tables.append(Table('archives', 'An archive', COLUMNS, rows))
    return report


def timed_run(folder: Path, options: list[str]) -> tuple[float, str]:
    """Return the time of `facemesh run`, s, and its lines but for the times in them."""
    lines = folder / 'out.jsonl'
    command = [sys.executable, '-m', 'facemesh_ros.cli', 'run', str(folder / 'archive')]
    command += ['--jsonl', str(lines), *options]
    start_s = time.monotonic()
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasurementError(done.stderr)
    seconds = time.monotonic() - start_s
    return seconds, re.sub(r'"ms":[0-9.]+', '', lines.read_text())


if __name__ == '__main__':
    sys.exit(run_benchmark(__doc__, measure, quick='fewer files'))
