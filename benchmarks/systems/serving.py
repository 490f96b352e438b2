"""Loop of a measured process: each line of JSON requests a block of images, and one answers it.

Standard library and numpy only, because it also runs in the environments of the peers.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class MeasuredSystem:
    """A system that is ready to process images.

    Attributes:
        process: Finds the faces of an RGB image (H, W, 3); this call alone is timed.
        count: Number of faces in the result of `process`.
        versions: Of its packages.
        reset: Called before each image, or before the first if they are a stream.
        boxes_xyxy: (M, 4) px of a result, for an image size (width, height).
        landmarks: (M, L, 3) px of a result, for an image size.
        transforms: (M, 4, 4) of a result, camera from canonical face.
        stages_ms: Duration of each stage of the last `process`, where known.
    """

    process: Callable[[np.ndarray], Any]
    count: Callable[[Any], int]
    versions: dict[str, str]
    reset: Callable[[], None] = lambda: None
    boxes_xyxy: Callable[[Any, tuple[int, int]], Any] = lambda _found, _wh: []
    landmarks: Callable[[Any, tuple[int, int]], Any] = lambda _found, _wh: []
    transforms: Callable[[Any], Any] = lambda _found: []
    stages_ms: Callable[[], dict[str, float]] = dict


def serve(load: Callable[[], MeasuredSystem]) -> None:
    """Load a system, say so, and answer requests until standard input ends."""
    replies = os.fdopen(os.dup(1), 'w', buffering=1)
    os.dup2(2, 1)  # what libraries print must not garble the answers
    started = time.perf_counter()
    system = load()
    load_ms = 1e3 * (time.perf_counter() - started)
    versions = {'Python': '.'.join(map(str, sys.version_info[:3])), **system.versions}
    print(json.dumps({'load_ms': load_ms, 'versions': versions}), file=replies)
    for line in sys.stdin:
        block = measure_block(system, **json.loads(line))
        print(json.dumps(block, default=lambda array: array.tolist()), file=replies)


def measure_block(
    system: MeasuredSystem,
    scene: str,
    count: int,
    warm_up: int = 0,
    stream: bool = False,
    start: int = 0,
    landmarks: bool = False,
) -> dict[str, Any]:
    """Process images of a scene.

    Args:
        system: What is measured.
        scene: File of images (F, H, W, 3) RGB.
        count: Number of timed images.
        warm_up: Number of images before them that are not timed.
        stream: Whether they are one stream, which goes forth and back so that nothing jumps; else
            each image is processed by itself.
        start: Number of the first image; a stream that does not start at 0 continues.
        landmarks: Whether to return them, and the transforms.

    Returns:
        For each timed image: wall_ms, cpu_ms (all threads), faces (their number), boxes_xyxy,
        stages_ms and, where wanted, landmarks and transforms. peak_mib: the process's peak
        memory so far.
    """
    images = np.load(scene, mmap_mode='r')
    if not start:
        system.reset()
    order = forth_and_back(len(images)) if stream else list(range(len(images)))
    measured = []
    for index in range(start, start + warm_up + count):
        rgb = read_image(images, order[index % len(order)])
        if not stream:
            system.reset()
        values = measure_image(system, rgb, landmarks)
        if index >= start + warm_up:
            measured.append(values)
    block = {name: [values[name] for values in measured] for name in measured[0]}
    return {**block, 'peak_mib': peak_mib()}


def forth_and_back(count: int) -> list[int]:
    """Return indices that rise and fall, ready to be repeated."""
    return [*range(count), *range(count - 2, 0, -1)]


def read_image(images: np.memmap, index: int) -> np.ndarray:
    """Return an image, in the cache as after a camera; mapped, all would count as memory."""
    shape = images.shape[1:]
    size = math.prod(shape)
    offset = images.offset + index * size
    rgb = np.fromfile(images.filename, np.uint8, size, offset=offset).reshape(shape)
    rgb.flags.writeable = False  # MediaPipe's own advice: it then takes no copy
    return rgb


def measure_image(system: MeasuredSystem, rgb: np.ndarray, landmarks: bool) -> dict[str, Any]:
    """Find the faces of one image."""
    cpu_ns, wall_ns = time.process_time_ns(), time.perf_counter_ns()
    found = system.process(rgb)
    wall_ns, cpu_ns = time.perf_counter_ns() - wall_ns, time.process_time_ns() - cpu_ns
    image_wh = (rgb.shape[1], rgb.shape[0])
    values = {
        'wall_ms': wall_ns / 1e6,
        'cpu_ms': cpu_ns / 1e6,
        'faces': system.count(found),
        'boxes_xyxy': system.boxes_xyxy(found, image_wh),
        'stages_ms': system.stages_ms(),
    }
    if not landmarks:
        return values
    where = {
        'landmarks': system.landmarks(found, image_wh),
        'transforms': system.transforms(found),
    }
    return {**values, **where}


def peak_mib() -> float:
    """Return the peak memory of this process; `getrusage` would include its parent's."""
    lines = Path('/proc/self/status').read_text().splitlines()
    peak = next(line for line in lines if line.startswith('VmHWM:'))
    return int(peak.split()[1]) / 1024
