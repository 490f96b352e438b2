"""The node through ROS and DDS: latency, rate, drops, CPU, memory and start-up; 1 to 8 cameras.

Camera processes publish a moving face at 30 Hz, real node processes answer, and a subscriber
records. The nodes have one core for themselves, all others share another; on a machine with more,
nothing else should run on these two. Several cameras have one node each, or one for all.

    ./run bench ros --json FILE
    ./run bench ros --docs       # updates docs/benchmarks_tables.md and the plot
"""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import numpy as np
from common.command import WITHOUT_AVX512, log, run_benchmark, scratch_folder
from common.machine import conditions, cores_in_use
from common.report import Report
from common.scenes import SIZES
from ros_graph.goals import MANY_CAMERAS, goal_table
from ros_graph.hosts import cores_of, this_machine
from ros_graph.rows import session_row, session_tables
from ros_graph.session import measure_session, measure_starts
from ros_graph.settings import RATE_HZ, Setting, isolate_dds, versions

SHOWN, TRANSPORTS = ('VGA', '720p', '1080p'), ('raw', 'compressed')
SECONDS, QUICK_SECONDS = 4.0, 3.0
STARTS, QUICK_STARTS = 5, 2
COPIES = 30
MODE = (
    f'Cameras of {RATE_HZ:g} Hz, nodes and a subscriber are processes; images and landmarks go '
    'through DDS. The nodes run with all their defaults on one core, all others on another.'
)
QUICK = (
    Setting(1, 'VGA'),
    Setting(1, 'VGA', markers=True),
    Setting(1, '1080p'),
    Setting(4, 'VGA'),
    Setting(4, 'VGA', shared=True),
)


def settings() -> Iterator[Setting]:
    """Yield all settings."""
    for size in SHOWN:
        for transport in TRANSPORTS:
            yield Setting(1, size, transport)
            yield Setting(1, size, transport, max_faces=1)
            if transport == 'raw':
                yield Setting(1, size, transport, markers=True)
    for size in ('VGA', '1080p'):
        for cameras in (2, 4, 8):
            yield Setting(cameras, size, 'raw')
            for transport in TRANSPORTS:
                yield Setting(cameras, size, transport, shared=True)
    yield Setting(MANY_CAMERAS, '1080p', max_faces=1, shared=True)


def measure(chosen: Namespace) -> Report:
    """Measure all settings, or those whose name contains --only."""
    isolate_dds('LOCALHOST')
    before, hosts = cores_in_use(), this_machine()
    seconds, starts = (QUICK_SECONDS, QUICK_STARTS) if chosen.quick else (SECONDS, STARTS)
    rows: list[dict[str, Any]] = []
    with scratch_folder() as folder:
        log(f'start-up: {starts} fresh nodes')
        measure_starts(Setting(1, 'VGA'), Path(folder), 1, hosts)  # may have to choose a runtime
        found = measure_starts(Setting(1, 'VGA'), Path(folder), starts, hosts)
        for setting in QUICK if chosen.quick else settings():
            if chosen.only in setting.name and not chosen.starts:
                log(setting.name)
                session = measure_session(setting, Path(folder), seconds, hosts)
                rows.append(session_row(setting, session))
    about = conditions(
        before,
        versions=versions(),
        **{
            'measured on cores': cores_of(hosts),
            'measured': f'{seconds:g} s of each setting',
            'one copy of an image, ms': {size: f'{copy_ms(SIZES[size]):.2f}' for size in SHOWN},
        },
    )
    tables = [*(session_tables(rows) if rows else ()), goal_table(rows, found)]
    return Report(MODE, about, (), tables, {'starts': found})


def copy_ms(image_wh: tuple[int, int]) -> float:
    """Return the time of one copy of an image's bytes, median."""
    width, height = image_wh
    images = np.ones((COPIES, height, width, 3), np.uint8)  # more than a cache holds
    times_ms = []
    for image in images:
        started = time.perf_counter()
        image.copy()
        times_ms.append(1e3 * (time.perf_counter() - started))
    return median(times_ms)


if __name__ == '__main__':
    only = {'default': '', 'metavar': 'TEXT', 'help': 'settings whose name contains TEXT'}
    starts = {'action': 'store_true', 'help': 'only the start of the node, half a minute'}
    sys.exit(
        run_benchmark(
            __doc__,
            measure,
            quick='five settings in a minute, rough figures',
            section='ros',
            plot='ros',
            options={'--only': only, '--starts': starts, **WITHOUT_AVX512},
        )
    )
