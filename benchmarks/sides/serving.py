"""The loop of a measured process: a line of JSON asks for a block of images, another answers.

Standard library and numpy only, because it also runs in the peers' environments.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
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
        forget: Called before each image, or before each block if its images are a stream.
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
    side: Side, scene: str, warm_up: int, count: int, stream: bool = False
) -> dict[str, Any]:
    """Go through the images of a scene.

    Args:
        side: What is measured.
        scene: File of images (F, H, W, 3) RGB.
        warm_up: How many images go first, untimed.
        count: How many follow.
        stream: Whether they are images of one stream; else each is taken by itself.

    Returns:
        Wall and processor time (all threads together), ms, number of faces and their boxes per
        timed image; duration of each stage.
    """
    images = np.load(scene, mmap_mode='r')
    side.forget()
    before_each = nothing if stream else side.forget
    for index in range(warm_up):
        measured_image(side, images[index % len(images)], before_each)
    block: dict[str, list[Any]] = {'wall_ms': [], 'cpu_ms': [], 'faces': [], 'boxes_xyxy': []}
    stages_ms: dict[str, list[float]] = defaultdict(list)
    for index in range(count):
        image = images[index % len(images)]
        for name, value in measured_image(side, image, before_each).items():
            block[name].append(value)
        for stage, value in side.stages_ms().items():
            stages_ms[stage].append(value)
    return {**block, 'stages_ms': stages_ms}


def measured_image(side: Side, image: np.ndarray, before: Callable[[], None]) -> dict[str, Any]:
    """Find the faces of one image, from a copy that is warm in the cache as after a camera."""
    rgb = np.array(image)
    rgb.flags.writeable = False  # MediaPipe's own advice: it then takes no copy
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
