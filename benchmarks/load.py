"""The node under more than it can take: ten times its rate, eight cameras, 4K images.

Cameras, node, a subscriber and a client of its services are processes on the same cores. An image
is its time in the node's thread; the age of a result is from the image's stamp to publishing.

    ./run bench load --json FILE
    ./run bench load --docs       # updates docs/reliability.md
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

from common.command import log, run_benchmark, scratch_folder
from common.machine import conditions, cores_in_use
from common.report import TABLES_PAGE, Report
from load_measurements.asked import IDLE_NODE, asking
from load_measurements.rows import load_row, load_tables
from ros_graph.hosts import Host, Hosts
from ros_graph.processes import Processes
from ros_graph.session import measure_session
from ros_graph.settings import NODE, RATE_HZ, Setting, isolate_dds, versions

IDLE_PROGRAM = Path(__file__).parent / 'load_measurements' / 'idle_node.py'
OVERLOAD = 10.0
PAGE = TABLES_PAGE.with_name('reliability.md')
SECONDS, QUICK_SECONDS = 20.0, 8.0
MODE = (
    'Cameras, one node with all its defaults, a subscriber and a client of its services are '
    'processes on the same cores. Held: the age of results is at most two images, the median in '
    'medians and p99 in p99s; results come in order; 99 of 100 service calls take 100 ms at most. '
    'Meanwhile a service of a node that does nothing is called as often: what it takes, the '
    'machine takes.'
)


def measure(chosen: Namespace) -> Report:
    """Measure all loads, or those whose name contains --only."""
    isolate_dds('LOCALHOST')
    before, rows = cores_in_use(), []
    with scratch_folder() as folder:
        known = Known(Path(folder), QUICK_SECONDS if chosen.quick else SECONDS)
        rows.append(known.row('30 Hz, VGA', Setting(1, 'VGA', shared=True)))
        too_fast = OVERLOAD * 1e3 / rows[0]['image_ms'].median
        loads = {
            f'ten times its rate, {too_fast:.0f} Hz, VGA': Setting(1, 'VGA', rate_hz=too_fast),
            f'8 cameras of {RATE_HZ:g} Hz, VGA': Setting(8, 'VGA'),
            f'{RATE_HZ:g} Hz, 4K': Setting(1, '4K'),
        }
        for name, setting in loads.items():
            if chosen.only in name:
                rows.append(known.row(name, replace(setting, shared=True)))
    cores = len(os.sched_getaffinity(0))
    about = conditions(before, versions=versions(), **{'cores used': cores})
    return Report(MODE, about, (), load_tables(rows))


class Known:
    """Measures loads in one folder, each for the same time."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder, self._seconds = folder, seconds
        host = Host(frozenset(os.sched_getaffinity(0)), dict(os.environ))
        self._hosts = Hosts(host, host)

    def row(self, name: str, setting: Setting) -> dict[str, Any]:
        """Measure one load."""
        log(name)
        with Processes() as processes, asking(f'/{NODE}') as asked:
            processes.start(IDLE_PROGRAM, IDLE_NODE, host=self._hosts.others)
            session = measure_session(
                setting, self._folder, self._seconds, self._hosts, during=asked.ask_for
            )
        return load_row(name, setting, session, asked)


if __name__ == '__main__':
    only = {'default': '', 'metavar': 'TEXT', 'help': 'loads whose name contains TEXT'}
    sys.exit(
        run_benchmark(
            __doc__,
            measure,
            quick='a minute, rough figures',
            section='load',
            page=PAGE,
            options={'--only': only},
        )
    )
