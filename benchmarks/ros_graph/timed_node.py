"""The node's own `main`, with a clock around each image, each stage and each run of a model.

Usage: timed_node.py OUTPUT ROS_ARGUMENTS…; OUTPUT gets, for each image: `ns`, when it was done;
`taken`, `image` and `inference`, (wall time, processor time of the thread) of taking the image
out of the middleware, of the image from then on, and of all model runs; `stages`, the time of
each stage outside of inference. All in ms. The clocks cost some microseconds an image.
"""

from __future__ import annotations

from facemesh_ros.ros.process.malloc import keep_freed_memory

if __name__ == '__main__':
    keep_freed_memory()  # as the node does, before the other imports start threads

import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from facemesh_ros.inference.session import ModelSession
from facemesh_ros.pipeline.stage_times import StageTimes
from facemesh_ros.ros import node
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue
from facemesh_ros.ros.input.worker import NewestFirstWorker


class Clock:
    """Time that a thread has spent in some work, ms: wall time and processor time."""

    def __init__(self) -> None:
        self.ms = [0.0, 0.0]

    def time(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do the work and add the time that it takes."""
        wall_ns, cpu_ns = time.perf_counter_ns(), time.thread_time_ns()
        try:
            return work(*arguments)
        finally:
            self.ms[0] += (time.perf_counter_ns() - wall_ns) / 1e6
            self.ms[1] += (time.thread_time_ns() - cpu_ns) / 1e6


class ImageTimes(threading.local):
    """Times of the image that a thread is processing."""

    def __init__(self) -> None:
        self.taken, self.image, self.inference = Clock(), Clock(), Clock()
        self.stages_ms: dict[str, float] = defaultdict(float)


TIMES = ImageTimes()
DONE: list[dict[str, Any]] = []


def add_clocks() -> None:
    """Put clocks around model runs, around stages without their model runs, and around images."""
    run, original, start = ModelSession.run, StageTimes.stage, NewestFirstWorker.__init__
    take = NewestImageQueue.take

    @contextmanager
    def stage(times: StageTimes, name: str) -> Iterator[None]:
        started_ns, inference_ms = time.perf_counter_ns(), TIMES.inference.ms[0]
        with original(times, name):
            yield
        lasted_ms = (time.perf_counter_ns() - started_ns) / 1e6
        TIMES.stages_ms[name] += lasted_ms - (TIMES.inference.ms[0] - inference_ms)

    def timed_start(worker: Any, queue: Any, work: Callable[[Any], None], *others: Any) -> None:
        start(worker, queue, lambda item: process_timed(work, item), *others)

    ModelSession.run = lambda *arguments: TIMES.inference.time(run, *arguments)  # type: ignore[method-assign]
    StageTimes.stage = stage  # type: ignore[method-assign]
    NewestFirstWorker.__init__ = timed_start  # type: ignore[method-assign]
    NewestImageQueue.take = lambda queue: take_timed(take, queue)  # type: ignore[method-assign]


def take_timed(take: Callable[[Any], Any], queue: Any) -> Any:
    """Take the next image, whose times begin now."""
    TIMES.__init__()  # type: ignore[misc]
    return TIMES.taken.time(take, queue)


def process_timed(work: Callable[[Any], None], item: Any) -> None:
    """Process an image and keep its times."""
    TIMES.image.time(work, item)
    clocks = {'taken': TIMES.taken, 'image': TIMES.image, 'inference': TIMES.inference}
    times = {name: clock.ms for name, clock in clocks.items()}
    DONE.append({'ns': time.time_ns(), **times, 'stages': TIMES.stages_ms})


def main() -> int:
    """Run the node."""
    output = Path(sys.argv.pop(1))
    add_clocks()
    try:
        return node.main()
    finally:
        output.write_text(json.dumps(DONE))


if __name__ == '__main__':
    sys.exit(main())
