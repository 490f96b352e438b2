"""The walk of an image through the stages: short, and as docs/architecture.md draws it."""

import re
import sys
import threading
from collections import Counter
from pathlib import Path
from statistics import median

import pytest

import facemesh_ros
from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.geometry.camera import (
    DEFAULT_VERTICAL_FOV_RAD,
    CalibratedCamera,
    Intrinsics,
)
from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.smoothing.canonical_fit import canonical_fit
from facemesh_ros.smoothing.landmark_groups import landmark_groups
from facemesh_ros.types import Frame, PixelOrder

PACKAGE = Path(facemesh_ros.__file__).parent
ARCHITECTURE = Path(__file__).parents[2] / 'docs' / 'architecture.md'
# One file for each step of the documented walk, and half of the calls that it took before the
# stages were apart: 168, and 272 in the median of images in which new faces are searched for.
MOST_FILES, MOST_CALLS, MOST_CALLS_WITH_SEARCH = 26, 84, 136
IMAGES = 20


def files_and_calls(process, frame):
    """Return how many calls of each file of the package processing a frame makes."""
    calls: Counter[str] = Counter()

    def count(called, event, _):
        path = Path(called.f_code.co_filename)
        if event == 'call' and path.is_relative_to(PACKAGE):
            calls[path.relative_to(PACKAGE).as_posix()] += 1

    threading.setprofile(count)
    sys.setprofile(count)
    try:
        process(frame)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return calls


@pytest.fixture(scope='module')
def walks(require_models):
    """Per image of a stream, the calls of each file: one face, a search for others, in metres."""
    require_models('short_range', 'v2', 'blendshapes')
    for table in (canonical_fit, landmark_groups):  # filled by other tests of this process
        table.cache_clear()
    moving = moving_astronaut((640, 480))

    def walked(max_faces, camera=None):
        settings = SensorSettings(execution_provider='cpu', max_faces=max_faces)
        sensor = load_sensor(settings)
        try:
            pipeline = sensor.stream()
            frames = [
                Frame(
                    moving.image_at(index / 30),
                    PixelOrder.BGR,
                    round(1e9 * (1 + index / 30)),
                    camera,
                )
                for index in range(IMAGES)
            ]
            return [files_and_calls(pipeline.process, frame) for frame in frames]
        finally:
            sensor.close()

    intrinsics = Intrinsics.from_vertical_fov((640, 480), DEFAULT_VERTICAL_FOV_RAD)
    return walked(1), walked(16), walked(1, CalibratedCamera(intrinsics))


def test_a_tracked_face_takes_a_short_way(walks):
    followed = walks[0][-1]
    assert len(followed) <= MOST_FILES
    assert followed.total() <= MOST_CALLS


def test_the_search_for_new_faces_adds_little(walks):
    assert median(calls.total() for calls in walks[1][IMAGES // 2 :]) <= MOST_CALLS_WITH_SEARCH


def test_the_documented_walk_is_the_one_that_images_take(walks):
    text = ARCHITECTURE.read_text(encoding='utf-8')
    table = text.split('<!-- walk -->')[1].split('<!-- /walk -->')[0]
    # The steps before and after are those of the node.
    in_pipeline = table[table.index('| 3 |') : table.index('| 13 |')]
    documented = set(re.findall(r'`([a-z_]+(?:/[a-z_]+)*\.py)`', in_pipeline))
    crossed = {file for walk in walks for calls in walk for file in calls}
    stages = {'detection', 'landmarks', 'tracking', 'smoothing', 'attributes'}
    assert {file for file in crossed if file.split('/')[0] in stages} <= documented
    assert documented <= crossed
