"""The loop of a measured process: a line of JSON asks for a block of images, another answers.

Standard library and numpy only, because it also runs in the peers' environments.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


def nothing() -> None:
    """Do nothing."""


def nowhere(_found: Any, _image_wh: tuple[int, int]) -> list[list[float]]:
    """Say of no face where it is."""
    return []


@dataclass(frozen=True)
class Side:
    """What is measured, ready to run.

    Attributes:
        find: Takes an RGB image (H, W, 3) and finds the faces; this alone is timed.
        count: Number of faces in what `find` returned.
        versions: What it is made of, by package.
        forget: Called before each image, or once if they are a stream.
        boxes_xyxy: Where the faces are that `find` returned for an image of a size; (M, 4) px.
        stages_ms: Duration of each stage of the last `find`, where they are known.
    """

    find: Callable[[np.ndarray], Any]
    count: Callable[[Any], int]
    versions: dict[str, str]
    forget: Callable[[], None] = nothing
    boxes_xyxy: Callable[[Any, tuple[int, int]], list[list[float]]] = nowhere
    stages_ms: Callable[[], dict[str, float]] = dict


def serve(load: Callable[[], Side]) -> None:
    """Load a side, say so, and answer requests until standard input ends."""
    replies = os.fdopen(os.dup(1), 'w', buffering=1)
    os.dup2(2, 1)  # libraries that print must not garble the answers
    began = time.perf_counter()
    side = load()
    load_ms = 1e3 * (time.perf_counter() - began)
    versions = {'Python': '.'.join(map(str, sys.version_info[:3])), **side.versions}
    print(json.dumps({'load_ms': load_ms, 'versions': versions}), file=replies)
    for line in sys.stdin:
        print(json.dumps(measured_block(side, **json.loads(line))), file=replies)


def measured_block(
    side: Side, scene: str, warm_up: int, count: int, stream: bool = False, start: int = 0
) -> dict[str, Any]:
    """Go through the images of a scene.

    Args:
        side: What is measured.
        scene: File of images (F, H, W, 3) RGB.
        warm_up: How many images go first, untimed.
        count: How many follow.
        stream: Whether they are images of one stream, which go there and back so that nothing
            jumps; else each is taken by itself.
        start: Number of the first image; a stream that does not start at 0 goes on.

    Returns:
        Wall and processor time (all threads together), ms, number of faces and their boxes per
        timed image; duration of each stage; the process's peak memory until now, MiB.
    """
    images = np.load(scene, mmap_mode='r')
    if not start:
        side.forget()
    before_each = nothing if stream else side.forget
    numbers = there_and_back(len(images)) if stream else list(range(len(images)))
    block: dict[str, list[Any]] = {'wall_ms': [], 'cpu_ms': [], 'faces': [], 'boxes_xyxy': []}
    stages_ms: dict[str, list[float]] = defaultdict(list)
    for index in range(start, start + warm_up + count):
        rgb = read_image(images, numbers[index % len(numbers)])
        measured = measured_image(side, rgb, before_each)
        if index < start + warm_up:
            continue
        for name, value in measured.items():
            block[name].append(value)
        for stage, value in side.stages_ms().items():
            stages_ms[stage].append(value)
    return {**block, 'stages_ms': stages_ms, 'peak_mib': peak_mib()}


def there_and_back(count: int) -> list[int]:
    """Return indices that rise and fall, ready to be repeated."""
    return [*range(count), *range(count - 2, 0, -1)]


def read_image(images: np.memmap, index: int) -> np.ndarray:
    """Return an image, warm in the cache as after a camera; mapped, all would count as memory."""
    shape = images.shape[1:]
    size = math.prod(shape)
    offset = images.offset + index * size
    rgb = np.fromfile(images.filename, np.uint8, size, offset=offset).reshape(shape)
    rgb.flags.writeable = False  # MediaPipe's own advice: it then takes no copy
    return rgb


def measured_image(side: Side, rgb: np.ndarray, before: Callable[[], None]) -> dict[str, Any]:
    """Find the faces of one image."""
    before()
    cpu_ns, wall_ns = time.process_time_ns(), time.perf_counter_ns()
    found = side.find(rgb)
    wall_ns, cpu_ns = time.perf_counter_ns() - wall_ns, time.process_time_ns() - cpu_ns
    return {
        'wall_ms': wall_ns / 1e6,
        'cpu_ms': cpu_ns / 1e6,
        'faces': side.count(found),
        'boxes_xyxy': side.boxes_xyxy(found, (rgb.shape[1], rgb.shape[0])),
    }


def peak_mib() -> float:
    """Return the most memory that this process has ever held; not what its parent had."""
    lines = Path('/proc/self/status').read_text().splitlines()
    peak = next(line for line in lines if line.startswith('VmHWM:'))
    return int(peak.split()[1]) / 1024
