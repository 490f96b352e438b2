"""Cameras on one machine, the node on another: latency, losses, bytes on the wire.

Two network namespaces stand for the machines, with a pair of veth devices for the wire. It needs
`unshare`, `nsenter` and `ip`, and the right to make namespaces: root, or a kernel that lets any
user make a user namespace. See docs/scaling.md.

    ./run bench network --json FILE
    ./run bench network --docs       # updates docs/scaling.md
"""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import cv2
import numpy as np
from common.command import data_folder, log, run_benchmark, scratch_folder
from common.machine import conditions, cores_in_use
from common.report import TABLES_PAGE, Report, Table
from common.scenes import SIZES
from ros_graph.hosts import (
    PROFILES,
    Host,
    Hosts,
    NotAllowedError,
    TwoHosts,
    become_root_of_own_namespace,
    cores_of,
    this_machine,
)
from ros_graph.processes import Processes
from ros_graph.rows import session_row
from ros_graph.session import SETTLING_S, measure_session, start_listener
from ros_graph.settings import RATE_HZ, Setting, isolate_dds, versions
from sample_pictures import load_pictures
from systems.process import ProcessError

SECONDS, QUICK_SECONDS = 8.0, 3.0
SILENCE_S = 5.0
JPEG_QUALITIES = (95, 80)
QUICK = (Setting(1, 'VGA', 'compressed', max_faces=1), Setting(1, 'VGA', 'raw', max_faces=1))
MODE = (
    f'A camera of {RATE_HZ:g} Hz and a subscriber in one network namespace, the node in another, '
    'each with shared memory of its own; one face, max_faces 1. Bytes are those on the wire '
    'between them, including Ethernet headers and the overhead of DDS.'
)
TRANSFERS = [
    *(('images', '{setting[size]} {setting[transport]}'), ('markers', '{markers}')),
    *(('Fast DDS', '{transport}'), ('sent', '{sent}'), ('answered', '{answered}')),
    *(('dropped', '{dropped}'), ('lost', '{lost}')),
    *(('stamp to received, ms', '{received.median:.1f}'), ('p95', '{received.p95:.1f}')),
    *(('kB per image', '{there_kb:.1f}'), ('Mbit/s', '{mbit_per_s:.1f}')),
    *(('kB back per answer', '{back_kb:.1f}'), ('Mbit/s back', '{back_mbit_per_s:.1f}')),
]
JPEGS = [
    *(('size', '{size}'), ('quality', '{quality}'), ('pictures', '{pictures}')),
    *(('mean', '{mean_kb:.0f}'), ('largest', '{largest_kb:.0f}')),
    ('Mbit/s at the mean', '{mbit_per_s:.0f}'),
]


@dataclass(frozen=True)
class DdsTransport:
    """How Fast DDS is configured to carry images.

    Attributes:
        name: For people.
        variables: Of the environment; those of PROFILES that are not given are unset.
        nodes_too: Whether the nodes get them as well as the cameras.
    """

    name: str
    variables: dict[str, str]
    nodes_too: bool

    def hosts(self, hosts: Hosts) -> Hosts:
        """Return hosts with these variables."""
        nodes = self.variables if self.nodes_too else {}
        return Hosts(_configured(hosts.nodes, nodes), _configured(hosts.others, self.variables))


def _configured(host: Host, variables: dict[str, str]) -> Host:
    kept = {name: value for name, value in host.variables.items() if name not in PROFILES}
    return replace(host, variables={**kept, **variables})


def dds_transports() -> list[DdsTransport]:
    """Return what is compared; `isolate_dds` has set the profile's variables."""
    profiles = {name: os.environ[name] for name in PROFILES if name in os.environ}
    large_data = {'FASTDDS_BUILTIN_TRANSPORTS': 'LARGE_DATA'}
    return [
        DdsTransport("cameras with this package's profile", profiles, nodes_too=False),
        DdsTransport("both with this package's profile", profiles, nodes_too=True),
        DdsTransport('both with LARGE_DATA', large_data, nodes_too=True),
    ]


def settings() -> Iterator[Setting]:
    """Yield what is sent."""
    for size in ('VGA', '720p', '1080p'):
        for transport in ('compressed', 'raw'):
            if (size, transport) != ('1080p', 'raw'):  # 1.5 Gbit/s
                yield Setting(1, size, transport, max_faces=1)
    yield Setting(1, 'VGA', 'compressed', markers=True, max_faces=1)


def measure(chosen: Namespace) -> Report:
    """Measure everything; raises NotAllowedError if the kernel makes no namespaces."""
    isolate_dds('SUBNET')
    before = cores_in_use()
    rows: list[dict[str, Any]] = []
    left_out: list[str] = []
    seconds = QUICK_SECONDS if chosen.quick else SECONDS
    with scratch_folder() as scratch, TwoHosts(this_machine()) as two:
        folder = Path(scratch)
        log('silence')
        silence_kb = measure_silence(two, folder) / 1e3
        for transport in dds_transports():
            for setting in QUICK if chosen.quick else settings():
                name = f'{setting.name}, {transport.name}'
                log(name)
                hosts = transport.hosts(two.hosts)
                try:
                    session = measure_session(setting, folder, seconds, hosts, two.sent_bytes)
                except ProcessError as error:
                    left_out.append(f'{name}: {error}')
                    continue
                row = session_row(setting, session)
                there, back = (last - first for first, last in zip(*session.watched, strict=True))
                rows.append(transfer_row(row, transport.name, there, back))
        where = cores_of(two.hosts)
    about = conditions(
        before,
        versions=versions(),
        **{
            'measured on cores': where,
            'net.core.rmem_max': Path('/proc/sys/net/core/rmem_max').read_text().strip(),
            'measured': f'{seconds:g} s of each setting',
            'without a camera': f'{silence_kb:.1f} kB/s both ways',
        },
    )
    jpegs = 'JPEG size of the test pictures, scaled and cropped to the image size, kB'
    tables = [
        Table('rows', 'Images there, landmarks back', TRANSFERS, rows),
        Table('jpegs', jpegs, JPEGS, list(jpeg_rows())),
    ]
    return Report(MODE, about, left_out, tables)


def transfer_row(row: dict[str, Any], transport: str, there: float, back: float) -> dict[str, Any]:
    """Return a row from `session_row` with the bytes per image on the wire, both ways."""
    answered = row['received'].n
    return {
        **{name: row[name] for name in ('setting', 'received', 'sent', 'dropped', 'lost')},
        'transport': transport,
        'markers': 'yes' * row['setting']['markers'],
        'answered': answered,
        'there_kb': there / row['sent'] / 1e3,
        'mbit_per_s': 8 * there / row['sent'] * RATE_HZ / 1e6,
        'back_kb': back / answered / 1e3,
        'back_mbit_per_s': 8 * back / answered * RATE_HZ / 1e6,
    }


def jpeg_rows() -> Iterator[dict[str, Any]]:
    """Yield the size of the test pictures as JPEG, scaled and cropped to a camera's size."""
    pictures = load_pictures(data_folder())
    for size in ('VGA', '720p', '1080p'):
        for quality in JPEG_QUALITIES:
            sizes = [
                len(cv2.imencode('.jpg', covering, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])
                for covering in (_covering(picture.rgb, SIZES[size]) for picture in pictures)
            ]
            about = {'size': size, 'quality': quality, 'pictures': len(sizes)}
            mean_kb, largest_kb = float(np.mean(sizes)) / 1e3, max(sizes) / 1e3
            rate = 8 * mean_kb * RATE_HZ / 1e3
            yield {**about, 'mean_kb': mean_kb, 'largest_kb': largest_kb, 'mbit_per_s': rate}


def _covering(rgb: np.ndarray, image_wh: tuple[int, int]) -> np.ndarray:
    """Scale a picture until it covers an image and crop it; returns BGR."""
    scale = max(wanted / there for wanted, there in zip(image_wh, rgb.shape[1::-1], strict=True))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=method)
    return scaled[: image_wh[1], : image_wh[0], ::-1]


def measure_silence(two: TwoHosts, folder: Path) -> float:
    """Return the bytes that both sides send in a second without a camera."""
    setting = Setting(1, 'VGA', max_faces=1)
    with Processes() as processes:
        listener = start_listener(setting, folder, processes, two.hosts)
        (options,) = setting.node_arguments
        node = processes.start('-m', 'facemesh_ros.ros.node', *options, host=two.hosts.nodes)
        time.sleep(SETTLING_S * 2)
        before = sum(two.sent_bytes())
        time.sleep(SILENCE_S)
        after = sum(two.sent_bytes())
        node.check()
        processes.stop(node, listener)
    return (after - before) / SILENCE_S


def main() -> int:
    """Run the benchmark as root of a namespace."""
    try:
        become_root_of_own_namespace()
    except NotAllowedError as error:
        log(str(error))
        return error.status
    return run_benchmark(
        __doc__,
        measure,
        quick='two settings in half a minute',
        section='network',
        page=TABLES_PAGE.with_name('scaling.md'),
    )


if __name__ == '__main__':
    sys.exit(main())
