"""Whole images in a process of its own: says the rows of each part as they are measured.

python -m gpu_measurements.image_process '{"parts": ["latency", "faces", …], …}'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
from gpu_measurements.child import Tell, choice_of, described, job, replies
from gpu_measurements.latency import camera_rows, face_rows, latency_rows
from gpu_measurements.memory import DeviceMemory, memory_row
from gpu_measurements.models import WarmModels, load_warm
from gpu_measurements.scene import Scene

from facemesh_ros.models.store import ModelStore

Rows = Iterator[Mapping[str, Any]]


@contextmanager
def _needs_onnx() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise RuntimeError('the package onnx reads the graphs: `pip install onnx`') from error


def _latency(models: WarmModels, what: dict[str, Any]) -> Rows:
    return latency_rows(models, what['samples'])


def _host(models: WarmModels, what: dict[str, Any]) -> Rows:
    with _needs_onnx():
        from gpu_measurements.host_time import host_rows
    return host_rows(models, choice_of(what), what['samples'])


def _faces(models: WarmModels, what: dict[str, Any]) -> Rows:
    return face_rows(models, what['samples'])


def _cameras(models: WarmModels, what: dict[str, Any]) -> Rows:
    return camera_rows(models, what['cameras'], what['rate'], what['seconds'])


def _bound(models: WarmModels, what: dict[str, Any]) -> Rows:
    with _needs_onnx():
        from gpu_measurements.graph_cost import graph_rows
    return graph_rows(models, choice_of(what))


def _memory(models: WarmModels, what: dict[str, Any]) -> Rows:
    yield memory_row(models, DeviceMemory(choice_of(what)), what['minutes'])


PARTS: dict[str, Callable[[WarmModels, dict[str, Any]], Rows]] = {
    'latency': _latency,
    'host': _host,
    'faces': _faces,
    'cameras': _cameras,
    'bound': _bound,
    'memory': _memory,
}


def main(tell: Tell) -> None:
    """Load and warm up everything, then measure part after part."""
    what = job()
    cv2.setNumThreads(1)
    try:
        models = load_warm(
            ModelStore(),
            choice_of(what),
            what['model'],
            Scene.load(Path(what['scene'])),
            streams=what['cameras'],
            max_faces=what['faces'],
        )
    except Exception as error:  # ONNX Runtime's have no common base
        tell({'failed': described(error)})
        return
    for part in what['parts']:
        tell({'part': part})
        try:
            for row in PARTS[part](models, what):
                tell({'row': row})
        except Exception as error:  # as above; the next parts have models of their own
            tell({'failed': described(error)})
            break
    else:
        tell({'part': ''})
    models.close()


if __name__ == '__main__':
    main(replies())
