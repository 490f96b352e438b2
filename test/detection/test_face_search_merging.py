"""What the search makes of what detectors say: one face for each, doubts cleared up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from facemesh_ros.catalog.model_specs import detector_spec
from facemesh_ros.detection.face_search import FaceSearch
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.types import FaceDetections, Frame, PixelOrder, Rois

pytestmark = pytest.mark.filterwarnings('error')

DEFAULTS = PipelineSettings()
# Small enough to need no tiles: a look is at the whole image or at a hint.
WH = 300, 200
FRAME = Frame(np.zeros((WH[1], WH[0]), np.uint8), PixelOrder.MONO)
NOBODY = np.empty((0, 4), np.float32)
CLOSER = 'careful', detector_spec('full_range')
BOX = 100, 60, 160, 120

Sight = tuple[tuple[float, float, float, float], float]


class Witness:
    """A detector that says what it is told to, and remembers where it was asked."""

    def __init__(self, says: Callable[[Rois | None], list[Sight]]) -> None:
        self.says = says
        self.asked: list[Rois | None] = []

    def detect(self, frame: Frame, min_score: float, region: Rois | None) -> FaceDetections:
        self.asked.append(region)
        sights = sorted(self.says(region), key=lambda sight: -sight[1])
        sights = [(box, score) for box, score in sights if score >= min_score]
        boxes = np.float32([box for box, _ in sights]).reshape(-1, 4)
        eyes = np.stack([boxes[:, :2], boxes[:, [2, 1]]], axis=1)
        keypoints = np.concatenate([eyes, np.repeat(eyes[:, :1], 4, axis=1)], axis=1)
        return FaceDetections(boxes, keypoints, np.float32([score for _, score in sights]))


def nothing(_: Rois | None) -> list[Sight]:
    return []


def whole_and_close(whole: list[Sight], close: list[Sight]) -> Witness:
    return Witness(lambda region: whole if region is None else close)


def search_by(quick: Witness, careful: Witness) -> FaceSearch:
    return FaceSearch({'quick': quick, 'careful': careful}, CLOSER)


def found_by(quick: Witness, careful: Witness) -> list[Sight]:
    """What is found in a picture: boxes and scores, best first."""
    found = search_by(quick, careful).scan_image(FRAME, DEFAULTS)
    boxes = [tuple(box) for box in found.boxes_xyxy.tolist()]
    return list(zip(boxes, np.float64(found.scores).round(3).tolist(), strict=True))


def test_a_face_that_both_see_is_one_with_the_better_score():
    beside = 104, 62, 163, 125
    quick, careful = whole_and_close([(BOX, 0.7)], []), whole_and_close([(beside, 0.8)], [])
    assert found_by(quick, careful) == [(beside, 0.8)]


def test_two_faces_side_by_side_are_two():
    other = 161, 60, 221, 120
    careful = whole_and_close([(BOX, 0.7), (other, 0.9)], [])
    assert found_by(Witness(nothing), careful) == [(other, 0.9), (BOX, 0.7)]


def test_something_small_within_a_face_is_not_another_face():
    nose = 125, 85, 165, 125
    assert found_by(Witness(nothing), whole_and_close([(BOX, 0.9), (nose, 0.6)], [])) == [
        (BOX, 0.9)
    ]


@pytest.mark.parametrize(
    ('close_score', 'is_face'), [(0.9, True), (0.66, True), (0.64, False), (0.5, False)]
)
def test_a_doubtful_face_counts_if_a_closer_look_is_sure(close_score, is_face):
    better = 98, 58, 158, 118
    careful = whole_and_close([(BOX, 0.3)], [(better, close_score)])
    assert found_by(Witness(nothing), careful) == ([(better, close_score)] if is_face else [])
    (region,) = careful.asked[1:]
    assert region.centres[0].tolist() == [130, 90]
    # A square in which the face is as large as the detector likes.
    assert region.sizes_wh[0].tolist() == [240, 240]


def test_what_a_closer_look_sees_elsewhere_does_not_confirm_a_doubt():
    careful = whole_and_close([(BOX, 0.3)], [((165, 60, 225, 120), 0.95)])
    assert found_by(Witness(nothing), careful) == []


def test_a_doubt_around_a_smaller_one_does_not_hide_it():
    small = 115, 85, 140, 110

    def close(region: Rois | None) -> list[Sight]:
        if region is None:
            return [(BOX, 0.4), (small, 0.3)]
        return [(small, 0.9)] if region.sizes_wh[0, 0] < 150 else []

    assert found_by(Witness(nothing), Witness(close)) == [(small, 0.9)]


def test_a_face_at_the_border_of_the_image_is_not_cut_by_its_tile():
    wide = Frame(np.zeros((480, 640), np.uint8), PixelOrder.MONO)
    at_border = 1, 100, 61, 160

    def tiles_on_the_left(region: Rois | None) -> list[Sight]:
        left = region is not None and abs(region.centres[0, 0] - region.sizes_wh[0, 0] / 2) < 1
        return [(at_border, 0.9)] if left else []

    search = search_by(Witness(nothing), Witness(tiles_on_the_left))
    assert search.scan_image(wide, DEFAULTS).boxes_xyxy.tolist() == [list(at_border)]


def test_a_face_too_small_for_good_keypoints_is_looked_at_again():
    small, better = (100, 60, 130, 90), (101, 61, 131, 91)
    careful = whole_and_close([(small, 0.8)], [(better, 0.6)])
    assert found_by(Witness(nothing), careful) == [(better, 0.6)]


def test_a_few_pixels_are_no_face():
    assert found_by(whole_and_close([((5, 5, 15, 15), 0.9)], []), Witness(nothing)) == []


def test_a_score_far_too_low_is_not_even_a_doubt():
    careful = whole_and_close([(BOX, 0.15)], [(BOX, 0.95)])
    assert found_by(Witness(nothing), careful) == []
    assert careful.asked == [None]


@pytest.mark.parametrize(('right', 'count'), [(160, 1), (245, 1), (249.5, 0), (260, 0)])
def test_a_face_that_ends_at_the_border_of_a_closer_look_is_cut_and_left_out(right, count):
    # The closer look at the doubt goes from 10 to 250.
    careful = whole_and_close([(BOX, 0.3)], [((100, 60, right, 120), 0.95)])
    assert len(found_by(Witness(nothing), careful)) == count


def test_who_is_chosen_alone_is_asked_about_the_whole_image_only():
    alone = whole_and_close([(BOX, 0.3), ((200, 60, 230, 90), 0.8)], [(BOX, 0.95)])
    found = FaceSearch({'quick': alone}).scan_image(FRAME, DEFAULTS)
    assert found.scores == pytest.approx([0.8])
    assert alone.asked == [None]


def test_nobody_is_asked_below_the_wanted_score_nor_above_one():
    certain = PipelineSettings(min_detection_confidence=1.0)
    careful = whole_and_close([(BOX, 0.7)], [(BOX, 1.0)])
    search = FaceSearch({'careful': careful}, CLOSER)
    assert search.scan_image(FRAME, certain).scores.tolist() == [1.0]


def test_one_doubt_is_cleared_up_in_each_image_of_a_stream():
    doubts = [((x, 60, x + 60, 120), 0.3 + x / 1000) for x in (10, 80, 150)]
    quick, careful = whole_and_close(doubts, []), Witness(nothing)
    search = search_by(quick, careful)
    asked = []
    for _ in range(5):
        careful.asked.clear()
        search.scan_next(
            FRAME, DEFAULTS, known_xyxy=NOBODY, whole_image=True, search_rois=Rois.none()
        )
        asked.append([float(region.centres[0, 0]) for region in careful.asked if region])
    assert asked == [[180], [110], [40], [], []]


def test_a_doubt_where_a_face_is_known_is_left_alone():
    careful = whole_and_close([(BOX, 0.3)], [(BOX, 0.9)])
    known = np.float32([BOX])
    found = search_by(Witness(nothing), careful).scan_next(
        FRAME, DEFAULTS, known_xyxy=known, whole_image=False, search_rois=Rois.none()
    )
    assert len(found) == 0
    assert careful.asked == [None]


def test_the_cheapest_sees_every_image_where_somebody_is_missed_and_looks_around():
    quick, careful = Witness(nothing), Witness(nothing)
    search = search_by(quick, careful)
    place = Rois(np.float32([[50, 50]]), np.float32([[80, 80]]), np.zeros(1, np.float32))
    for _ in range(10):
        search.scan_next(FRAME, DEFAULTS, known_xyxy=NOBODY, whole_image=True, search_rois=place)
    assert [region is None for region in quick.asked] == [True, False] * 10
    assert all(region.centres.tolist() == [[50, 50]] for region in quick.asked if region)
    assert careful.asked == [None, None]
    assert search.detector_runs == {'quick': 20, 'careful': 2}
