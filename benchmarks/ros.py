"""The node through ROS and DDS: latency, rate, drops, CPU, memory, start-up; 1 to 8 cameras.

Camera processes publish a moving face at 30 Hz, real node processes answer, a listener hears it.
The nodes have one core for themselves, all others share another; where a machine has more, nothing
else should run on these two. With several cameras there is one node for each, or one for all.

    ./run bench ros --json FILE
    ./run bench ros --docs       # into docs/benchmarks.md, with the plot
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))

import numpy as np
from dds.hosts import cores_of, this_machine
from dds.report import RosReport
from dds.rows import RosRow, ros_row
from dds.session import measured_session, measured_starts
from dds.settings import Setting
from dds.surroundings import prepare_dds, versions
from measuring.command import command_line, draw, show, tell
from measuring.documents import BENCHMARKS, DOCS, write_section
from measuring.machine import cores_in_use, machine
from measuring.processes import SideError
from measuring.stream_scenes import SIZES

SHOWN, TRANSPORTS = ('VGA', '720p', '1080p'), ('raw', 'compressed')
PLOT = 'ros.svg'
COPIES = 30


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        seconds: Of each setting.
        starts: Fresh nodes.
        settings: In order.
    """

    seconds: float
    starts: int
    settings: tuple[Setting, ...]


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


FULL = Effort(4.0, 5, tuple(settings()))
QUICK = Effort(
    3.0,
    2,
    (
        Setting(1, 'VGA'),
        Setting(1, 'VGA', markers=True),
        Setting(1, '1080p'),
        Setting(4, 'VGA'),
        Setting(4, 'VGA', shared=True),
    ),
)


def main() -> int:
    """Measure and print; 1 if a process does not run."""
    chosen = arguments()
    prepare_dds('LOCALHOST')
    try:
        report = measured(QUICK if chosen.quick else FULL, chosen.only)
    except SideError as error:
        tell(str(error))
        return 1
    show(report, chosen.json)
    if chosen.plot:
        draw(report, 'ros_plot.py', chosen.plot)
    if chosen.docs:
        draw(report, 'ros_plot.py', DOCS / PLOT)
        write_section(BENCHMARKS, 'ros', report.as_text())
    return 0


def arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line(__doc__, 'five settings in a minute, rough figures')
    parser.add_argument('--only', default='', metavar='TEXT', help='settings so named')
    parser.add_argument('--plot', type=Path, metavar='FILE', help='draw it (.svg, .png)')
    parser.add_argument(
        '--docs', action='store_true', help=f'write docs/benchmarks.md and docs/{PLOT}'
    )
    return parser.parse_args()


def measured(effort: Effort, only: str) -> RosReport:
    """Measure everything, or the settings that are named so."""
    before = cores_in_use()
    hosts = this_machine()
    rows: list[RosRow] = []
    with tempfile.TemporaryDirectory(prefix='facemesh-bench-') as folder:
        tell(f'start-up: {effort.starts} fresh nodes')
        starts_s = measured_starts(Setting(1, 'VGA'), Path(folder), effort.starts, hosts)
        for setting in [each for each in effort.settings if only in each.name]:
            tell(setting.name)
            found = measured_session(setting, Path(folder), effort.seconds, hosts)
            rows.append(ros_row(setting, found))
    about = {
        **machine(),
        'versions': versions(),
        'measured on cores': cores_of(hosts),
        'cores in use before and after': [before, cores_in_use()],
        'measured': f'{effort.seconds:g} s of each setting',
        'one copy of an image, ms': {size: f'{copy_ms(SIZES[size]):.2f}' for size in SHOWN},
    }
    return RosReport(about, [], rows, starts_s)


def copy_ms(image_wh: tuple[int, int]) -> float:
    """Return what one copy of an image's bytes takes, median."""
    width, height = image_wh
    image = np.ones((COPIES, height, width, 3), np.uint8)  # more than a cache holds
    times_ms = []
    for each in image:
        began = time.perf_counter()
        each.copy()
        times_ms.append(1e3 * (time.perf_counter() - began))
    return median(times_ms)


if __name__ == '__main__':
    sys.exit(main())
