"""Newcomers: after how many images a face that appears is published, and what the search costs.

Composed streams with faces that are followed for a while, then one more appears, anywhere and at
any moment of the schedule; or a cut to a picture with other faces. Pictures come from
$FACEMESH_DATA. See docs/recall.md.

    ./run bench newcomers --json FILE
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from newcomer_streams import NewcomerStream, newcomer_streams
from sample_pictures import Picture, load_pictures

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder

RATE_HZ = 30
SIZES = {'VGA': (640, 480), '720p': (1280, 720), '1080p': (1920, 1080)}
FACES_PX = (24, 28, 32, 40, 60, 100)
# Size of the images, faces followed, and streams of each size of the newcomer.
SCENES = (('720p', 1, 24), ('720p', 0, 8), ('720p', 3, 8), ('VGA', 1, 8), ('1080p', 1, 8))
QUICK_SCENES, QUICK_FACES_PX = (('720p', 1, 4),), (24, 40, 100)
# A newcomer appears after so many images, at some moment of the following ones.
SETTLED_IMAGES, MOMENTS = 90, 40
# Afterwards he counts as found then.
PATIENCE = 120
NOTE = (
    'Images from the one that shows the newcomer first to the one whose result has him, both '
    f'counted; {PATIENCE} if none of so many has. Faces drift. Runs: of all detectors per image, '
    'in the first 90 images and from then until the newcomer appears.'
)
COLUMNS = [
    *(('images', '{scene}'), ('followed', '{followed}'), ('newcomer', '{kind}')),
    *(('face px', '{size}'), ('n', '{n}'), ('mean', '{mean:.1f}'), ('median', '{median:.0f}')),
    *(('p95', '{p95:.0f}'), ('never', '{never}')),
]
RUN_COLUMNS = [
    *(('images', '{scene}'), ('followed', '{followed}'), ('streams', '{n}')),
    *(('runs per image, first 90', '{first:.2f}'), ('later', '{later:.2f}')),
    ('most in an image', '{most}'),
]


@dataclass(frozen=True)
class Wait:
    """How long a newcomer waited, in images, and the detector runs of the images before."""

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
    settings = SensorSettings(execution_provider='cpu', publish_blendshapes=False)
    sensor = load_sensor(settings)
    waits: list[Wait] = []
    for scene, followed, count in QUICK_SCENES if chosen.quick else SCENES:
        log(f'{scene}, {followed} followed')
        for size in QUICK_FACES_PX if chosen.quick else FACES_PX:
            waits += scene_waits(sensor.stream(), pictures, scene, followed, size, count)
    sensor.close()
    tables = [
        Table('waits', 'Images until a newcomer is published', COLUMNS, list(_rows(waits))),
        Table('runs', 'What the search costs', RUN_COLUMNS, list(_run_rows(waits))),
    ]
    return Report(NOTE, conditions(before), (), tables, {'streams': waits})


def scene_waits(
    pipeline: FacePipeline,
    pictures: Sequence[Picture],
    scene: str,
    followed: int,
    size: int,
    count: int,
) -> Iterator[Wait]:
    """Run streams of one kind; after each, also a cut to the next one."""
    streams = list(newcomer_streams(pictures, SIZES[scene], size, followed, count))
    for number, stream in enumerate(streams):
        moment = SETTLED_IMAGES + MOMENTS * number // len(streams)
        player = Player(pipeline)
        for index in range(moment):
            player.show(stream, index, with_newcomer=False)
        runs = player.runs
        yield Wait(scene, followed, 'enters', size, player.wait(stream, moment), runs)
        after_cut = streams[(number + 1) % len(streams)]
        yield Wait(scene, followed, 'cut to', size, player.wait(after_cut, 0), [])


class Player:
    """Shows images of streams to a pipeline that starts anew, and counts detector runs."""

    def __init__(self, pipeline: FacePipeline) -> None:
        pipeline.reset()
        self._pipeline, self._shown = pipeline, 0
        self._total = sum(pipeline.detector_runs.values())
        self.runs: list[int] = []

    def show(self, stream: NewcomerStream, index: int, *, with_newcomer: bool) -> bool:
        """Show an image; returns whether the result has the newcomer."""
        rgb = stream.image(index, with_newcomer=with_newcomer)
        self._shown += 1
        faces = self._pipeline.process(Frame(rgb, PixelOrder.RGB, self._shown * 10**9 // RATE_HZ))
        total = sum(self._pipeline.detector_runs.values())
        self.runs = [*self.runs, total - self._total]
        self._total = total
        box = stream.newcomer.box_at(index, stream.image_wh)
        truth = TrueFaces(box[None], box[3:] - box[1:2], np.zeros(1, bool))
        return compare_boxes(truth, faces.boxes_xyxy.tolist()).found[0]

    def wait(self, stream: NewcomerStream, start: int) -> int:
        """Show images with the newcomer until the result has him; returns how many."""
        for images in range(1, PATIENCE):
            if self.show(stream, start + images - 1, with_newcomer=True):
                return images
        return PATIENCE


def _rows(waits: Sequence[Wait]) -> Iterator[dict[str, Any]]:
    for key in dict.fromkeys((one.scene, one.followed, one.kind, one.size) for one in waits):
        own = [one for one in waits if (one.scene, one.followed, one.kind, one.size) == key]
        images = np.array([one.images for one in own])
        yield {
            **dict(zip(('scene', 'followed', 'kind', 'size'), key, strict=True)),
            'n': len(own),
            'mean': float(images.mean()),
            'median': float(np.median(images)),
            'p95': float(np.percentile(images, 95)),
            'never': int((images == PATIENCE).sum()),
        }


def _run_rows(waits: Sequence[Wait]) -> Iterator[dict[str, Any]]:
    for scene, followed in dict.fromkeys((one.scene, one.followed) for one in waits):
        own = [
            one.runs
            for one in waits
            if (one.scene, one.followed) == (scene, followed) and one.runs
        ]
        later = [count for runs in own for count in runs[SETTLED_IMAGES:]]
        yield {
            'scene': scene,
            'followed': followed,
            'n': len(own),
            'first': float(np.mean([runs[:SETTLED_IMAGES] for runs in own])),
            'later': float(np.mean(later)) if later else None,
            'most': max(map(max, own)),
        }


if __name__ == '__main__':
    sys.exit(
        run_benchmark(
            __doc__, measure, quick='one kind of image, few streams: about a minute, rough figures'
        )
    )
