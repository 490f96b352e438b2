"""The tracker: faces whose motion is computed keep their ids."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.geometry.boxes import overlaps, tight_boxes
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.tracking.association import assign_observations
from facemesh_ros.tracking.face_traits import FaceTraits, PairwiseOverlaps, same_face
from facemesh_ros.tracking.tracks import Tracks
from facemesh_ros.types import FaceLandmarks, FaceState, Frame, Observations, PixelOrder

pytestmark = pytest.mark.filterwarnings('error')

SIZE = 100


def centres(tracks) -> np.ndarray:
    """(N, 2) px where faces are."""
    return tracks.points[..., :2].mean(axis=1)


def id_at(tracks, x: float, y: float) -> int:
    """Id of the face within a quarter of its size from a position."""
    ways = np.linalg.norm(centres(tracks) - (x, y), axis=1)
    assert (ways < SIZE / 4).sum() == 1
    return int(tracks.ids[ways.argmin()])


@pytest.mark.parametrize('rate_hz', [5, 10, 30, 60, 120])
@pytest.mark.parametrize('sizes_per_s', [0.3, 1.5])
def test_a_constant_velocity_is_predicted(scene, rate_hz, sizes_per_s):
    stream, step = scene(), sizes_per_s * SIZE / rate_hz
    for index in range(max(4, rate_hz // 2)):
        tracks = stream.show(scene.face_at(100 + index * step, 200), dt=1 / rate_hz)
    assert tracks.ids.tolist() == [1]
    expected = stream.tracker.predict(1 / rate_hz)
    ahead = rois_from_landmarks(scene.face_at(100 + (index + 1) * step, 200)[None])
    assert np.abs(expected.centres - ahead.centres).max() < 0.05 * SIZE
    assert expected.sizes_wh == pytest.approx(ahead.sizes_wh, rel=0.01)
    assert expected.rotations_rad == pytest.approx(ahead.rotations_rad, abs=0.01)


@pytest.mark.parametrize('rate_hz', [10, 30, 120])
def test_a_shaking_face_keeps_its_id_and_stays_near_its_prediction(scene, rate_hz):
    stream, worst = scene(), 0.0
    for index in range(rate_hz):
        x = 300 + 0.3 * SIZE * np.sin(2 * np.pi * 1.5 * index / rate_hz)
        tracks = stream.show(scene.face_at(x, 200), dt=1 / rate_hz)
        assert tracks.ids.tolist() == [1]
        assert centres(tracks)[0] == pytest.approx((x, 200), abs=0.5)
        worst = max(worst, abs(x - centres(stream.tracker._tracks)[0, 0]))
    assert worst < 0.1 * SIZE


def test_published_landmarks_are_the_measured_not_the_predicted(scene):
    stream = scene()
    for x in (200, 215, 210, 260):
        face = scene.face_at(x, 200, turn_rad=x / 900)
        tracks = stream.show(face)
        assert np.array_equal(tracks.points[0], face)


@pytest.mark.parametrize('detector', [True, False])
@pytest.mark.parametrize('apart', [0.0, 60.0])
def test_two_faces_that_cross_keep_their_ids(scene, detector, apart):
    stream = scene(max_coast_frames=10)

    def at(index):
        # The one behind is invisible while the other is in front of it.
        left, right = (150 + 12 * index, 200.0), (450 - 12 * index, 200 + apart)
        both = [scene.face_at(*left), scene.face_at(*right)]
        hidden = np.hypot(left[0] - right[0], apart) < 0.8 * SIZE
        return left, right, both[:1] if hidden else both

    for index in range(25):
        left, right, shown = at(index)
        tracks = stream.show(*shown, detector=detector or index == 0)
        if index == 0:
            ids = id_at(tracks, *left), id_at(tracks, *right)
    assert (id_at(tracks, *left), id_at(tracks, *right)) == ids
    assert len(tracks) == 2


def test_two_rois_on_one_face_leave_one_track_tracked_and_one_coasting(scene):
    stream = scene(max_coast_frames=100)
    here, there = scene.face_at(250, 200), scene.face_at(315, 200)
    for _ in range(3):
        stream.show(here, there)
    for _ in range(10):
        tracks = stream.show(here)
        states = tracks.states(2)
        assert id_at(tracks[states == FaceState.TRACKED], 250, 200) == 1
        assert tracks.ids[states == FaceState.COASTING].tolist() == [2]
        # It stays where it was, not on top of the visible one.
        assert np.abs(centres(tracks)[1] - (315, 200)).max() < 0.1 * SIZE
    tracks = stream.show(here, there)
    assert (id_at(tracks, 250, 200), id_at(tracks, 315, 200)) == (1, 2)


@pytest.mark.parametrize('order', list(permutations(range(3))))
def test_the_order_in_which_faces_are_found_does_not_matter(scene, order):
    stream = scene(min_tracking_iou=1.0)
    positions = np.array([(150, 150), (300, 200), (450, 300)])
    ids = None
    for index in range(4):
        faces = [scene.face_at(*position) for position in positions + 10 * index]
        chosen = range(3) if index == 0 else order
        tracks = stream.show(*(faces[which] for which in chosen))
        now = [id_at(tracks, *position) for position in positions + 10 * index]
        assert now == (ids or now)
        ids = now
    assert tracks.ids.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ('detected', 'score'),
    [(True, pytest.approx(0.9)), (False, pytest.approx(np.nan, nan_ok=True))],
)
def test_the_detection_score_is_that_of_this_image_and_nan_if_no_detector_ran(
    scene, detected, score
):
    stream = scene()
    stream.show(scene.face_at(200, 200))
    tracks = stream.show(scene.face_at(203, 200), detector=detected)
    assert tracks.scores[0] == score


def test_a_face_that_grows_and_turns_stays_the_same(scene):
    stream = scene()
    for index in range(30):
        face = scene.face_at(320, 240, 60 * 1.05**index, turn_rad=0.1 * index)
        tracks = stream.show(face, detector=index % 5 == 0)
        assert tracks.ids.tolist() == [1]
    assert tracks.ages.tolist() == [30]


def test_a_track_in_sight_takes_precedence_over_an_unseen_one(scene):
    stream = scene()
    for _ in range(3):
        stream.show(scene.face_at(240, 200), scene.face_at(294, 200))
    stream.show(scene.face_at(240, 200))
    # Nearer to where the unseen one is.
    assert id_at(stream.show(scene.face_at(268, 200)), 268, 200) == 1
    assert stream.tracker._tracks.misses.tolist() == [0, 2]


def test_a_fast_face_is_predicted_ahead_from_its_second_image_on(scene):
    stream, step = scene(), 5
    for index in range(2):
        stream.show(scene.face_at(100 + index * step, 200))
    expected = stream.tracker.predict(1 / 30)
    assert expected.centres[0, 0] == pytest.approx(100 + 2 * step, abs=0.2 * step)


def test_never_more_faces_than_wanted_also_when_lost_ones_come_back(scene):
    stream = scene(max_faces=2, max_coast_frames=0, min_birth_frames=1)
    one, two, three = (scene.face_at(x, 200) for x in (100, 300, 500))
    stream.show(one, two, greys=[60, 120])
    stream.show(two, greys=[120])
    assert stream.show(two, three, greys=[120, 250]).ids.tolist() == [2, 3]
    assert stream.show(three, greys=[250]).ids.tolist() == [3]
    assert len(stream.show(one, two, three, greys=[60, 120, 250])) == 2


grid_positions = st.tuples(st.integers(0, 6).map(lambda k: 100 * k), st.integers(0, 3))
images = st.lists(grid_positions, max_size=5, unique=True)


@given(
    stream=st.lists(images, min_size=1, max_size=15),
    most=st.integers(1, 4),
    birth=st.integers(1, 3),
    coast=st.integers(0, 3),
    dt=st.sampled_from([0.0, 0.01, 0.1, 0.9]),
)
def test_in_any_stream_ids_count_up_and_no_face_has_two(scene, stream, most, birth, coast, dt):
    seen = scene(max_faces=most, min_birth_frames=birth, max_coast_frames=coast)
    issued = 0
    for shown in stream:
        tracks = seen.show(*(scene.face_at(x, 60 + 110 * y) for x, y in shown), dt=dt)
        ids = tracks.ids.tolist()
        assert ids == sorted(set(ids))
        assert len(ids) <= most
        new = [number for number in ids if number > issued]
        assert new == list(range(issued + 1, issued + len(new) + 1))
        issued += len(new)
        # No face is seen at two positions, no two at one.
        visible = tracks[tracks.misses == 0]
        gaps = np.linalg.norm(centres(visible)[:, None] - centres(visible)[None], axis=2)
        assert (gaps[~np.eye(len(visible), dtype=bool)] > SIZE / 2).all()
        assert len(visible) <= len(shown)
        assert np.isfinite(tracks.points).all()


positions = st.tuples(st.floats(100, 1100), st.floats(100, 600))
steps = st.tuples(st.floats(-90, 90), st.floats(-90, 90), st.floats(0.5, 2))


@given(
    st.lists(st.tuples(positions, steps, st.floats(0, 1)), min_size=1, max_size=6),
    st.floats(0.05, 0.95),
)
def test_the_full_assignment_agrees_where_it_is_unambiguous(scene, faces, min_iou):
    before = np.stack([scene.face_at(*position) for position, _, _ in faces])
    now = np.stack(
        [
            scene.face_at(position[0] + step[0], position[1] + step[1], step[2] * SIZE)
            for position, step, _ in faces
        ]
    )
    ones = np.ones(len(faces), np.float32)
    landmarks = FaceLandmarks(before, ones)
    observations = Observations.of_tracks(landmarks, rois_from_landmarks(before))
    black = Frame(np.zeros((480, 640, 3), np.uint8), PixelOrder.RGB)
    tracks = Tracks.begun(observations, FaceTraits.measured(black, before), 1)
    traits = FaceTraits.measured(black, now)
    pairs = PairwiseOverlaps(tracks.expected_xyxy, traits.xyxy)
    settings = PipelineSettings(min_tracking_iou=min_iou, max_faces=6)
    if pairs.is_unambiguous(min_iou):
        none = np.zeros(len(faces), bool)
        known, seen, new = assign_observations(tracks, pairs, traits, none, settings)
        assert sorted(zip(known, seen, strict=True)) == [(k, k) for k in range(len(faces))]
        assert not len(new)


def test_separate_faces_that_hardly_move_are_unambiguous(scene):
    points = np.stack([scene.face_at(200 + 250 * k, 200) for k in range(4)])
    pairs = PairwiseOverlaps(tight_boxes(points), tight_boxes(points + np.float32([20, 10, 0])))
    assert pairs.is_unambiguous(PipelineSettings().min_tracking_iou)


@pytest.mark.parametrize('other', [(200, 300), (260, 200), (205, 200)])
def test_faces_that_overlap_or_change_places_are_ambiguous(scene, other):
    points = np.stack([scene.face_at(200, 200), scene.face_at(*other)])
    moved = points[::-1] if other[1] > 250 else points
    pairs = PairwiseOverlaps(tight_boxes(points), tight_boxes(moved))
    assert not pairs.is_unambiguous(PipelineSettings().min_tracking_iou)


def test_a_face_from_before_a_cut_does_not_return_as_one_that_came_with_it(scene):
    stream = scene()
    for _ in range(3):
        stream.show(scene.face_at(200, 200))
    for _ in range(3):
        tracks = stream.show(scene.face_at(280, 200), greys=[90])
    assert id_at(tracks, 280, 200) == 2
    # Nearer to where the first one was, and further than a face goes from image to image.
    for x in (238, 200, 240, 280):
        tracks = stream.show(scene.face_at(x, 200), greys=[90])
        assert id_at(tracks[tracks.misses == 0], x, 200) == 2


shown_faces = st.lists(
    st.tuples(st.floats(60, 580), st.floats(60, 420), st.floats(40, 160)), max_size=5
)


@given(
    stream=st.lists(st.tuples(shown_faces, st.integers(1, 4)), min_size=1, max_size=6),
    shift=st.tuples(st.floats(-40, 40), st.floats(-40, 40)),
    most=st.integers(1, 6),
    coast=st.integers(0, 6),
    min_iou=st.floats(0.2, 1.0),
    dt=st.sampled_from([0.0, 0.03, 0.2, 1.5]),
    detector_every=st.integers(1, 3),
)
def test_across_any_cuts_no_two_published_faces_are_in_one_position(
    scene, stream, shift, most, coast, min_iou, dt, detector_every
):
    seen = scene(max_faces=most, max_coast_frames=coast, min_tracking_iou=min_iou)
    index = 0
    for faces, images in stream:
        for moved in range(images):
            at = [
                scene.face_at(x + shift[0] * moved, y + shift[1] * moved, size)
                for x, y, size in faces
            ]
            tracks = seen.show(*at, dt=dt, detector=index % detector_every == 0)
            index += 1
            ids, boxes = tracks.ids.tolist(), tight_boxes(tracks.smoothed)
            assert ids == sorted(set(ids))
            assert len(ids) <= most
            same = same_face(*overlaps(boxes, boxes), min_iou)
            assert not (same & ~np.eye(len(ids), dtype=bool)).any()
