"""Image streams through the whole pipeline: a real face moves, is occluded, leaves, returns."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import cv2
import numpy as np
import pytest

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.geometry.boxes import overlaps
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.tracking.tracks import same_face
from facemesh_ros.types import Faces, FaceState, Frame, PixelOrder

pytestmark = pytest.mark.filterwarnings('error')

TENTATIVE, TRACKED, COASTING = FaceState.TENTATIVE, FaceState.TRACKED, FaceState.COASTING
GREY = 127
# Where the astronaut's head is in the picture, and in it the centre of her face.
HEAD, FACE_XY = np.s_[30:230, 120:330], np.array([105, 94])
PERIOD_NS = 33_000_000
HERE, THERE = (40, 120), (380, 200)


class Stream:
    """A camera that shows the astronaut's head wherever the test wants it."""

    def __init__(self, pipeline, astronaut: np.ndarray) -> None:
        self.pipeline = pipeline
        self.stamp_ns = 1_795_000_000_000_000_000
        self.head = astronaut[HEAD]

    def show(self, *corners, wait_ns=PERIOD_NS, image_wh=(640, 480)) -> Faces:
        """Process the next image, with a head at each of these top left corners."""
        image = np.full((image_wh[1], image_wh[0], 3), GREY, np.uint8)
        for x, y in corners:
            shown = self.head[max(0, -y) : image_wh[1] - y, max(0, -x) : image_wh[0] - x]
            image[max(0, y) :, max(0, x) :][: shown.shape[0], : shown.shape[1]] = shown
        self.stamp_ns += wait_ns
        return self.pipeline.process(Frame(image, PixelOrder.RGB, self.stamp_ns))


@pytest.fixture(scope='module')
def loaded(require_models):
    require_models('short_range', 'full_range', 'mesh')
    return load_sensor(SensorSettings(landmark_model='mesh')).stream()


@pytest.fixture
def stream(loaded, astronaut) -> Stream:
    """A new stream with default settings."""
    loaded.reset()
    loaded.settings = SensorSettings()
    return Stream(loaded, astronaut)


def rotated(image: np.ndarray, angle_deg: float) -> np.ndarray:
    """Turn a head clockwise about the middle of its picture."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -angle_deg, 1)
    return cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


def ids_and_states(faces: Faces) -> list[tuple[int, int]]:
    """Id and state of each face."""
    return list(zip(faces.ids.tolist(), faces.states.tolist(), strict=True))


def centres(faces: Faces) -> np.ndarray:
    """(N, 2) px, centre of each face's box."""
    return (faces.boxes_xyxy[:, :2] + faces.boxes_xyxy[:, 2:]) / 2


def first_id(stream: Stream) -> int:
    """The id of the one face that has been shown at HERE until it is tracked."""
    stream.show(HERE)
    faces = stream.show(HERE)
    assert faces.states.tolist() == [TRACKED]
    return int(faces.ids[0])


def test_a_moving_face_keeps_its_id_and_its_landmarks_do_not_lag(stream):
    ids = set()
    for index in range(20):
        corner = 20 + 12 * index, 60 + round(40 * np.sin(index / 6))
        faces = stream.show(corner)
        ids.update(faces.ids.tolist())
        assert centres(faces)[0] == pytest.approx(np.add(corner, FACE_XY), abs=6)
        assert faces.states.tolist() == [TRACKED if index else TENTATIVE]
        assert faces.ages.tolist() == [index + 1]
    assert len(ids) == 1


def test_results_do_not_change_while_the_next_images_are_processed(stream):
    faces = [stream.show((x, 120)) for x in (40, 44, 48)][-1]
    before = deepcopy(faces)
    for x in (60, 70, 80):
        stream.show((x, 120))
    for item in ('ages', 'landmarks', 'raw_landmarks', 'boxes_xyxy', 'presences', 'jitters_px'):
        np.testing.assert_array_equal(getattr(faces, item), getattr(before, item))


def test_detection_scores_are_nan_where_no_detector_found_the_face(stream):
    scores = np.concatenate([stream.show(HERE).detection_scores for _ in range(15)])
    detected = ~np.isnan(scores)
    assert detected[0]
    assert 1 < detected.sum() < len(scores)
    assert (scores[detected] >= 0.5).all()


def test_a_face_covered_for_some_images_coasts_and_returns_with_its_id(stream):
    known = first_id(stream)
    for _ in range(3):
        faces = stream.show()
        assert ids_and_states(faces) == [(known, COASTING)]
        assert centres(faces)[0] == pytest.approx(np.add(HERE, FACE_XY), abs=6)
        assert faces.presences[0] < 0.5
    assert ids_and_states(stream.show(HERE)) == [(known, TRACKED)]


def test_a_face_covered_for_longer_is_not_published_but_remembered(stream):
    known = first_id(stream)
    published = [ids_and_states(stream.show()) for _ in range(10)]
    assert published == [[(known, COASTING)]] * 5 + [[]] * 5
    assert ids_and_states(stream.show(HERE)) == [(known, TRACKED)]


@pytest.mark.parametrize(
    'change',
    [{'wait_ns': -5_000_000_000}, {'wait_ns': 1_500_000_000}, {'image_wh': (800, 600)}],
    ids=['time goes back', 'a pause', 'another size'],
)
def test_a_stream_that_starts_anew_has_new_ids(stream, change):
    known = first_id(stream)
    faces = stream.show(HERE, **change)
    assert ids_and_states(faces) == [(known + 1, TENTATIVE)]
    assert faces.ages.tolist() == [1]


def test_a_reset_forgets_the_faces_but_not_which_ids_were_given(stream):
    known = first_id(stream)
    stream.pipeline.reset()
    assert ids_and_states(stream.show(HERE)) == [(known + 1, TENTATIVE)]


@pytest.mark.parametrize('wait_ns', [0, PERIOD_NS], ids=['equal stamps', 'as usual'])
def test_tracks_continue_through_images_of_one_stamp(stream, wait_ns):
    known = first_id(stream)
    for _ in range(3):
        assert ids_and_states(stream.show(HERE, wait_ns=wait_ns)) == [(known, TRACKED)]


def test_images_without_stamps_are_a_stream(stream):
    stream.stamp_ns = 0
    faces = [stream.show((40 + 8 * index, 120), wait_ns=0) for index in range(5)]
    assert [ids_and_states(now)[0][1] for now in faces] == [TENTATIVE] + [TRACKED] * 4
    assert len({int(now.ids[0]) for now in faces}) == 1


@pytest.mark.parametrize(
    'stamps_ms',
    [
        [33, -12, 45],
        [33, -999, 1032],
        [66, -33, 66, -33, 66, -33],
        [0, 0, 33],
    ],
    ids=['late', 'late by almost a second', 'swapped buffers', 'repeated'],
)
def test_ids_are_kept_when_images_come_out_of_order(stream, stamps_ms):
    known = first_id(stream)
    for wait_ms in stamps_ms:
        faces = stream.show(HERE, wait_ns=wait_ms * 1_000_000)
        assert ids_and_states(faces) == [(known, TRACKED)]
    assert faces.ages.tolist() == [2 + len(stamps_ms)]


def test_an_unstamped_image_belongs_to_the_stream(stream):
    known, stamp_ns = first_id(stream), stream.stamp_ns
    for index in range(6):
        stream.stamp_ns = 0 if index % 2 else stamp_ns + index * PERIOD_NS
        assert ids_and_states(stream.show(HERE, wait_ns=0)) == [(known, TRACKED)]
    assert stream.pipeline.stamp_faults.unstamped >= 3


def test_late_images_do_not_restart_the_filter(stream, astronaut):
    """A filter that starts anew passes the noise through."""
    random = np.random.default_rng(3)
    noise = random.normal(0, 6, (40, 480, 640, 3))

    def moves(stamps_ms):
        stream.pipeline.reset()
        shown = []
        for stamp_ms, grain in zip(stamps_ms, noise, strict=True):
            image = np.full((480, 640, 3), GREY, np.float32)
            image[120:320, 40:250] = astronaut[HEAD]
            image = np.clip(image + grain, 0, 255).astype(np.uint8)
            stamp_ns = stream.stamp_ns + stamp_ms * 1_000_000
            faces = stream.pipeline.process(Frame(image, PixelOrder.RGB, stamp_ns))
            shown.append(faces.landmarks[0, :, :2])
        return np.diff(np.stack(shown[20:]), axis=0).std()

    in_order = [33 * index for index in range(40)]
    swapped = [33 * (index ^ 1) for index in range(40)]
    assert moves(swapped) < 1.5 * moves(in_order)


@pytest.mark.parametrize('rate_hz', [0.2, 0.5, 0.95, 1.0, 2.0])
def test_a_face_in_each_image_of_a_slow_camera_keeps_its_id(stream, rate_hz):
    random = np.random.default_rng(1)
    ids, states = [], []
    for index in range(8):
        # The face moves a little meanwhile, and the clock is a little off.
        corner = HERE[0] + 20 * (index % 3), HERE[1] + 15 * (index % 2)
        wait_s = (1 + random.uniform(-0.15, 0.15)) / rate_hz
        faces = stream.show(corner, wait_ns=round(wait_s * 1e9))
        assert centres(faces)[0] == pytest.approx(np.add(corner, FACE_XY), abs=6)
        ids += faces.ids.tolist()
        states += faces.states.tolist()
    assert len(set(ids)) == 1
    assert states == [TENTATIVE] + [TRACKED] * 7


def test_between_images_seconds_apart_faces_may_move_and_no_filter_drags_them(stream):
    ids = set()
    for x, y in [(40, 120), (150, 100), (60, 180), (170, 140), (40, 120)]:
        faces = stream.show((x, y), wait_ns=2_000_000_000)
        ids.update(faces.ids.tolist())
        assert centres(faces)[0] == pytest.approx((x + FACE_XY[0], y + FACE_XY[1]), abs=6)
        np.testing.assert_array_equal(faces.landmarks, faces.raw_landmarks)
    assert len(ids) == 1


def test_another_face_in_the_same_position_in_the_next_image_of_a_slow_camera_is_new(stream):
    wait_ns = 2_000_000_000
    for _ in range(3):
        (known,) = stream.show(HERE, wait_ns=wait_ns).ids
    stream.head = (stream.head * 0.4).astype(np.uint8)  # a much darker face
    faces = stream.show(HERE, wait_ns=wait_ns)
    assert ids_and_states(faces) == [(known + 1, TENTATIVE)]


@pytest.mark.parametrize('way', [(40, 40), (-60, 20), (20, -60), (60, 0), (-20, 40)])
@pytest.mark.parametrize('images', [1, 5])
def test_after_a_cut_one_face_is_one_face(stream, way, images):
    """The same head elsewhere, so near that the old crop shows a part of it."""
    before, after = (200, 150), (200 + way[0], 150 + way[1])
    for _ in range(5):
        stream.show(before)
    for index in range(12):
        faces = stream.show(before if (index // images) % 2 else after)
        assert (faces.states != COASTING).sum() <= 1
        same = same_face(*overlaps(faces.boxes_xyxy, faces.boxes_xyxy), 0.5)
        assert not (same & ~np.eye(len(faces), dtype=bool)).any()


def test_a_new_face_is_found_while_another_is_tracked(stream):
    known = first_id(stream)
    waited = 0
    while len(faces := stream.show(HERE, THERE)) < 2:
        waited += 1
        # The detector runs on the whole image every fifth image.
        assert waited < 5
    assert ids_and_states(faces) == [(known, TRACKED), (known + 1, TENTATIVE)]
    assert centres(faces)[1] == pytest.approx(np.add(THERE, FACE_XY), abs=6)


def small(head: np.ndarray, face_px: int) -> np.ndarray:
    """The head with a face of this height."""
    side = np.multiply(head.shape[1::-1], face_px / 110).round().astype(int)
    return cv2.resize(head, side, interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize(('there_from', 'images'), [(0, 10), (30, 50)])
def test_a_small_face_is_found_soon_while_another_is_tracked(
    stream, astronaut, there_from, images
):
    far = small(astronaut[HEAD], 36)
    found = None
    for index in range(there_from + images + 1):
        image = np.full((720, 1280, 3), GREY, np.uint8)
        image[120:320, 40:250] = astronaut[HEAD]
        if index >= there_from:
            image[300:, 900:][: far.shape[0], : far.shape[1]] = far
        stream.stamp_ns += PERIOD_NS
        faces = stream.pipeline.process(Frame(image, PixelOrder.RGB, stream.stamp_ns))
        if len(faces) == 2:
            found = index
            break
    assert found is not None
    assert centres(faces)[1] == pytest.approx([900 + 34, 300 + 31], abs=4)


def test_once_all_tiles_were_searched_a_single_face_costs_few_detector_runs(stream):
    def runs_in(images: int) -> int:
        before = stream.pipeline.detector_runs['full_range']
        for _ in range(images):
            stream.show(HERE, image_wh=(1280, 720))
        return stream.pipeline.detector_runs['full_range'] - before

    first, later = runs_in(10), runs_in(40)
    assert later / 40 < 0.5 * first / 10


def test_a_face_that_leaves_the_image_does_not_coast(stream):
    for x in range(200, -80, -30):
        assert len(stream.show((x, 120))) == 1
    # Inside the image it would coast for five images.
    assert [len(stream.show()) for _ in range(3)][-1] == 0


def test_with_max_faces_tracked_no_detector_runs(stream):
    stream.pipeline.settings = replace(stream.pipeline.settings, max_faces=1)
    first_id(stream)
    runs = stream.pipeline.detector_runs
    for index in range(12):
        assert len(stream.show((40 + 5 * index, 120), THERE)) == 1
    assert stream.pipeline.detector_runs == runs


@pytest.mark.parametrize('image_wh', [(640, 480), (1280, 720), (1920, 1080)])
@pytest.mark.parametrize('corners', [[], [HERE]], ids=['no face', 'one face'])
def test_no_image_costs_more_than_a_few_detector_runs(stream, image_wh, corners):
    for _ in range(12):
        before = stream.pipeline.detector_runs
        stream.show(*corners, image_wh=image_wh)
        after = stream.pipeline.detector_runs
        # Due windows and one candidate; the whole image and one lost face by the cheap detector.
        assert after['full_range'] - before.get('full_range', 0) <= 4 + 1
        assert after['short_range'] - before.get('short_range', 0) <= 1 + 2


def test_a_static_image_within_a_stream_finds_all_faces_at_once_and_keeps_ids(stream):
    known = first_id(stream)
    image = np.full((480, 640, 3), GREY, np.uint8)
    for x, y in (HERE, THERE):
        image[y : y + 200, x : x + 210] = stream.head
    frame = Frame(image, PixelOrder.RGB, stream.stamp_ns + PERIOD_NS)
    faces = stream.pipeline.process(frame, static_image=True)
    assert ids_and_states(faces) == [(known, TRACKED), (known + 1, TRACKED)]


@pytest.mark.parametrize('turn_deg', [45, 90, 180])
def test_a_head_that_rolls_over_and_stays_so_is_followed(stream, turn_deg):
    head, ids = stream.head, set()
    for index in range(100):
        stream.head = rotated(head, min(5 * index, turn_deg))
        faces = stream.show((220, 140))
        ids.add(*faces.ids.tolist())
    assert len(ids) == 1
    assert faces.states.tolist() == [TRACKED]


@pytest.mark.parametrize('gains_rgb', [(1.8, 1.8, 1.8), (1.3, 1.8, 2.2)])
def test_a_lamp_beside_a_face_makes_no_other_face_of_it(stream, gains_rgb):
    dim = stream.head * 0.5
    across = np.clip(np.linspace(-1, 2, dim.shape[1]), 0, 1)[:, None]
    lit = dim * (1 + across * (np.array(gains_rgb) - 1))
    ids = set()
    for index in range(20):
        stream.head = np.rint(lit if index >= 10 else dim).astype(np.uint8)
        ids |= set(stream.show((220 + index, 140)).ids.tolist())
    assert len(ids) == 1


def test_a_new_face_that_moves_fast_has_one_id(stream):
    """It moves by most of its size in each image, from the first one on."""
    head, ids = cv2.resize(stream.head, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), set()
    stream.head = head
    for index in range(15):
        faces = stream.show((20 + 28 * index, 140))
        ids |= set(faces.ids.tolist())
    assert len(ids) == 1
    assert faces.states.tolist() == [TRACKED]
