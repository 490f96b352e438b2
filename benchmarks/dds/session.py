"""One setting, measured: cameras, nodes and a listener as processes, for some seconds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from dds.hosts import Hosts
from dds.processes import Memory, Process, Processes
from dds.settings import RATE_HZ, Setting
from measuring.processes import SideError

HERE = Path(__file__).parent
SETTLING_S = 2.0
# What is still under way when the time is over.
AFTER_S = 0.5
START_S = 5.0
JPEG_QUALITY = 95  # compressed_image_transport's default


@dataclass(frozen=True)
class Found:
    """What a session has found, times in ns since the epoch.

    Attributes:
        window_ns: When it was measured.
        sent: Stamps of each camera's images.
        heard: What the listener wrote down.
        images: What `timed_node` wrote down, of all nodes together.
        cpu_s: Processor time of all nodes together.
        memories: Of each node.
        watched: What was watched, at the beginning and at the end.
    """

    window_ns: tuple[int, int]
    sent: dict[str, list[int]]
    heard: dict[str, Any]
    images: list[dict[str, Any]]
    cpu_s: float
    memories: list[Memory]
    watched: tuple[Any, Any]


def written_clip(setting: Setting, folder: Path) -> Path:
    """Write what the cameras show, once, and return the file or the folder of files."""
    raw = folder / f'{setting.size}.npy'
    if not raw.exists():
        setting.scene.write(folder).rename(raw)
    if setting.transport == 'raw':
        return raw
    jpegs = folder / setting.size
    if not jpegs.exists():
        jpegs.mkdir()
        for number, rgb in enumerate(np.load(raw, mmap_mode='r')):
            bgr = np.ascontiguousarray(rgb[..., ::-1])
            cv2.imwrite(
                str(jpegs / f'{number:03}.jpg'), bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
            )
    return jpegs


def measured_session(
    setting: Setting,
    folder: Path,
    seconds: float,
    hosts: Hosts,
    watch: Callable[[], Any] = lambda: None,
) -> Found:
    """Start everything, let it settle, and measure; raises SideError if something ends."""
    clip = written_clip(setting, folder)
    with Processes() as processes:
        listener = started_listener(setting, folder, processes, hosts)
        nodes = [
            processes.start(
                HERE / 'timed_node.py', folder / f'node{number}', *each, host=hosts.nodes
            )
            for number, each in enumerate(setting.node_arguments)
        ]
        cameras = started_cameras(setting, clip, folder, processes, hosts)
        for _ in setting.names:
            listener.line(needs=(*nodes, *cameras))
        time.sleep(SETTLING_S)
        start_ns, before_s, first = time.time_ns(), sum(node.cpu_s() for node in nodes), watch()
        time.sleep(seconds)
        end_ns, after_s, last = time.time_ns(), sum(node.cpu_s() for node in nodes), watch()
        for process in (*nodes, *cameras):
            process.check()
        time.sleep(AFTER_S)
        memories = [node.memory_mib() for node in nodes]
        processes.stop(*cameras, *nodes, listener)
    return Found(
        (start_ns, end_ns),
        {camera: written(folder / camera) for camera in setting.names},
        written(folder / 'heard'),
        [image for number in range(setting.nodes) for image in written(folder / f'node{number}')],
        after_s - before_s,
        memories,
        (first, last),
    )


def written(file: Path) -> Any:
    """Read and remove what a process has written; raises SideError if it has not."""
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError as error:
        raise SideError(f'{file.name} did not end when it was told to') from error
    file.unlink()
    return content


def started_listener(
    setting: Setting, folder: Path, processes: Processes, hosts: Hosts
) -> Process:
    """Start the listener and wait until it listens."""
    topics = [setting.output_topic(camera, 'landmarks') for camera in setting.names]
    markers = [setting.output_topic(camera, 'markers') for camera in setting.names]
    command = [HERE / 'listener.py', folder / 'heard', '--landmarks', *topics]
    command += ['--markers', *markers] if setting.markers else []
    listener = processes.start(*command, host=hosts.others)
    listener.line()
    return listener


def started_cameras(
    setting: Setting, clip: Path, folder: Path, processes: Processes, hosts: Hosts
) -> list[Process]:
    """Start the cameras, each a part of a period after the one before."""
    return [
        processes.start(
            HERE / 'camera.py', clip, setting.image_topic(camera), folder / camera,
            '--rate', RATE_HZ, '--phase', number / setting.cameras, host=hosts.others,
        )
        for number, camera in enumerate(setting.names)
    ]  # fmt: skip


def measured_starts(setting: Setting, folder: Path, times: int, hosts: Hosts) -> list[float]:
    """Return how long fresh nodes take until their first landmarks arrive, s.

    The camera and the listener run already; the node is its own program, without any clock.
    """
    clip = written_clip(setting, folder)
    (arguments,) = setting.node_arguments
    began_ns = []
    with Processes() as processes:
        listener = started_listener(setting, folder, processes, hosts)
        cameras = started_cameras(setting, clip, folder, processes, hosts)
        for _ in range(times):
            node = processes.start('-m', 'facemesh_ros.ros.node', *arguments, host=hosts.nodes)
            began_ns.append(node.started_ns)
            time.sleep(START_S)
            node.check()
            processes.stop(node)
        processes.stop(*cameras, listener)
    heard = written(folder / 'heard')
    (messages,) = heard['landmarks'].values()
    return [
        (min(came_ns for _, came_ns, _, _, faces in messages if faces and came_ns > at) - at) / 1e9
        for at in began_ns
    ]
