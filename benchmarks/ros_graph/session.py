"""One measurement of a setting: cameras, nodes and a subscriber as processes, for some seconds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ros_graph.hosts import Hosts
from ros_graph.processes import Memory, Processes, RosProcess
from ros_graph.settings import Setting
from systems.process import ProcessError

HERE = Path(__file__).parent
SETTLING_S = 2.0
# For messages still in transit at the end.
AFTER_S = 0.5
JPEG_QUALITY = 95  # compressed_image_transport's default


@dataclass(frozen=True)
class Session:
    """Raw results of a measurement, times in ns since the epoch.

    Attributes:
        window_ns: Start and end of the measured time.
        sent: Stamps of each camera's images.
        heard: Record of `listener`.
        images: Records of `timed_node`, of all nodes.
        cpu_s: Processor time of all nodes together.
        memories: Of each node.
        watched: Results of `watch` at start and end.
    """

    window_ns: tuple[int, int]
    sent: dict[str, list[int]]
    heard: dict[str, Any]
    images: list[dict[str, Any]]
    cpu_s: float
    memories: list[Memory]
    watched: tuple[Any, Any]


@dataclass(frozen=True)
class Start:
    """From the start of a node's process until its first landmarks arrive.

    Attributes:
        wall_s: Time, s.
        cpu_s: The node's processor time, s.
    """

    wall_s: float
    cpu_s: float


def write_clip(setting: Setting, folder: Path) -> Path:
    """Write the images of the cameras, once, and return the file or the folder of files."""
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


def measure_session(
    setting: Setting,
    folder: Path,
    seconds: float,
    hosts: Hosts,
    watch: Callable[[], Any] = lambda: None,
    during: Callable[[float], None] = time.sleep,
) -> Session:
    """Start everything, let it settle, and measure; raises ProcessError if a process ends.

    `watch` is called before and after, `during` lasts as many seconds as it is given.
    """
    clip = write_clip(setting, folder)
    with Processes() as processes:
        listener = start_listener(setting, folder, processes, hosts)
        nodes = [
            processes.start(
                HERE / 'timed_node.py', folder / f'node{number}', *each, host=hosts.nodes
            )
            for number, each in enumerate(setting.node_arguments)
        ]
        cameras = start_cameras(setting, clip, folder, processes, hosts)
        for _ in setting.camera_names:
            listener.line(needs=(*nodes, *cameras))
        time.sleep(SETTLING_S)
        start_ns, before_s, first = time.time_ns(), sum(node.cpu_s() for node in nodes), watch()
        during(seconds)
        end_ns, after_s, last = time.time_ns(), sum(node.cpu_s() for node in nodes), watch()
        for process in (*nodes, *cameras):
            process.check()
        time.sleep(AFTER_S)
        memories = [node.memory_mib() for node in nodes]
        processes.stop(*cameras, *nodes, listener)
    return Session(
        (start_ns, end_ns),
        {camera: take_output(folder / camera) for camera in setting.camera_names},
        take_output(folder / 'heard'),
        [
            image
            for number in range(setting.nodes)
            for image in take_output(folder / f'node{number}')
        ],
        after_s - before_s,
        memories,
        (first, last),
    )


def take_output(file: Path) -> Any:
    """Read and remove the output of a process; raises ProcessError if there is none."""
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError as error:
        raise ProcessError(f'{file.name} did not end when interrupted') from error
    file.unlink()
    return content


def start_listener(
    setting: Setting, folder: Path, processes: Processes, hosts: Hosts
) -> RosProcess:
    """Start the subscriber and wait until it is ready."""
    topics = [setting.output_topic(camera, 'landmarks') for camera in setting.camera_names]
    markers = [setting.output_topic(camera, 'markers') for camera in setting.camera_names]
    command = [HERE / 'listener.py', folder / 'heard', '--landmarks', *topics]
    command += ['--markers', *markers] if setting.markers else []
    listener = processes.start(*command, host=hosts.others)
    listener.line()
    return listener


def start_cameras(
    setting: Setting, clip: Path, folder: Path, processes: Processes, hosts: Hosts
) -> list[RosProcess]:
    """Start the cameras, with phases spread over a period."""
    return [
        processes.start(
            HERE / 'camera.py', clip, setting.image_topic(camera), folder / camera,
            '--rate', setting.rate_hz, '--phase', number / setting.cameras, host=hosts.others,
        )
        for number, camera in enumerate(setting.camera_names)
    ]  # fmt: skip


def measure_starts(setting: Setting, folder: Path, times: int, hosts: Hosts) -> list[Start]:
    """Return how long fresh nodes take, one after the other.

    Camera and subscriber run already; the node is the installed program, without clocks.
    """
    clip = write_clip(setting, folder)
    (arguments,) = setting.node_arguments
    starts = []
    with Processes() as processes:
        cameras = start_cameras(setting, clip, folder, processes, hosts)
        for _ in range(times):
            listener = start_listener(setting, folder, processes, hosts)
            node = processes.start('-m', 'facemesh_ros.ros.node', *arguments, host=hosts.nodes)
            listener.line(needs=(node, *cameras))
            cpu_s = node.cpu_s()
            processes.stop(node, listener)
            (messages,) = take_output(folder / 'heard')['landmarks'].values()
            arrived_ns = min(arrived_ns for _, arrived_ns, _, _, faces in messages if faces)
            starts.append(Start((arrived_ns - node.started_ns) / 1e9, cpu_s))
        processes.stop(*cameras)
    return starts
