"""Merging of detections: each face once, low-score candidates confirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.face_search import FaceSearch
from facemesh_ros.detection.merging import merged
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.types import FaceDetections, Frame, PixelOrder, Rois

pytestmark = pytest.mark.filterwarnings('error')

DEFAULTS = PipelineSettings()
# Small enough to need no tiles: a window is the whole image or around a candidate.
WH = 300, 200
FRAME = Frame(np.zeros((WH[1], WH[0]), np.uint8), PixelOrder.MONO)
NO_FACES = np.empty((0, 4), np.float32)
TILE_DETECTOR = 'careful', detector_spec('full_range')
BOX = 100, 60, 160, 120

Found = tuple[tuple[float, float, float, float], float]


class ScriptedDetector:
    """A detector with given results, which records the regions it ran on."""

    def __init__(self, results: Callable[[Rois | None], list[Found]]) -> None:
        self.results = results
        self.regions: list[Rois | None] = []

    def detect_batch(
        self, frame: Frame, min_score: float, regions: Sequence[Rois | None]
    ) -> list[FaceDetections]:
        self.regions += regions
        return [self._detections(min_score, region) for region in regions]

    def _detections(self, min_score: float, region: Rois | None) -> FaceDetections:
        found = sorted(self.results(region), key=lambda one: -one[1])
        found = [(box, score) for box, score in found if score >= min_score]
        boxes = np.float32([box for box, _ in found]).reshape(-1, 4)
        eyes = np.stack([boxes[:, :2], boxes[:, [2, 1]]], axis=1)
        keypoints = np.concatenate([eyes, np.repeat(eyes[:, :1], 4, axis=1)], axis=1)
        return FaceDetections(boxes, keypoints, np.float32([score for _, score in found]))


def nothing(_: Rois | None) -> list[Found]:
    return []


def whole_and_close(whole: list[Found], close: list[Found]) -> ScriptedDetector:
    return ScriptedDetector(lambda region: whole if region is None else close)


def search_by(quick: ScriptedDetector, careful: ScriptedDetector) -> FaceSearch:
    return FaceSearch({'quick': quick, 'careful': careful}, TILE_DETECTOR)


def found_by(quick: ScriptedDetector, careful: ScriptedDetector) -> list[Found]:
    """What is found in a picture: boxes and scores, best first."""
    found = search_by(quick, careful).scan_image(FRAME, DEFAULTS)
    boxes = [tuple(box) for box in found.boxes_xyxy.tolist()]
    return list(zip(boxes, np.float64(found.scores).round(3).tolist(), strict=True))


def test_a_face_that_both_detect_is_one_with_the_better_score():
    beside = 104, 62, 163, 125
    quick, careful = whole_and_close([(BOX, 0.7)], []), whole_and_close([(beside, 0.8)], [])
    assert found_by(quick, careful) == [(beside, 0.8)]


@pytest.mark.parametrize(
    ('turn_deg', 'score', 'count'),
    [
        (0, 0.7, 1),
        (40, 0.7, 1),
        (90, 0.7, 2),  # one of them is wrong, and the better score does not say which
        (180, 0.7, 2),
        (90, 0.55, 1),
        (180, 0.93, 1),  # so much better that the other is the wrong one
    ],
)
def test_a_likely_face_is_returned_in_each_orientation_that_it_may_have(turn_deg, score, count):
    upright = FaceDetections(
        np.float32([BOX]), np.zeros((1, 6, 2), np.float32), np.float32([0.75])
    )
    upright.keypoints[0, 1, 0] = 10
    turned = FaceDetections(
        upright.boxes_xyxy, np.zeros((1, 6, 2), np.float32), np.float32([score])
    )
    turned.keypoints[0, 1] = 10 * np.cos(np.radians(turn_deg)), 10 * np.sin(np.radians(turn_deg))
    found = merged([upright, turned])
    assert len(found) == count
    assert found.scores[0] == max(upright.scores[0], turned.scores[0])


def test_two_faces_side_by_side_are_two():
    other = 161, 60, 221, 120
    careful = whole_and_close([(BOX, 0.7), (other, 0.9)], [])
    assert found_by(ScriptedDetector(nothing), careful) == [(other, 0.9), (BOX, 0.7)]


def test_something_small_within_a_face_is_not_another_face():
    nose = 125, 85, 165, 125
    assert found_by(ScriptedDetector(nothing), whole_and_close([(BOX, 0.9), (nose, 0.6)], [])) == [
        (BOX, 0.9)
    ]


@pytest.mark.parametrize(
    ('close_score', 'is_face'), [(0.9, True), (0.66, True), (0.64, False), (0.5, False)]
)
def test_a_candidate_counts_if_its_own_window_confirms_it(close_score, is_face):
    better = 98, 58, 158, 118
    careful = whole_and_close([(BOX, 0.3)], [(better, close_score)])
    assert found_by(ScriptedDetector(nothing), careful) == (
        [(better, close_score)] if is_face else []
    )
    (region,) = careful.regions[1:]
    assert region.centres[0].tolist() == [130, 90]
    # A square in which the face is as large as the detector likes.
    assert region.sizes_wh[0].tolist() == [240, 240]


def test_a_face_elsewhere_in_its_window_does_not_confirm_a_candidate():
    careful = whole_and_close([(BOX, 0.3)], [((165, 60, 225, 120), 0.95)])
    assert found_by(ScriptedDetector(nothing), careful) == []


def test_a_candidate_does_not_suppress_a_smaller_one_within_it():
    small = 115, 85, 140, 110

    def close(region: Rois | None) -> list[Found]:
        if region is None:
            return [(BOX, 0.4), (small, 0.3)]
        return [(small, 0.9)] if region.sizes_wh[0, 0] < 150 else []

    assert found_by(ScriptedDetector(nothing), ScriptedDetector(close)) == [(small, 0.9)]


def test_a_face_at_the_border_of_the_image_is_not_cut_by_its_tile():
    wide = Frame(np.zeros((480, 640), np.uint8), PixelOrder.MONO)
    at_border = 1, 100, 61, 160

    def tiles_on_the_left(region: Rois | None) -> list[Found]:
        left = region is not None and abs(region.centres[0, 0] - region.sizes_wh[0, 0] / 2) < 1
        return [(at_border, 0.9)] if left else []

    search = search_by(ScriptedDetector(nothing), ScriptedDetector(tiles_on_the_left))
    assert search.scan_image(wide, DEFAULTS).boxes_xyxy.tolist() == [list(at_border)]


def test_a_face_too_small_for_good_keypoints_gets_a_window_of_its_own():
    small, better = (100, 60, 130, 90), (101, 61, 131, 91)
    careful = whole_and_close([(small, 0.8)], [(better, 0.6)])
    assert found_by(ScriptedDetector(nothing), careful) == [(better, 0.6)]


def test_a_few_pixels_are_no_face():
    assert found_by(whole_and_close([((5, 5, 15, 15), 0.9)], []), ScriptedDetector(nothing)) == []


def test_a_score_far_too_low_is_no_candidate():
    careful = whole_and_close([(BOX, 0.15)], [(BOX, 0.95)])
    assert found_by(ScriptedDetector(nothing), careful) == []
    assert careful.regions == [None]


@pytest.mark.parametrize(('right', 'count'), [(160, 1), (245, 1), (249.5, 0), (260, 0)])
def test_a_face_that_its_window_cuts_is_left_out(right, count):
    # The candidate's window goes from 10 to 250.
    careful = whole_and_close([(BOX, 0.3)], [((100, 60, right, 120), 0.95)])
    assert len(found_by(ScriptedDetector(nothing), careful)) == count


def test_a_single_detector_runs_on_the_whole_image_only():
    alone = whole_and_close([(BOX, 0.3), ((200, 60, 230, 90), 0.8)], [(BOX, 0.95)])
    found = FaceSearch({'quick': alone}).scan_image(FRAME, DEFAULTS)
    assert found.scores == pytest.approx([0.8])
    assert alone.regions == [None]


def test_the_score_to_confirm_is_never_above_one():
    certain = PipelineSettings(min_detection_confidence=1.0)
    careful = whole_and_close([(BOX, 0.7)], [(BOX, 1.0)])
    search = FaceSearch({'careful': careful}, TILE_DETECTOR)
    assert search.scan_image(FRAME, certain).scores.tolist() == [1.0]


def test_one_candidate_is_confirmed_per_image_of_a_stream():
    candidates = [((x, 60, x + 60, 120), 0.3 + x / 1000) for x in (10, 80, 150)]
    quick, careful = whole_and_close(candidates, []), ScriptedDetector(nothing)
    search = search_by(quick, careful)
    centres_x = []
    for _ in range(5):
        careful.regions.clear()
        search.scan_next(
            FRAME, DEFAULTS, known_xyxy=NO_FACES, whole_image=True, search_rois=Rois.none()
        )
        centres_x.append([float(region.centres[0, 0]) for region in careful.regions if region])
    assert centres_x == [[180], [110], [40], [], []]


def test_a_candidate_at_a_known_face_is_not_confirmed():
    careful = whole_and_close([(BOX, 0.3)], [(BOX, 0.9)])
    known = np.float32([BOX])
    found = search_by(ScriptedDetector(nothing), careful).scan_next(
        FRAME, DEFAULTS, known_xyxy=known, whole_image=False, search_rois=Rois.none()
    )
    assert len(found) == 0
    assert careful.regions == [None]


def test_the_cheapest_detector_runs_on_the_whole_image_and_in_the_search_rois():
    quick, careful = ScriptedDetector(nothing), ScriptedDetector(nothing)
    search = search_by(quick, careful)
    around = Rois(np.float32([[50, 50]]), np.float32([[80, 80]]), np.zeros(1, np.float32))
    for _ in range(10):
        search.scan_next(
            FRAME, DEFAULTS, known_xyxy=NO_FACES, whole_image=True, search_rois=around
        )
    assert [region is None for region in quick.regions] == [True, False] * 10
    assert all(region.centres.tolist() == [[50, 50]] for region in quick.regions if region)
    assert careful.regions == [None, None]
    assert search.detector_runs == {'quick': 20, 'careful': 2}
