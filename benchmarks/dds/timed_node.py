"""The node's own `main`, with a clock around each image, each stage and each run of a network.

Usage: timed_node.py OUTPUT ROS_ARGUMENTS…; OUTPUT gets, for each image: when it was done, `ns`;
how long it took, `image`, and all networks of it, `networks`, each (wall time, processor time of
the thread); and how long each stage took beside its networks, `rest`. All in ms. The clocks cost
some microseconds an image.
"""

from __future__ import annotations

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
from facemesh_ros.ros.input.worker import NewestFirstWorker


class Clock:
    """Time that a thread has spent in some work, ms."""

    def __init__(self) -> None:
        self.wall_ms = self.cpu_ms = 0.0

    def time(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do the work and add what it takes."""
        wall_ns, cpu_ns = time.perf_counter_ns(), time.thread_time_ns()
        try:
            return work(*arguments)
        finally:
            self.wall_ms += (time.perf_counter_ns() - wall_ns) / 1e6
            self.cpu_ms += (time.thread_time_ns() - cpu_ns) / 1e6

    def as_json(self) -> tuple[float, float]:
        """Return both times."""
        return self.wall_ms, self.cpu_ms


class Image(threading.local):
    """The image that a thread works on."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget the image before."""
        self.whole, self.networks = Clock(), Clock()
        self.rest_ms: dict[str, float] = defaultdict(float)


IMAGE = Image()
DONE: list[dict[str, Any]] = []


def time_networks() -> None:
    """Put a clock around all networks."""
    run = ModelSession.run
    ModelSession.run = lambda *arguments: IMAGE.networks.time(run, *arguments)  # type: ignore[method-assign]


def time_stages() -> None:
    """Put a clock around all stages, which does not see the networks in them."""
    original = StageTimes.stage

    @contextmanager
    def stage(times: StageTimes, name: str) -> Iterator[None]:
        began_ns, networks_ms = time.perf_counter_ns(), IMAGE.networks.wall_ms
        with original(times, name):
            yield
        lasted_ms = (time.perf_counter_ns() - began_ns) / 1e6
        IMAGE.rest_ms[name] += lasted_ms - (IMAGE.networks.wall_ms - networks_ms)

    StageTimes.stage = stage  # type: ignore[method-assign]


def time_images() -> None:
    """Put a clock around what workers do."""
    start = NewestFirstWorker.__init__

    def started(worker: Any, inbox: Any, work: Callable[[Any], None], *arguments: Any) -> None:
        start(worker, inbox, lambda item: timed_image(work, item), *arguments)

    NewestFirstWorker.__init__ = started  # type: ignore[method-assign]


def timed_image(work: Callable[[Any], None], item: Any) -> None:
    """Do the work on an image and keep what it took."""
    IMAGE.begin()
    IMAGE.whole.time(work, item)
    times = {'image': IMAGE.whole.as_json(), 'networks': IMAGE.networks.as_json()}
    DONE.append({'ns': time.time_ns(), **times, 'rest': IMAGE.rest_ms})


def main() -> int:
    """Run the node."""
    output = Path(sys.argv.pop(1))
    time_networks()
    time_stages()
    time_images()
    try:
        return node.main()
    finally:
        output.write_text(json.dumps(DONE))


if __name__ == '__main__':
    sys.exit(main())
