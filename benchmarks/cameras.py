"""Many cameras through one process: what each image costs beside the networks.

Simulated cameras, a thread each, show a moving face at 30 Hz to pipelines of one sensor with all
defaults. The networks' place is taken by an engine that takes 1 ms a batch and no processor time,
as a GPU would, and answers what the networks once did. So all processor time is ours.

    ./run bench cameras --json FILE
    ./run bench cameras --docs     # updates docs/benchmarks_tables.md
"""

from __future__ import annotations

import sys
import threading
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))

from common.command import WITHOUT_AVX512, log, run_benchmark
from common.machine import conditions, cores_in_use
from common.report import Report, Table
from common.timings import spread

from facemesh_ros.assembly.face_sensor import FaceSensor, load_sensor
from facemesh_ros.geometry.camera import DEFAULT_VERTICAL_FOV_RAD, CalibratedCamera, Intrinsics
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Float32, Frame, PixelOrder, UInt8

IMAGE_WH, RATE_HZ, ENGINE_S = (640, 480), 30, 1e-3
CAMERAS = (1, 8, 32)
SECONDS, QUICK_SECONDS, WARM_UP_S = 20.0, 4.0, 2.0
PICTURES, REAL_IMAGES, NOISES, NOISE_PX = 30, 40, 64, 0.2
GOAL_MS = 1.0
MODE = (
    f'One face a camera at VGA and {RATE_HZ} Hz, landmark model v2, filter, ids and blendshapes '
    f'on. Crops and all else run on the CPU; goal: less than {GOAL_MS:g} ms of processor time an '
    'image, for 32 cameras to fit into one process.'
)
COLUMNS = [
    *(('cameras', '{cameras}'), ('calibrated', '{calibrated}'), ('images a second', '{rate:.0f}')),
    ('processor time an image, ms', '{cpu_ms:.2f}'),
    *(('due to done, ms: median', '{late_ms.median:.1f}'), ('95 %', '{late_ms.p95:.1f}')),
]


class RecordedEngine:
    """Answers as the networks did, after the time of an engine."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, tuple[str, ...]], list[Float32]] = {}
        self._run = ModelSession.run
        noise = np.random.default_rng(1).standard_normal((NOISES, 478, 3), np.float32)
        self._noises = cycle(NOISE_PX * noise)
        self.is_real = True

    def run(
        self, session: ModelSession, batch: Float32, outputs: Sequence[str] = ()
    ) -> list[Float32]:
        """Take the place of `ModelSession.run`: record the answers, then repeat them."""
        key = session.name, tuple(outputs)
        if self.is_real or key not in self._answers:
            answers = self._run(session, batch, outputs)
            self._answers[key] = [answer[:1] for answer in answers]
            return answers
        time.sleep(ENGINE_S)
        answers = [answer.repeat(len(batch), axis=0) for answer in self._answers[key]]
        if 'landmarks' in outputs:
            index = tuple(outputs).index('landmarks')
            answers[index] += next(self._noises)  # of the copy that `repeat` made
        return answers

    def repeat(self, input_size: int) -> None:
        """Go on without the networks; landmarks lie in their crops as those of a still face do."""
        self.is_real = False
        for (_, outputs), answers in self._answers.items():
            if 'landmarks' in outputs:
                index = outputs.index('landmarks')
                answers[index] = _centred(answers[index], input_size)


def _centred(landmarks: Float32, input_size: int) -> Float32:
    """Return landmarks (1, L, 3) of a crop moved and scaled so that they ask for the same crop."""
    roi = rois_from_landmarks(landmarks)
    scale = input_size / roi.sizes_wh[0, 0]
    centred = landmarks * scale
    centred[..., :2] += input_size / 2 - scale * roi.centres
    return np.asarray(centred, np.float32)


@contextmanager
def simulated_sensor(cameras: int) -> Iterator[tuple[FaceSensor, list[FacePipeline]]]:
    """Yield a sensor whose networks are simulated, and pipelines that follow a face each."""
    engine, images = RecordedEngine(), pictures()
    # Networks run only to be recorded, so that it does not matter in which runtime.
    settings = SensorSettings(execution_provider='cpu', landmark_model='v2', max_faces=1)

    def run(session: ModelSession, batch: Float32, outputs: Sequence[str] = ()) -> list[Float32]:
        return engine.run(session, batch, outputs)

    with patch.object(ModelSession, 'run', run):
        sensor = load_sensor(settings)
        try:
            pipelines = [sensor.stream() for _ in range(cameras)]
            for camera, pipeline in enumerate(pipelines):
                for index in range(REAL_IMAGES if camera == 0 else 3):
                    stamp_ns = round(1e9 * (1 + index / RATE_HZ))
                    pipeline.process(Frame(images[0], PixelOrder.BGR, stamp_ns))
            engine.repeat(256)
            yield sensor, pipelines
        finally:
            sensor.close()


def pictures() -> list[UInt8]:
    """Return images of a face that hardly moves."""
    moving = moving_astronaut(IMAGE_WH)
    return [moving.image_at(0.3 * index / RATE_HZ) for index in range(PICTURES)]


class CameraThread(threading.Thread):
    """Shows a pipeline the newest image, at most one in each period.

    Attributes:
        late_ms: Of each image, from when it was due until it was done.
        lost: Images without a face.
    """

    def __init__(
        self,
        pipeline: FacePipeline,
        images: list[UInt8],
        camera: CalibratedCamera | None,
        start_s: float,
        end_s: float,
    ) -> None:
        super().__init__()
        self._pipeline, self._images, self._camera = pipeline, images, camera
        self._start_s, self._end_s = start_s, end_s
        self.late_ms: list[float] = []
        self.lost = 0

    def run(self) -> None:
        """Show images until the end."""
        number = 0
        while (due_s := self._start_s + number / RATE_HZ) < self._end_s:
            time.sleep(max(0.0, due_s - time.monotonic()))
            stamp_ns = round(1e9 * (3 + number / RATE_HZ))
            image = self._images[number % PICTURES]
            faces = self._pipeline.process(Frame(image, PixelOrder.BGR, stamp_ns, self._camera))
            self.lost += not len(faces)
            self.late_ms.append(1e3 * (time.monotonic() - due_s))
            number = max(number + 1, int((time.monotonic() - self._start_s) * RATE_HZ))


def measure_cameras(cameras: int, seconds: float, calibrated: bool) -> dict[str, Any]:
    """Return the row of so many cameras."""
    intrinsics = Intrinsics.from_vertical_fov(IMAGE_WH, DEFAULT_VERTICAL_FOV_RAD)
    camera = CalibratedCamera(intrinsics) if calibrated else None
    with simulated_sensor(cameras) as (_, pipelines):
        images, start_s = pictures(), time.monotonic() + 0.5
        threads = [
            CameraThread(
                pipeline,
                images,
                camera,
                start_s + index / cameras / RATE_HZ,
                start_s + WARM_UP_S + seconds,
            )
            for index, pipeline in enumerate(pipelines)
        ]
        for thread in threads:
            thread.start()
        time.sleep(max(0.0, start_s + WARM_UP_S - time.monotonic()))
        counts, used_s, began_s = _shown(threads), time.process_time(), time.monotonic()
        for thread in threads:
            thread.join()
        used_s, took_s = time.process_time() - used_s, time.monotonic() - began_s
    shown = sum(_shown(threads)) - sum(counts)
    if lost := sum(thread.lost for thread in threads):
        log(f'{lost} images show no face: the figures are of less work')
    late_ms = [
        late
        for thread, count in zip(threads, counts, strict=True)
        for late in thread.late_ms[count:]
    ]
    return {
        'cameras': cameras,
        'calibrated': 'yes' if calibrated else 'no',
        'rate': shown / took_s,
        'cpu_ms': 1e3 * used_s / shown,
        'late_ms': spread(late_ms),
    }


def _shown(threads: Sequence[CameraThread]) -> list[int]:
    return [len(thread.late_ms) for thread in threads]


def measure(chosen: Namespace) -> Report:
    """Measure all numbers of cameras, with and without a calibration."""
    before, rows = cores_in_use(), []
    for calibrated in (False, True):
        for cameras in CAMERAS:
            log(f'{cameras} cameras, {"" if calibrated else "not "}calibrated')
            seconds = QUICK_SECONDS if chosen.quick else SECONDS
            rows.append(measure_cameras(cameras, seconds, calibrated))
    title = 'Cameras in one process, engine of 1 ms a batch'
    about = conditions(before, **{'seconds each': QUICK_SECONDS if chosen.quick else SECONDS})
    return Report(MODE, about, (), [Table('cameras', title, COLUMNS, rows)])


if __name__ == '__main__':
    sys.exit(
        run_benchmark(
            __doc__,
            measure,
            quick='4 s for each, rough figures',
            section='cameras',
            options=WITHOUT_AVX512,
        )
    )
