"""Cameras that send images whether or not somebody is ready, each with a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from measuring.statistics import Spread, spread
from on_device.contestant import Contestant
from on_device.times import Work, spread_cells


@dataclass(frozen=True)
class Cameras:
    """How many there are, how often each has an image, and for how long."""

    count: int
    rate_hz: float
    seconds: float


@dataclass(frozen=True)
class CameraRow:
    """How late results are.

    Attributes:
        what: What is done with each image.
        cameras: How many there are.
        asked_hz: Images of each camera.
        done_hz: Images of each camera that were not replaced by newer ones.
        ms: From the moment an image is due to its result.
    """

    what: str
    cameras: int
    asked_hz: float
    done_hz: float
    ms: Spread

    def cells(self) -> list[str]:
        """Return what a table shows."""
        rates = f'{self.asked_hz:.1f}', f'{self.done_hz:.1f}'
        return [self.what, str(self.cameras), *rates, *spread_cells(self.ms)]


def camera_rows(contestant: Contestant, cameras: Cameras) -> list[CameraRow]:
    """Measure landmarks alone, and whole pipelines."""

    def located(_: int) -> Work:
        return contestant.device.landmark_model.predict

    def followed(_: int) -> Work:
        pipeline = contestant.pipeline()
        return lambda frame, rois: pipeline.process(frame)

    ways = {'landmarks of one face': located, 'the whole pipeline': followed}
    return [_row(contestant, cameras, what, way) for what, way in ways.items()]


def _row(
    contestant: Contestant, cameras: Cameras, what: str, way: Callable[[int], Work]
) -> CameraRow:
    works = [way(number) for number in range(cameras.count)]
    latencies: list[list[float]] = [[] for _ in works]
    start_s = time.perf_counter() + 0.5

    def camera(number: int) -> None:
        # Spread over a period, as cameras that nobody triggers are.
        first_s = start_s + number / cameras.count / cameras.rate_hz
        latencies[number] = _watched(contestant, cameras, works[number], first_s, number)

    threads = [threading.Thread(target=camera, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    merged = [latency for each in latencies for latency in each]
    done_hz = len(merged) / cameras.seconds / cameras.count
    return CameraRow(what, cameras.count, cameras.rate_hz, done_hz, spread(merged))


def _watched(
    contestant: Contestant, cameras: Cameras, work: Work, first_s: float, number: int
) -> list[float]:
    """Take the newest image whenever one is due, and return how late each result was, ms."""
    frames, latencies = contestant.frames(7 * number), []
    total, image = int(cameras.seconds * cameras.rate_hz), 0
    while image < total:
        due_s = first_s + image / cameras.rate_hz
        time.sleep(max(due_s - time.perf_counter(), 0))
        work(*next(frames))
        now_s = time.perf_counter()
        latencies.append(1e3 * (now_s - due_s))
        # Those that came meanwhile are replaced by the newest of them.
        image = max(image + 1, int((now_s - first_s) * cameras.rate_hz))
    return latencies
