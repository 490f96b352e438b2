"""Latency: of one caller, of many faces in one image, and of many cameras at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from common.timings import Spread, spread
from gpu_measurements.models import WarmModels

from facemesh_ros.types import Frame, Rois

WARM_UP = 30
FACES = (1, 2, 4, 8, 16, 32, 64)
Work = Callable[[Frame, Rois], object]


def latency_rows(models: WarmModels, samples: int) -> Iterator[dict[str, Any]]:
    """Measure one image with one face: landmarks, with detection, the whole pipeline."""
    pipeline = models.pipeline()

    def detect_and_predict(frame: Frame, rois: Rois) -> object:
        models.device.detectors['short_range'].detect(frame, 0.5)
        return models.predict(frame, rois)

    works: dict[str, Work] = {
        'landmarks of one face': models.predict,
        'short_range detector once, then landmarks': detect_and_predict,
        'the whole pipeline, tracking and searching': lambda frame, _: pipeline.process(frame),
        'landmarks, crops made on the CPU': models.cpu_crops.predict,
    }
    for what, work in works.items():
        yield {'what': what, 'ms': _time(models, work, samples)}


def face_rows(models: WarmModels, samples: int) -> Iterator[dict[str, Any]]:
    """Measure one image with more and more faces."""
    random = np.random.default_rng(0)
    offsets = random.uniform(-40, 40, (models.max_faces, 2)).astype(np.float32)
    first_ms = 0.0
    for faces in [faces for faces in FACES if faces <= models.max_faces]:

        def predict(frame: Frame, rois: Rois, faces: int = faces) -> object:
            several = Rois(
                rois.centres + offsets[:faces],
                rois.sizes_wh.repeat(faces, axis=0),
                rois.rotations_rad.repeat(faces),
            )
            return models.predict(frame, several)

        ms = _time(models, predict, samples)
        first_ms = first_ms or ms.median
        further_ms = (ms.median - first_ms) / (faces - 1) if faces > 1 else None
        yield {
            'faces': faces,
            'ms': ms,
            'further_ms': further_ms,
            'faces_per_s': 1e3 * faces / ms.median,
        }


def _time(models: WarmModels, work: Work, samples: int) -> Spread:
    """Time some work on new frames, after some that are not timed."""
    frames, durations = models.frames(), []
    untimed = min(WARM_UP, samples)
    for _ in range(untimed + samples):
        frame, rois = next(frames)
        started = time.perf_counter()
        work(frame, rois)
        durations.append(1e3 * (time.perf_counter() - started))
    return spread(durations[untimed:])


def camera_rows(
    models: WarmModels, cameras: int, rate_hz: float, seconds: float
) -> Iterator[dict[str, Any]]:
    """Measure landmarks alone, and whole pipelines, with a thread for each camera."""

    def pipeline_work() -> Work:
        pipeline = models.pipeline()
        return lambda frame, _: pipeline.process(frame)

    predict: Work = models.predict
    for what, works in (
        ('landmarks of one face', [predict] * cameras),
        ('the whole pipeline', [pipeline_work() for _ in range(cameras)]),
    ):
        latencies = _camera_latencies(models, works, rate_hz, seconds)
        done_hz = len(latencies) / seconds / cameras
        rates = {'wanted_hz': rate_hz, 'done_hz': done_hz}
        yield {'what': what, 'cameras': cameras, **rates, 'ms': spread(latencies)}


def _camera_latencies(
    models: WarmModels, works: list[Work], rate_hz: float, seconds: float
) -> list[float]:
    latencies: list[list[float]] = [[] for _ in works]
    start_s = time.perf_counter() + 0.5

    def camera(number: int) -> None:
        # Phases are spread over a period, as those of cameras without a common trigger.
        first_s = start_s + number / len(works) / rate_hz
        frames, total, image = models.frames(7 * number), int(seconds * rate_hz), 0
        while image < total:
            due_s = first_s + image / rate_hz
            time.sleep(max(due_s - time.perf_counter(), 0))
            works[number](*next(frames))
            now_s = time.perf_counter()
            latencies[number].append(1e3 * (now_s - due_s))
            # Images that came meanwhile are replaced by the newest of them.
            image = max(image + 1, int((now_s - first_s) * rate_hz))

    threads = [threading.Thread(target=camera, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [latency for each in latencies for latency in each]
