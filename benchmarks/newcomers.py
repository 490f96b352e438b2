"""Newcomers: after how many images a face that appears is published, and what the search costs.

Composed streams with faces that are followed for a while, then one more appears or walks in,
anywhere and at any moment of the schedule; or a cut to a picture with other faces. A still camera,
one that moves and one in the dark show them. Pictures come from $FACEMESH_DATA. See
docs/recall.md.

    ./run bench newcomers --json FILE
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from operator import attrgetter
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import cv2
import numpy as np
from common.command import DATA_VARIABLE, MeasurementError, data_folder, log, run_benchmark
from common.machine import conditions, cores_in_use
from common.report import Report, Table
from ground_truth import TrueFaces, compare_boxes
from newcomer_streams import CAMERAS, WALK_IMAGES, NewcomerStream, newcomer_streams
from sample_pictures import load_pictures

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder

RATE_HZ = 30
SIZES = {'VGA': (640, 480), '720p': (1280, 720), '1080p': (1920, 1080)}
# Camera, size of the images, faces followed, and the sizes of newcomers.
SCENES = (
    *(('still', size, 1, (16, 24, 32, 64)) for size in ('VGA', '720p')),
    ('still', '1080p', 1, (24, 48)),
    *((camera, size, 1, (24,)) for camera in ('moving', 'dark') for size in ('VGA', '720p')),
    *(('still', '720p', followed, (24,)) for followed in (0, 3)),
)
COUNT = 8
QUICK_SCENES, QUICK_COUNT = (('still', '720p', 1, (24, 48, 100)),), 3
KINDS = ('appears', 'walks in', 'cut to')
# A newcomer appears after so many images, when all windows have been searched since the followed
# faces came, at some moment of the following ones.
SETTLED_IMAGES, MOMENTS = {'VGA': 60, '720p': 110, '1080p': 220}, 40
# Afterwards he counts as found then.
PATIENCE = 120
NOTE = (
    'Images from the one that shows the newcomer first to the one whose result has him, both '
    f'counted; {PATIENCE} if none of so many has. Faces drift. Who walks in is counted from the '
    'image that shows all of his face. Runs: of all detectors per image, in the first images, '
    + ', '.join(f'{images} at {size}' for size, images in SETTLED_IMAGES.items())
    + ', and from then until the newcomer appears.'
)
COLUMNS = [
    *(('camera', '{camera}'), ('images', '{scene}'), ('followed', '{followed}')),
    ('newcomer', '{kind}'),
    *(('face px', '{size}'), ('n', '{n}'), ('mean', '{mean:.1f}'), ('median', '{median:.0f}')),
    *(('p95', '{p95:.0f}'), ('never', '{never}')),
]
RUN_COLUMNS = [
    *(('camera', '{camera}'), ('images', '{scene}'), ('followed', '{followed}')),
    *(('streams', '{n}'), ('runs per image, first', '{first:.2f}'), ('later', '{later:.2f}')),
    ('most in an image', '{most}'),
]


@dataclass(frozen=True)
class Wait:
    """How long a newcomer waited, in images, and the detector runs of the images before."""

    camera: str
    scene: str
    followed: int
    kind: str
    size: int
    images: int
    runs: list[int]


def measure(chosen: Namespace) -> Report:
    """Measure everything."""
    cv2.setNumThreads(1)
    before, folder = cores_in_use(), data_folder()
    if not folder:
        raise MeasurementError(f'set ${DATA_VARIABLE} to the folder of pictures')
    pictures = load_pictures(folder)
    # Images and runs are counted, which are the same on all machines if the runtime is.
    settings = SensorSettings(execution_provider='cpu', publish_blendshapes=False)
    sensor = load_sensor(settings)
    waits: list[Wait] = []
    for camera, scene, followed, sizes in QUICK_SCENES if chosen.quick else SCENES:
        log(f'{camera} camera, {scene}, {followed} followed')
        for size, kind in product(sizes, KINDS):
            count = QUICK_COUNT if chosen.quick else COUNT
            streams = newcomer_streams(
                *(pictures, SIZES[scene], size, followed, count),
                camera=CAMERAS[camera],
                walks_in=kind == 'walks in',
            )
            key = camera, scene, followed, kind, size
            waits += [Wait(*key, *one) for one in scene_waits(sensor.stream(), key, [*streams])]
    sensor.close()
    tables = [
        Table('waits', 'Images until a newcomer is published', COLUMNS, list(_rows(waits))),
        Table('runs', 'What the search costs', RUN_COLUMNS, list(_run_rows(waits))),
    ]
    return Report(NOTE, conditions(before), (), tables, {'streams': waits})


def scene_waits(
    pipeline: FacePipeline, key: tuple[Any, ...], streams: Sequence[NewcomerStream]
) -> Iterator[tuple[int, list[int]]]:
    """Yield for each stream of one kind how long its newcomer waits, and the runs before."""
    _, scene, _, kind, _ = key
    for number, stream in enumerate(streams):
        moment = SETTLED_IMAGES[scene] + MOMENTS * number // len(streams)
        player = Player(pipeline)
        for index in range(moment):
            coming = (
                index - moment if kind == 'walks in' and index >= moment - WALK_IMAGES else None
            )
            player.show(stream, index, coming)
        runs = player.runs
        shown = streams[(number + 1) % len(streams)] if kind == 'cut to' else stream
        yield player.wait(shown, 0 if kind == 'cut to' else moment), runs


class Player:
    """Shows images of streams to a pipeline that starts anew, and counts detector runs."""

    def __init__(self, pipeline: FacePipeline) -> None:
        pipeline.reset()
        self._pipeline, self._shown = pipeline, 0
        self._total = sum(pipeline.detector_runs.values())
        self.runs: list[int] = []

    def show(self, stream: NewcomerStream, index: int, newcomer_index: int | None) -> bool:
        """Show an image; returns whether the result has the newcomer."""
        rgb = stream.image(index, newcomer_index)
        self._shown += 1
        faces = self._pipeline.process(Frame(rgb, PixelOrder.RGB, self._shown * 10**9 // RATE_HZ))
        total = sum(self._pipeline.detector_runs.values())
        self.runs = [*self.runs, total - self._total]
        self._total = total
        box = stream.newcomer.box_at(newcomer_index or 0, stream.image_wh)
        truth = TrueFaces(box[None], box[3:] - box[1:2], np.zeros(1, bool))
        return compare_boxes(truth, faces.boxes_xyxy.tolist()).found[0]

    def wait(self, stream: NewcomerStream, start: int) -> int:
        """Show images with the newcomer until the result has him; returns how many."""
        for images in range(1, PATIENCE):
            if self.show(stream, start + images - 1, images - 1):
                return images
        return PATIENCE


KEY = 'camera', 'scene', 'followed', 'kind', 'size'


def _rows(waits: Sequence[Wait]) -> Iterator[dict[str, Any]]:
    key_of = attrgetter(*KEY)
    for key in dict.fromkeys(map(key_of, waits)):
        images = np.array([one.images for one in waits if key_of(one) == key])
        yield {
            **dict(zip(KEY, key, strict=True)),
            'n': len(images),
            'mean': float(images.mean()),
            'median': float(np.median(images)),
            'p95': float(np.percentile(images, 95)),
            'never': int((images == PATIENCE).sum()),
        }


def _run_rows(waits: Sequence[Wait]) -> Iterator[dict[str, Any]]:
    key_of = attrgetter(*KEY[:3])
    for key in dict.fromkeys(map(key_of, waits)):
        own = [one.runs for one in waits if key_of(one) == key]
        settled = SETTLED_IMAGES[key[1]]
        later = [count for runs in own for count in runs[settled:]]
        yield {
            **dict(zip(KEY, key, strict=False)),
            'n': len(own),
            'first': float(np.mean([runs[:settled] for runs in own])),
            'later': float(np.mean(later)) if later else None,
            'most': max(map(max, own)),
        }


if __name__ == '__main__':
    sys.exit(
        run_benchmark(
            __doc__, measure, quick='one kind of image, few streams: about a minute, rough figures'
        )
    )
