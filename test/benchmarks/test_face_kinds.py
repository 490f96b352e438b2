"""Pictures of each kind are as they say, and results on them count as they should."""

from __future__ import annotations

import numpy as np
import pytest
from face_kinds import CUT_PARTS, GAINS, SIDES
from face_outcomes import CHIN, FOREHEAD, Outcome, outcome_of
from negative_kinds import NEGATIVES
from portraits import FACES_PX, cut_at, darkened, portraits
from sample_pictures import load_pictures, rotate_picture


@pytest.fixture(scope='module')
def shown(require_package):
    require_package('skimage')
    return load_pictures(None)


@pytest.fixture(scope='module')
def portrait(shown):
    (only,) = portraits(shown)
    return only


def test_a_portrait_has_its_face_at_the_size_it_says(portrait):
    assert portrait.faces.sizes_px[0] == pytest.approx(FACES_PX[0], abs=0.5)
    assert not portrait.faces.optional[0]


@pytest.mark.parametrize('side', SIDES)
@pytest.mark.parametrize('part', CUT_PARTS)
def test_a_border_takes_the_part_it_says(portrait, side, part):
    cut = cut_at(portrait, side, part)
    box = cut.faces.boxes_xyxy[0]
    inside = np.clip(box, 0, np.tile(cut.rgb.shape[1::-1], 2))
    left = (inside[2:] - inside[:2]).prod() / (box[2:] - box[:2]).prod()
    assert left == pytest.approx(1 - part, abs=0.02)
    # The same pixels at the same places of the face.
    offset = portrait.faces.boxes_xyxy[0] - box
    (left_x, top), (height, width) = offset[:2].round().astype(int), cut.rgb.shape[:2]
    assert (cut.rgb == portrait.rgb[top : top + height, left_x : left_x + width]).all()


@pytest.mark.parametrize('gain', GAINS)
def test_less_light_is_darker_and_noisier(portrait, gain):
    dark = darkened(portrait, gain)
    assert dark.rgb.mean() == pytest.approx(gain * portrait.rgb.mean(), abs=0.5)
    errors = dark.rgb / gain - portrait.rgb
    assert errors.std() > 1 / gain  # of reading alone


@pytest.mark.parametrize('quarters', range(4))
def test_landmarks_count_only_the_way_up_that_the_head_has(portrait, quarters):
    head = rotate_picture(portrait, quarters)
    x0, y0, x1, y1 = box = head.faces.boxes_xyxy[0]
    middle = [(x0 + x1) / 2, (y0 + y1) / 2]
    ends = {0: (0, -1), 1: (1, 0), 2: (0, 1), 3: (-1, 0)}
    for turned, up in ends.items():
        landmarks = np.zeros((1, 468, 3))
        landmarks[0, FOREHEAD, :2] = middle + 50 * np.array(up)
        landmarks[0, CHIN, :2] = middle - 50 * np.array(up)
        right = turned == quarters
        assert outcome_of(head, [box.tolist()], landmarks) == Outcome(right, not right, 0)


def test_boxes_alone_count_whatever_their_landmarks_are(portrait):
    box = portrait.faces.boxes_xyxy[0]
    assert outcome_of(portrait, [box.tolist(), (box + 300).tolist()]) == Outcome(1, 0, 1)


@pytest.mark.parametrize('kind', NEGATIVES)
def test_pictures_without_a_face_are_the_same_each_time(shown, kind):
    first, second = (list(NEGATIVES[kind](shown)) for _ in range(2))
    assert len({picture.name for picture in first}) == len(first)
    for one, other in zip(first, second, strict=True):
        assert one.name == other.name
        assert (one.rgb == other.rgb).all()
        assert not len(one.faces)
