"""Face search with the real detectors on real pictures."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import pytest

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.blazeface import BlazeFace
from facemesh_ros.detection.face_search import FaceSearch
from facemesh_ros.geometry.tiles import tile_levels
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.types import FaceDetections, Frame, PixelOrder, Rois

pytestmark = pytest.mark.filterwarnings('error')

NO_FACES = np.empty((0, 4), np.float32)
DEFAULTS = PipelineSettings()
# Where the astronaut's face is, read off the picture: a detector's box, and her right eye.
FACE, RIGHT_EYE = np.array([175, 70, 275, 180]), np.array([206, 106])
# A square about it, px of the picture.
HEAD = np.s_[30:230, 120:320]


@pytest.fixture(scope='module')
def detectors(network_of) -> dict[str, BlazeFace]:
    return {
        name: BlazeFace(
            CpuCropModel(network_of(name), BlazeFace.OUTPUTS), detector_spec(name), 0.5
        )
        for name in ('short_range', 'full_range')
    }


@pytest.fixture
def search(detectors) -> FaceSearch:
    """What `detector: auto` makes."""
    return FaceSearch(detectors, ('full_range', detector_spec('full_range')))


def rgb_frame(rgb: np.ndarray) -> Frame:
    return Frame(np.ascontiguousarray(rgb), PixelOrder.RGB)


def with_head(astronaut, centre, face_px: float, image_wh=(640, 480)) -> Frame:
    """A grey image with the astronaut's head in it, her face so high, about a point."""
    side = round(200 * face_px / 110)
    head = cv2.resize(astronaut[HEAD], (side, side), interpolation=cv2.INTER_AREA)
    image = np.full((image_wh[1], image_wh[0], 3), 127, np.uint8)
    x, y = (round(middle - side / 2) for middle in centre)
    image[y : y + side, x : x + side] = head
    return rgb_frame(image)


def middle(found: FaceDetections) -> np.ndarray:
    assert len(found) == 1
    return (found.boxes_xyxy[0, :2] + found.boxes_xyxy[0, 2:]) / 2


def follow(search: FaceSearch, frame: Frame, images: int) -> list[FaceDetections]:
    """Search the same image again and again, without known faces."""
    return [
        search.scan_next(
            frame, DEFAULTS, known_xyxy=NO_FACES, whole_image=False, search_rois=Rois.none()
        )
        for _ in range(images)
    ]


(TILES,) = tile_levels((640, 480), 273)
HALF = TILES.sizes_wh[0, 0] / 2
BORDERS = [
    *product(sorted({*TILES.centres[:, 0] - HALF, *TILES.centres[:, 0] + HALF})[1:-1], [180]),
    *product([220], sorted({*TILES.centres[:, 1] - HALF, *TILES.centres[:, 1] + HALF})[1:-1]),
]


@pytest.mark.parametrize('centre', BORDERS)
@pytest.mark.parametrize('face_px', [30, 48])
def test_a_small_face_on_the_border_of_a_tile_is_found_once_and_whole(
    search, astronaut, centre, face_px
):
    found = search.scan_image(with_head(astronaut, centre, face_px), DEFAULTS)
    assert middle(found) == pytest.approx(centre, abs=0.15 * face_px)
    height = found.boxes_xyxy[0, 3] - found.boxes_xyxy[0, 1]
    assert 0.6 * face_px < height < 1.4 * face_px


@pytest.mark.parametrize('face_px', [26, 60, 120, 230])
def test_one_face_of_any_size_is_one_face(search, astronaut, face_px):
    found = search.scan_image(with_head(astronaut, (320, 240), face_px), DEFAULTS)
    assert middle(found) == pytest.approx((320, 240), abs=0.15 * face_px)
    assert 0.5 <= found.scores[0] <= 1


@pytest.mark.parametrize('quarter_turns', [1, 2, 3])
def test_a_face_in_a_rotated_picture_is_found_with_all_rotations(search, astronaut, quarter_turns):
    def seen(point) -> np.ndarray:
        """Where np.rot90 puts a point of the square picture."""
        x, y = point
        for _ in range(quarter_turns):
            x, y = y, len(astronaut) - 1 - x
        return np.array([x, y])

    settings = PipelineSettings(detector_rotations='all')
    found = search.scan_image(rgb_frame(np.rot90(astronaut, quarter_turns)), settings)
    # The suit is detected as another face, which the landmark model rejects later.
    assert middle(found[:1]) == pytest.approx(seen((FACE[:2] + FACE[2:]) / 2), abs=12)
    assert found.keypoints[0, 0] == pytest.approx(seen(RIGHT_EYE), abs=8)


@pytest.mark.parametrize('quarter_turns', [1, 2, 3])
def test_a_small_rotated_face_is_confirmed_in_its_own_rotation(search, astronaut, quarter_turns):
    upright = with_head(astronaut, (300, 300), 28, image_wh=(640, 640))
    settings = PipelineSettings(detector_rotations='all')
    found = search.scan_image(rgb_frame(np.rot90(upright.image, quarter_turns)), settings)
    expected = {1: (300, 340), 2: (340, 340), 3: (340, 300)}[quarter_turns]
    assert middle(found) == pytest.approx(np.array(expected), abs=6)
    # From chin to brow as she lies, right eye to left eye across.
    across = found.keypoints[0, 1] - found.keypoints[0, 0]
    assert np.degrees(np.arctan2(-across[1], across[0])) % 360 == pytest.approx(
        90 * quarter_turns, abs=15
    )


@pytest.mark.parametrize('name', ['short_range', 'full_range'])
def test_a_single_detector_gives_exactly_what_its_model_gives(detectors, astronaut, name):
    search = FaceSearch({name: detectors[name]})
    frame = rgb_frame(np.hstack([astronaut[:, 100:400], astronaut[:, 100:400]]))
    expected = detectors[name].detect(frame, 0.5)
    assert len(expected) == 2
    for found in (search.scan_image(frame, DEFAULTS), follow(search, frame, 1)[0]):
        for item in ('boxes_xyxy', 'keypoints', 'scores'):
            assert np.array_equal(getattr(found, item), getattr(expected, item))
    assert search.detector_runs == {name: 2}


def test_a_small_face_in_a_stream_is_found_within_two_intervals(search, astronaut):
    frame = with_head(astronaut, (420, 300), 40, image_wh=(1280, 720))
    found = [faces for faces in follow(search, frame, 10) if len(faces)]
    assert found
    for faces in found:
        assert middle(faces) == pytest.approx((420, 300), abs=6)


def test_a_large_face_in_a_stream_is_found_at_once(search, astronaut):
    assert middle(follow(search, rgb_frame(astronaut), 1)[0]) == pytest.approx((225, 125), abs=12)


def test_after_a_reset_a_stream_is_searched_from_the_beginning(search, astronaut):
    frame = with_head(astronaut, (420, 300), 40, image_wh=(1280, 720))
    first = [faces.scores.tolist() for faces in follow(search, frame, 5)]
    search.reset()
    assert [faces.scores.tolist() for faces in follow(search, frame, 5)] == first


@pytest.mark.parametrize('quarters', range(4))
def test_a_mesh_on_a_face_scores_in_all_windows_however_it_is_turned(search, astronaut, quarters):
    frame = with_head(astronaut, (320, 240), 90)
    turned = rgb_frame(np.rot90(frame.image, -quarters))
    width, height = turned.image_wh
    box = np.float32([[width / 2 - 40, height / 2 - 45, width / 2 + 40, height / 2 + 45]])
    beside = box + np.float32([140, 0, 140, 0])
    angles = np.float32([quarters * np.pi / 2] * 2)
    scores = search.score_new_faces(turned, np.concatenate([box, beside]), angles)
    assert (scores[0] > 0.8).all()
    assert (scores[1] < 0.2).all()
    assert scores[1].mean() < 0.1
