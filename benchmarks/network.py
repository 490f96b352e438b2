"""Cameras on one machine, the node on another: latency, losses, bytes on the wire.

Two network namespaces stand for the machines, with a pair of veth devices for the wire. It needs
`unshare`, `nsenter` and `ip`, and the right to make namespaces: root, or a kernel that lets any
user make a user namespace. See docs/scaling.md.

    ./run bench network --json FILE
    ./run bench network --docs       # into docs/scaling.md
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))

from dds.hosts import (
    NotAllowedError,
    TwoHosts,
    become_root_of_own_namespace,
    cores_of,
    this_machine,
)
from dds.network_report import NetworkReport
from dds.network_rows import NetworkRow, Way, fleet_rows, jpeg_rows, network_row, ways
from dds.processes import Processes
from dds.session import (
    SETTLING_S,
    measured_session,
    started_cameras,
    started_listener,
    written_clip,
)
from dds.settings import Setting
from dds.surroundings import prepare_dds, versions
from measuring.command import command_line, show, tell
from measuring.documents import DOCS, write_section
from measuring.machine import cores_in_use, machine
from sample_pictures import pictures
from measuring.processes import SideError

DATA_VARIABLE = 'FACEMESH_DATA'
SECONDS, QUICK_SECONDS = 8.0, 3.0
SILENCE_S = 5.0


def settings() -> Iterator[Setting]:
    """Yield what is sent."""
    for size in ('VGA', '720p', '1080p'):
        for transport in ('compressed', 'raw'):
            if (size, transport) != ('1080p', 'raw'):  # 1.5 Gbit/s
                yield Setting(1, size, transport, max_faces=1)
    yield Setting(1, 'VGA', 'compressed', markers=True, max_faces=1)


QUICK = (Setting(1, 'VGA', 'compressed', max_faces=1), Setting(1, 'VGA', 'raw', max_faces=1))


def main() -> int:
    """Measure and print; 1 if a process does not run."""
    try:
        become_root_of_own_namespace()
        chosen = arguments()
        prepare_dds('SUBNET')
        report = measured(quick=chosen.quick)
    except NotAllowedError as error:
        tell(f'skipped, as no network namespaces can be made here: {error}')
        return 0
    except SideError as error:
        tell(str(error))
        return 1
    show(report, chosen.json)
    if chosen.docs:
        write_section(DOCS / 'scaling.md', 'network', report.as_text())
    return 0


def arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line(__doc__, 'two settings in half a minute')
    parser.add_argument('--docs', action='store_true', help='write docs/scaling.md')
    return parser.parse_args()


def measured(*, quick: bool) -> NetworkReport:
    """Measure everything."""
    before = cores_in_use()
    rows: list[NetworkRow] = []
    left_out: list[str] = []
    seconds = QUICK_SECONDS if quick else SECONDS
    with (
        tempfile.TemporaryDirectory(prefix='facemesh-bench-') as folder,
        TwoHosts(this_machine()) as two,
    ):
        tell('silence')
        silence_bytes = measured_silence(two, Path(folder))
        launched = launched_s(two, Path(folder))
        for way in ways():
            for setting in QUICK if quick else settings():
                name = f'{setting.name}, {way.name}'
                tell(name)
                try:
                    rows.append(measured_way(setting, way, two, Path(folder), seconds))
                except SideError as error:
                    left_out.append(f'{name}: {error}')
        where = cores_of(two.hosts)
    folder_of_pictures = os.environ.get(DATA_VARIABLE)
    shown = pictures(Path(folder_of_pictures) if folder_of_pictures else None)
    about = {
        **machine(),
        'versions': versions(),
        'measured on cores': where,
        'node by its launch file, first landmarks': launched,
        'net.core.rmem_max': Path('/proc/sys/net/core/rmem_max').read_text().strip(),
        'cores in use before and after': [before, cores_in_use()],
        'measured': f'{seconds:g} s of each setting',
    }
    jpegs = list(jpeg_rows(shown))
    return NetworkReport(about, left_out, rows, jpegs, list(fleet_rows(rows)), silence_bytes)


def measured_way(
    setting: Setting, way: Way, two: TwoHosts, folder: Path, seconds: float
) -> NetworkRow:
    """Measure a setting with images carried in one way."""
    found = measured_session(setting, folder, seconds, way.hosts(two.hosts), two.sent_bytes)
    return network_row(setting, way, found)


def launched_s(two: TwoHosts, folder: Path) -> str:
    """Try the launch file on the nodes' side; says after how long landmarks came back."""
    program = shutil.which('ros2')
    if not program:
        return 'not tried, as there is no ros2'
    setting = Setting(1, 'VGA', 'compressed')
    (camera,) = setting.names
    launch = f'launch facemesh_ros facemesh.launch.py namespace:={camera}'.split()
    with Processes() as processes:
        listener = started_listener(setting, folder, processes, two.hosts)
        clip = written_clip(setting, folder)
        cameras = started_cameras(setting, clip, folder, processes, two.hosts)
        node = processes.start_program(
            program, *launch, 'image_transport:=compressed', host=two.hosts.nodes
        )
        listener.line()
        lasted_s = (time.time_ns() - node.started_ns) / 1e9
        node.check()
        processes.stop(*cameras, node, listener)
    return f'after {lasted_s:.1f} s'


def measured_silence(two: TwoHosts, folder: Path) -> float:
    """Return what both sides say in a second while there is no camera, bytes."""
    setting = Setting(1, 'VGA', max_faces=1)
    with Processes() as processes:
        listener = started_listener(setting, folder, processes, two.hosts)
        (options,) = setting.node_arguments
        node = processes.start('-m', 'facemesh_ros.ros.node', *options, host=two.hosts.nodes)
        time.sleep(SETTLING_S * 2)
        before = sum(two.sent_bytes())
        time.sleep(SILENCE_S)
        after = sum(two.sent_bytes())
        node.check()
        processes.stop(node, listener)
    return (after - before) / SILENCE_S


if __name__ == '__main__':
    sys.exit(main())
