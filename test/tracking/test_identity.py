"""Real faces that cross, are occluded or leave keep their ids through the whole pipeline."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import cv2
import numpy as np
import pytest
from identity_results import FacemeshTracker, TrackingRecord
from identity_scenarios import capture_times, crossing, exits, load_assets, sudden_occlusions
from identity_scenes import VISIBLE, render_scene
from sample_pictures import load_pictures

from facemesh_ros.types import Frame, PixelOrder


@pytest.fixture(scope='module')
def assets(require_package):
    """The packaged face and its mirror image."""
    require_package('skimage')
    return load_assets(load_pictures(None))


@pytest.fixture(scope='module')
def tracker(require_models):
    require_models('short_range', 'full_range', 'v2')
    cv2.setNumThreads(1)
    return FacemeshTracker('v2')


def ids_of(tracker, scene) -> tuple[dict[int, set[int]], TrackingRecord]:
    """All ids that each person was given, and the record of the results."""
    tracker.reset()
    record, ids = TrackingRecord(), defaultdict(set)
    for shown in render_scene(scene):
        record.add(shown, tracker.track(Frame(shown.rgb, PixelOrder.RGB, shown.stamp_ns)))
        image = record.images[-1]
        for person, row in zip(image['people'], image['distances'], strict=True):
            near = [np.inf if each is None else each for each in row]
            if near and min(near) < np.inf:
                ids[person].add(image['ids'][int(np.argmin(near))])
    return ids, record


def assert_ids_are_kept(tracker, scene, people: int) -> None:
    ids, record = ids_of(tracker, scene)
    assert len(ids) == people
    assert all(len(each) == 1 for each in ids.values()), dict(ids)
    assert len(set.union(*ids.values())) == people
    assert record.false_ids == 0


@pytest.mark.parametrize('speed', [2.0, -4.0])
def test_two_who_cross_keep_their_ids(tracker, assets, speed):
    scene = crossing(assets, 0, speed, 1.2, 0.1)
    hidden = min(shown.visible.min() for shown in render_scene(scene))
    assert hidden < 1 - VISIBLE  # or nothing was tested
    assert_ids_are_kept(tracker, scene, 2)


def test_two_who_cross_ten_images_a_second_keep_their_ids(tracker, assets):
    scene = crossing(assets, 0, 1.5, 1.0, 0.0)
    assert_ids_are_kept(tracker, replace(scene, times_s=capture_times(scene.times_s[-1], 10)), 2)


def test_a_face_that_is_covered_for_ten_images_keeps_its_id(tracker, assets):
    (scene,) = [each for each in sudden_occlusions(assets) if each.name.startswith('10 images, 1')]
    assert_ids_are_kept(tracker, scene, 2)


def test_a_face_that_leaves_and_returns_within_a_second_keeps_its_id(tracker, assets):
    (scene,) = [each for each in exits(assets) if each.name == 'left, 0.5 s']
    assert_ids_are_kept(tracker, scene, 2)
