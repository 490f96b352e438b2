"""Windows that show what they showed when they were last searched are left out, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.candidates import RETRY_IMAGES
from facemesh_ros.detection.face_search import FaceSearch
from facemesh_ros.detection.scan_plan import DetectionWindow, plan_stream
from facemesh_ros.detection.seen_windows import MAX_CHANGE, MAX_SKIPS, SeenWindows, cell_means
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.types import NO_DETECTIONS, FaceDetections, Frame, PixelOrder, Rois

pytestmark = pytest.mark.filterwarnings('error')

NO_FACES = np.empty((0, 4), np.float32)
DEFAULTS = PipelineSettings()
VGA, HD = (640, 480), (1280, 720)
TILE_DETECTOR = 'full_range', detector_spec('full_range')
# Images after which the scan of a stream is over, and all other windows have had a turn.
SETTLED = 110

seeds = st.integers(0, 10**6)
shares = st.floats(0, 1)


def windows_of(wh) -> list[DetectionWindow]:
    plan = plan_stream(wh, ['full_range'], TILE_DETECTOR, 'upright')
    return [plan.pass_, *plan.quick, *plan.careful]


def rgb_frame(rgb: np.ndarray) -> Frame:
    return Frame(np.ascontiguousarray(rgb), PixelOrder.RGB)


@cache
def scene(wh, seed: int = 0) -> np.ndarray:
    """Something with large and small structure, away from black and white."""
    random = np.random.default_rng(seed)
    coarse = random.integers(60, 180, (wh[1] // 40 + 1, wh[0] // 40 + 1, 3))
    fine = random.integers(-15, 16, (wh[1], wh[0], 3))
    return (coarse.repeat(40, axis=0).repeat(40, axis=1)[: wh[1], : wh[0]] + fine).astype(np.uint8)


def with_noise(rgb: np.ndarray, deviation: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.clip(rgb + random.normal(0, deviation, rgb.shape), 0, 255).astype(np.uint8)


def remembered(wh, frame: Frame, known_xyxy=NO_FACES) -> tuple[SeenWindows, list[DetectionWindow]]:
    seen, windows = SeenWindows(), windows_of(wh)
    assert unseen_by(seen, frame, windows, known_xyxy) == windows
    seen.note([NO_DETECTIONS] * len(windows))
    return seen, windows


def unseen_by(seen: SeenWindows, frame: Frame, windows, known_xyxy) -> list[DetectionWindow]:
    """The windows that are not seen, if all that was found in them is known."""
    return seen.unseen(frame, windows, known_xyxy, lambda *_: True)


def bounds(window: DetectionWindow, wh) -> tuple[np.ndarray, np.ndarray]:
    """Corners of what a window shows of the image, px."""
    if window.region is None:
        return np.zeros(2), np.float64(wh)
    half = window.region.sizes_wh[0] / 2
    return np.maximum(window.region.centres[0] - half, 0), np.minimum(
        window.region.centres[0] + half, wh
    )


@pytest.mark.parametrize('wh', [VGA, HD])
def test_the_noise_of_a_camera_is_no_change(wh):
    rgb = scene(wh)
    seen, windows = remembered(wh, rgb_frame(with_noise(rgb, 6, 1)))
    assert unseen_by(seen, rgb_frame(with_noise(rgb, 6, 2)), windows, NO_FACES) == []


@given(seeds, shares, shares)
def test_a_head_that_appears_is_a_change_of_each_tile_that_shows_it_whole(seed, along, down):
    """A face of 24 px, and so a head of 36 by 48, that is little brighter than what is behind."""
    rgb = scene(HD, seed % 3)
    seen, windows = remembered(HD, rgb_frame(rgb))
    x, y = round(along * (HD[0] - 36)), round(down * (HD[1] - 48))
    shown = rgb.copy()
    shown[y : y + 48, x : x + 36] += 25
    unseen = unseen_by(seen, rgb_frame(shown), windows, NO_FACES)
    for window in windows:
        low, high = bounds(window, HD)
        if window.side(HD) < 450 and (low <= (x, y)).all() and ((x + 36, y + 48) <= high).all():
            assert window in unseen


@given(seeds)
def test_a_large_head_that_appears_is_a_change_of_the_whole_image(seed):
    random = np.random.default_rng(seed)
    rgb, (x, y) = scene(HD), random.integers(0, (HD[0] - 130, HD[1] - 170))
    seen, windows = remembered(HD, rgb_frame(rgb))
    shown = rgb.copy()
    shown[y : y + 170, x : x + 130] += 25
    assert windows[0] in unseen_by(seen, rgb_frame(shown), windows, NO_FACES)


def test_a_change_is_one_of_the_windows_that_show_it_only():
    rgb = scene(HD)
    seen, windows = remembered(HD, rgb_frame(rgb))
    shown = rgb.copy()
    shown[600:660, 1100:1150] = 0
    for window in set(windows) - set(unseen_by(seen, rgb_frame(shown), windows, NO_FACES)):
        low, high = bounds(window, HD)
        assert (high <= (1150, 660)).any() or (low >= (1100, 600)).any()


def test_what_changes_at_a_known_face_is_no_news():
    rgb, known = scene(HD), np.float32([(770, 270, 990, 510)])
    seen, windows = remembered(HD, rgb_frame(rgb))
    shown = rgb.copy()
    shown[310:470, 810:950] = 0
    assert unseen_by(seen, rgb_frame(shown), windows, NO_FACES)
    assert unseen_by(seen, rgb_frame(shown), windows, known) == []
    shown[310:470, 640:740] = 0
    assert windows[0] in unseen_by(seen, rgb_frame(shown), windows, known)


def test_light_that_fades_slowly_is_a_change_in_the_end():
    rgb = scene(VGA)
    seen, (whole, *_) = remembered(VGA, rgb_frame(rgb))
    for darker in range(MAX_SKIPS):
        shown = rgb_frame(rgb - np.uint8(darker * MAX_CHANGE // 4))
        is_left_out = unseen_by(seen, shown, [whole], NO_FACES) == []
        assert is_left_out == (darker <= 4)


def test_what_does_not_change_has_a_turn_now_and_then():
    frame = rgb_frame(scene(VGA))
    seen, windows = remembered(VGA, frame)
    for _ in range(3):
        for _ in range(MAX_SKIPS):
            assert unseen_by(seen, frame, windows, NO_FACES) == []
        assert unseen_by(seen, frame, windows, NO_FACES) == windows
        seen.note([NO_DETECTIONS] * len(windows))


def test_what_is_forgotten_is_searched():
    frame = rgb_frame(scene(VGA))
    seen, windows = remembered(VGA, frame)
    seen.reset()
    assert unseen_by(seen, frame, windows, NO_FACES) == windows
    seen.note([NO_DETECTIONS] * len(windows))
    left = windows[3]
    assert seen.unseen(frame, windows, NO_FACES, lambda one, _: one is not left) == [left]


@given(
    st.tuples(st.integers(1, 400), st.integers(1, 400)),
    st.floats(-50, 450),
    st.floats(-50, 450),
    st.floats(1, 500),
    st.sampled_from([1, 3, 4]),
)
def test_cells_are_means_of_every_fourth_part_of_the_rows(wh, x, y, side, channels):
    random = np.random.default_rng(3)
    image = random.integers(0, 256, (wh[1], wh[0], channels), np.uint8)
    x, y = min(x, wh[0] - 1.0), min(y, wh[1] - 1.0)
    x, y = max(x, 1 - side / 2), max(y, 1 - side / 2)
    region = Rois(np.float32([(x, y)]), np.float32([(side, side)]), np.zeros(1, np.float32))
    window = DetectionWindow(('full_range',), region)
    frame = Frame(image if channels > 1 else image[..., 0], PixelOrder.RGB)
    cells = cell_means(frame, window).astype(float)
    cells = cells.reshape(*cells.shape[:2], -1)
    low = np.maximum(np.rint(np.float64(region.centres[0]) - side / 2), 0).astype(int)
    cell = 4 * max(1, int(float(region.sizes_wh[0, 0]) / 24 / 4))
    for row, column in ((0, 0), (len(cells) - 1, cells.shape[1] - 1)):
        top, left = low[1] + row * cell, low[0] + column * cell
        part = image[top : top + cell : cell // 4, left : left + cell].reshape(-1, channels)
        assert cells[row, column] == pytest.approx(part.mean(axis=0), abs=1)


class RecordingDetector:
    """Finds what it is told to, and records the regions of each image."""

    def __init__(self, found: FaceDetections = NO_DETECTIONS) -> None:
        self.found = found
        self.regions: list[tuple] = []

    def detect_batch(
        self, frame: Frame, min_score: float, regions: Sequence[Rois | None]
    ) -> list[FaceDetections]:
        self.regions += [
            () if region is None else (*region.centres[0].tolist(), float(region.sizes_wh[0, 0]))
            for region in regions
        ]
        return [self.found[self.found.scores >= min_score] for _ in regions]


def regions_of(
    frames: Iterable[Frame], detector: RecordingDetector, known=None, *, whole_image: bool = False
) -> list[set]:
    """The regions that are searched in each image of a stream.

    The whole image is asked for where nobody is known, or one of those known is lost.
    """
    search = FaceSearch({'full_range': detector}, TILE_DETECTOR)
    searched = []
    for index, frame in enumerate(frames):
        detector.regions = []
        search.scan_next(
            frame,
            DEFAULTS,
            known_xyxy=NO_FACES if known is None else known[index],
            whole_image=whole_image,
            search_rois=Rois.none(),
        )
        searched.append(set(detector.regions))
    return searched


def mean_count(searched: Sequence[set]) -> float:
    return sum(map(len, searched)) / len(searched)


def one_face(score: float, size: float = 100) -> FaceDetections:
    box = np.float32([(200, 200, 200 + size, 200 + size)])
    return FaceDetections(box, np.zeros((1, 6, 2), np.float32), np.float32([score]))


def still(wh, images: int) -> list[Frame]:
    return [rgb_frame(scene(wh))] * images


def restless(wh, images: int) -> Iterator[Frame]:
    """A stream in which everything changes in every image, so that nothing is left out."""
    return (
        rgb_frame(np.roll(scene(wh), (17 * index, 29 * index), axis=(0, 1)))
        for index in range(images)
    )


@pytest.mark.parametrize('whole_image', [False, True])
@given(moment=st.integers(SETTLED, SETTLED + 40), along=shares, down=shares)
@settings(max_examples=12)
def test_no_window_in_which_somebody_appears_waits_longer_than_if_all_were_searched(
    whole_image, moment, along, down
):
    x, y = round(along * (VGA[0] - 40)), round(down * (VGA[1] - 50))
    shown = scene(VGA).copy()
    shown[y : y + 50, x : x + 40] += 40
    frames = [*still(VGA, moment), *[rgb_frame(shown)] * 90]
    searched = regions_of(frames, RecordingDetector(), whole_image=whole_image)
    everywhere = searched_everywhere(len(frames), whole_image)
    assert all(own <= others for own, others in zip(searched, everywhere, strict=True))
    for region in set().union(*everywhere[moment:]) - {()}:
        middle_x, middle_y, side = region
        if max(abs(x + 20 - middle_x), abs(y + 25 - middle_y)) + 25 <= side / 2:
            assert first_turn(searched, region, moment) == first_turn(everywhere, region, moment)


@cache
def searched_everywhere(images: int, whole_image: bool) -> list[set]:
    return regions_of(restless(VGA, images), RecordingDetector(), whole_image=whole_image)


def first_turn(searched: Sequence[set], region: tuple, start: int) -> int:
    return next(index for index, one in enumerate(searched) if index >= start and region in one)


def test_a_still_scene_costs_a_fraction_and_one_that_moves_all():
    images = SETTLED + 200
    in_full = mean_count(regions_of(restless(HD, images), RecordingDetector())[SETTLED:])
    assert in_full == pytest.approx(0.97, abs=0.02)
    assert (
        mean_count(regions_of(still(HD, images), RecordingDetector())[SETTLED:]) < 0.25 * in_full
    )


def test_where_nobody_is_known_a_still_scene_is_searched_in_full_once_and_then_rarely():
    images = SETTLED + 100
    searched, everywhere = (
        regions_of(stream(HD, images), RecordingDetector(), whole_image=True)
        for stream in (still, restless)
    )
    assert set().union(*searched[:12]) == set().union(*everywhere[:12])
    assert mean_count(searched[SETTLED:]) < 0.2 * mean_count(everywhere[SETTLED:])


def test_while_a_face_is_lost_nothing_is_left_out():
    known = [np.float32([(200, 200, 300, 300)])] * 60
    searched, everywhere = (
        regions_of(stream(VGA, 60), RecordingDetector(), known, whole_image=True)
        for stream in (still, restless)
    )
    assert searched == everywhere


def test_after_a_face_has_come_or_gone_everything_is_searched():
    """One that is lost may still be there, where nothing has changed since it was known."""
    known = [np.float32([(200, 200, 300, 300)])] * SETTLED + [NO_FACES] * 100
    searched, everywhere = (
        regions_of(stream(VGA, len(known)), RecordingDetector(one_face(0.9)), known)
        for stream in (still, restless)
    )
    for region in set().union(*everywhere[SETTLED:]):
        assert first_turn(searched, region, SETTLED) == first_turn(everywhere, region, SETTLED)


def test_a_face_that_is_not_known_yet_is_detected_at_each_turn_of_its_windows():
    # Large enough in every window to be certain.
    found, turns = one_face(0.9), []
    for stream in (still, restless):
        searched = regions_of(stream(VGA, 200), RecordingDetector(found))
        turns.append(
            [{region for region in one if not region or shows(region, found)} for one in searched]
        )
    assert turns[0] == turns[1]


def shows(region: tuple, found: FaceDetections) -> bool:
    """Whether a box lies well within a window."""
    middle = np.float64(region[:2])
    corners = found.boxes_xyxy[0].reshape(2, 2)
    return bool((np.abs(corners - middle) < 0.45 * region[2]).all())


def test_a_candidate_that_was_none_does_not_keep_its_windows_from_being_left_out():
    frames = still(VGA, RETRY_IMAGES - 10)
    searched = regions_of(frames, RecordingDetector(one_face(0.3)))
    assert mean_count(searched[SETTLED:]) < 0.3


def test_a_picture_is_searched_in_full_however_often_it_is_shown():
    detector = RecordingDetector()
    search = FaceSearch({'full_range': detector}, TILE_DETECTOR)
    for count in (1, 2, 3):
        search.scan_image(rgb_frame(scene(HD)), DEFAULTS)
        assert len(detector.regions) == count * len(set(detector.regions))
