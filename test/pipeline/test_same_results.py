"""The same frames give the same results, bit by bit, whatever else the machine does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from threading import Barrier, Thread
from typing import Any

import cv2
import numpy as np
import pytest

from facemesh_ros.assembly import cpu_models
from facemesh_ros.assembly.face_sensor import FaceSensor, load_sensor
from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Faces, FaceState, Frame, MetricSource, PixelOrder

WIDTH, HEIGHT = 640, 480
START_NS, PERIOD_NS = 1_795_000_000 * 10**9, 33_333_333
HEAD = np.s_[10:250, 100:330]
# What is seen: two heads, in each image where the left and the right one are; None is nowhere.
# They come one after the other, the left one is covered for longer than it coasts, both leave; a
# pause of the stream makes new faces of them.
LEFT = [None, *[(20, 100)] * 8, *[None] * 8, *[(40, 120)] * 6, *[None] * 9]
RIGHT = [*[None] * 4, *[(360, 160)] * 18, *[None] * 10]
PAUSE = 19


@pytest.fixture(scope='module')
def frames(astronaut) -> list[Frame]:
    """A stream of late stamps, the camera of which is zoomed in the middle."""
    random = np.random.default_rng(5)
    left = astronaut[HEAD]
    right = cv2.resize(np.ascontiguousarray(left[:, ::-1]), None, fx=0.8, fy=0.7)
    made = []
    for number, corners in enumerate(zip(LEFT, RIGHT, strict=True)):
        image = np.full((HEIGHT, WIDTH, 3), 120.0)
        for head, corner in zip((left, right), corners, strict=True):
            if corner is not None:
                x, y = corner[0] + 2 * number, corner[1] - number
                image[y : y + head.shape[0], x : x + head.shape[1]] = head
        image = np.clip(image + random.normal(0, 4, image.shape), 0, 255).astype(np.uint8)
        late, paused = 2 * (number % 7 == 6), 60 * (number >= PAUSE)
        stamp_ns = START_NS + PERIOD_NS * (number - late + paused)
        focal_px = 600.0 if number < 12 else 640.0
        camera = CalibratedCamera(Intrinsics(focal_px, focal_px, 319.5, 239.5))
        made.append(Frame(image, PixelOrder.RGB, stamp_ns, camera))
    return made


@pytest.fixture(scope='module')
def expected(frames, sensor) -> list[Faces]:
    """The results of this stream alone."""
    found = results(sensor.stream(), frames)
    # The comparison sees something: all states, faces beside one another, new ids, metres.
    assert {int(state) for faces in found for state in faces.states} == {*map(int, FaceState)}
    assert max(len(faces) for faces in found) == 2
    assert len({int(one) for faces in found for one in faces.ids}) > 2
    assert MetricSource.IRIS in {int(one) for faces in found for one in faces.metric.sources}
    return found


@pytest.fixture(scope='module')
def load(require_models):
    require_models('short_range', 'full_range', 'v2', 'blendshapes')
    return lambda: load_sensor(SensorSettings(landmark_model='v2'))


@pytest.fixture(scope='module')
def sensor(load) -> Iterator[FaceSensor]:
    loaded = load()
    yield loaded
    loaded.close()


def results(pipeline: FacePipeline, frames: list[Frame]) -> list[Faces]:
    return [pipeline.process(frame) for frame in frames]


def assert_same(found: list[Faces], expected: list[Faces], *, ids: bool = True) -> None:
    """Each bit of each array is the same, that of NaN and -0.0 too; the ids may be left out."""
    assert len(found) == len(expected)
    for number, (one, other) in enumerate(zip(found, expected, strict=True)):
        for name, value in arrays_of(one):
            if ids or name != '.ids':
                theirs = dict(arrays_of(other))[name]
                same = value.shape == theirs.shape and value.tobytes() == theirs.tobytes()
                assert same, f'{name} of image {number}'


def arrays_of(value: Any, name: str = '') -> Iterator[tuple[str, np.ndarray]]:
    if is_dataclass(value):
        for item in fields(value):
            yield from arrays_of(getattr(value, item.name), f'{name}.{item.name}')
    else:
        yield name, np.asarray(value)


@pytest.mark.parametrize(('cores', 'opencv_threads'), [(1, 1), (2, 4), (5, 0)])
def test_models_that_were_loaded_again_for_other_cores_give_the_same(
    load, frames, expected, monkeypatch, cores, opencv_threads
):
    monkeypatch.setattr(cpu_models, 'usable_cores', lambda: cores)
    before = cv2.getNumThreads()
    cv2.setNumThreads(opencv_threads)
    try:
        other = load()
        assert_same(results(other.stream(), frames), expected)
        other.close()
    finally:
        cv2.setNumThreads(before)


def test_another_camera_of_the_same_models_changes_nothing(sensor, frames, expected):
    """Both see the images at once, the other one in the opposite order."""
    found, begin = dict[str, list[Faces]](), Barrier(2)

    def run(name: str, shown: list[Frame]) -> None:
        pipeline = sensor.stream()
        begin.wait()
        found[name] = results(pipeline, shown)

    threads = [Thread(target=run, args=item) for item in (('', frames), ('other', frames[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_same(found[''], expected, ids=False)


def test_a_reset_leaves_nothing_behind(sensor, frames, expected):
    pipeline = sensor.stream()
    results(pipeline, frames[5:11])
    pipeline.reset()
    assert_same(results(pipeline, frames), expected, ids=False)
