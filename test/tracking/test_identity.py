"""Real faces that cross, are occluded or leave keep their ids through the whole pipeline."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks.identities.following import Ours
from benchmarks.identities.scenarios import blinks, crossing, every, exits, studio
from benchmarks.identities.scenes import SEEN, images_of
from benchmarks.identities.sequences import Sequence
from benchmarks.measuring.pictures import pictures
from facemesh_ros.types import Frame, PixelOrder


@pytest.fixture(scope='module')
def where(require_package):
    """The packaged face and its mirror image."""
    require_package('skimage')
    return studio(pictures(None))


@pytest.fixture(scope='module')
def ours(require_models):
    require_models('short_range', 'full_range', 'v2')
    cv2.setNumThreads(1)
    return Ours('v2')


def ids_of(ours, scene) -> tuple[dict[int, set[int]], Sequence]:
    """All ids that each person was given, and the full record."""
    ours.start()
    record, ids = Sequence(), defaultdict(set)
    for shown in images_of(scene):
        record.take(shown, ours.name(Frame(shown.rgb, PixelOrder.RGB, shown.stamp_ns)))
        image = record.images[-1]
        for person, row in zip(image['people'], image['distances'], strict=True):
            near = [np.inf if each is None else each for each in row]
            if near and min(near) < np.inf:
                ids[person].add(image['ids'][int(np.argmin(near))])
    return ids, record


def assert_lasting(ours, scene, people: int) -> None:
    ids, record = ids_of(ours, scene)
    assert len(ids) == people
    assert all(len(each) == 1 for each in ids.values()), dict(ids)
    assert len(set.union(*ids.values())) == people
    assert record.ghosts == 0


@pytest.mark.parametrize('speed', [2.0, -4.0])
def test_two_who_cross_keep_their_ids(ours, where, speed):
    scene = crossing(where, 0, speed, 1.2, 0.1)
    hidden = min(shown.visible.min() for shown in images_of(scene))
    assert hidden < 1 - SEEN  # or nothing was tested
    assert_lasting(ours, scene, 2)


def test_two_who_cross_ten_images_a_second_keep_their_ids(ours, where):
    scene = crossing(where, 0, 1.5, 1.0, 0.0)
    assert_lasting(ours, replace(scene, times_s=every(scene.times_s[-1], 10)), 2)


def test_a_face_that_is_covered_for_ten_images_keeps_its_id(ours, where):
    (scene,) = [each for each in blinks(where) if each.name.startswith('10 images, 1')]
    assert_lasting(ours, scene, 2)


def test_a_face_that_leaves_and_returns_within_a_second_keeps_its_id(ours, where):
    (scene,) = [each for each in exits(where) if each.name == 'left, 0.5 s']
    assert_lasting(ours, scene, 2)
