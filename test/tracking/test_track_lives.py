"""Lives of tracks: begun, confirmed, lost, resumed, forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from facemesh_ros.types import FaceState

pytestmark = pytest.mark.filterwarnings('error')

TENTATIVE, TRACKED, COASTING = FaceState.TENTATIVE, FaceState.TRACKED, FaceState.COASTING


def ids_and_states(tracks, min_birth_frames=2) -> list[tuple[int, int]]:
    """Id and state of each face that is published."""
    return list(zip(tracks.ids.tolist(), tracks.states(min_birth_frames).tolist(), strict=True))


@pytest.mark.parametrize('birth', [1, 2, 4])
def test_a_face_is_tracked_once_enough_images_in_a_row_have_shown_it(scene, birth):
    stream = scene(min_birth_frames=birth)
    states = [
        stream.show(scene.face_at(200 + 3 * k, 200)).states(birth).tolist() for k in range(6)
    ]
    assert states == [[TENTATIVE]] * (birth - 1) + [[TRACKED]] * (7 - birth)


@pytest.mark.parametrize('seen', [1, 2])
def test_a_false_detection_is_never_tracked(scene, seen):
    stream = scene(min_birth_frames=3)
    for _ in range(seen):
        assert ids_and_states(stream.show(scene.face_at(200, 200)), 3) == [(1, TENTATIVE)]
    for _ in range(10):
        assert ids_and_states(stream.show(), 3) == []
    # It is not remembered.
    assert ids_and_states(stream.show(scene.face_at(200, 200)), 3) == [(2, TENTATIVE)]


def test_a_false_detection_in_every_other_image_is_never_tracked(scene):
    stream = scene(min_birth_frames=2)
    for index in range(10):
        shown = [scene.face_at(200, 200)] if index % 2 == 0 else []
        assert TRACKED not in stream.show(*shown).states(2).tolist()


@pytest.mark.parametrize('coast', [0, 1, 5])
def test_an_unseen_face_is_published_for_some_images_and_comes_back(scene, coast):
    for missed in range(coast + 1):
        stream = scene(max_coast_frames=coast)
        for _ in range(3):
            stream.show(scene.face_at(200, 200))
        for _ in range(missed):
            assert ids_and_states(stream.show()) == [(1, COASTING)]
        tracks = stream.show(scene.face_at(200, 200), detector=False)
        assert ids_and_states(tracks) == [(1, TRACKED)]
        assert tracks.ages.tolist() == [4 + missed]


def test_then_it_is_not_published_any_more(scene):
    stream = scene(max_coast_frames=5)
    for _ in range(3):
        stream.show(scene.face_at(200, 200))
    published = [ids_and_states(stream.show()) for _ in range(8)]
    assert published == [[(1, COASTING)]] * 5 + [[]] * 3


def test_the_presence_of_an_unseen_face_is_low(scene):
    stream = scene()
    for _ in range(2):
        stream.show(scene.face_at(200, 200))
    assert stream.show().presences[0] < 0.5


@pytest.mark.parametrize(('gap_s', 'same'), [(0.3, True), (0.9, True), (1.1, False)])
def test_for_a_second_it_is_remembered_and_resumed_in_its_position(scene, gap_s, same):
    stream = scene(max_coast_frames=2)
    for _ in range(3):
        stream.show(scene.face_at(200, 200))
    for _ in range(round(gap_s * 30) - 1):
        stream.show()
    assert ids_and_states(stream.show(scene.face_at(205, 203))) == (
        [(1, TRACKED)] if same else [(2, TENTATIVE)]
    )


def test_a_face_far_from_where_one_was_lost_is_new(scene):
    stream = scene(max_coast_frames=2)
    for _ in range(3):
        stream.show(scene.face_at(150, 200))
    for _ in range(6):
        stream.show()
    other = stream.show(scene.face_at(480, 200), greys=[90])
    assert ids_and_states(other) == [(2, TENTATIVE)]


def test_an_occluded_face_is_predicted_further_along_its_path(scene):
    stream = scene(max_coast_frames=10)
    for index in range(15):
        stream.show(scene.face_at(100 + 10 * index, 200))
    for _ in range(5):
        stream.show()
    x = float(stream.tracker.published(0.5).points[0, :, 0].mean())
    # Slower and slower, as an unseen face may as well have stopped.
    assert 240 + 20 < x < 240 + 45
    assert ids_and_states(stream.show(scene.face_at(300, 200))) == [(1, TRACKED)]


@pytest.mark.parametrize(
    ('start', 'step'), [((60, 240), (-30, 0)), ((580, 240), (30, 0)), ((320, 420), (0, 30))]
)
def test_a_face_that_leaves_the_image_is_gone_at_once(scene, start, step):
    stream = scene()
    for index in range(4):
        x, y = np.add(start, np.multiply(step, index - 2))
        stream.show(scene.face_at(x, y))
    # A step further its centre is still inside, two steps further it is not.
    assert [ids_and_states(stream.show()) for _ in range(2)] == [[(1, COASTING)], []]


def test_all_in_sight_means_there_are_tracks_and_the_image_shows_all(scene):
    stream = scene(max_coast_frames=1)
    one, other = scene.face_at(150, 200), scene.face_at(450, 200)
    assert not stream.tracker.all_in_sight
    stream.show(one, other)
    stream.show(one, other)
    assert stream.tracker.all_in_sight
    for _ in range(3):
        stream.show(one)
        assert not stream.tracker.all_in_sight
    stream.show(one, other)
    assert stream.tracker.all_in_sight


def test_lost_faces_are_listed_the_last_one_first(scene):
    stream = scene(max_coast_frames=1)
    one, two, three = (scene.face_at(x, 200) for x in (100, 300, 500))
    for _ in range(2):
        stream.show(one, two, three)
    assert len(stream.tracker.lost_rois) == 0
    stream.show(two, three)
    stream.show(two)
    assert stream.tracker.lost_rois.centres[:, 0] == pytest.approx([500, 100], abs=1)


def test_a_crop_that_slipped_to_another_face_neither_shows_the_track_nor_a_new_face(scene):
    stream = scene()
    for _ in range(3):
        stream.show(scene.face_at(200, 200))
    another = scene.face_at(285, 200)  # most of its size away
    assert ids_and_states(stream.show(another, detector=False)) == [(1, COASTING)]


def test_a_low_presence_shows_no_face(scene):
    stream = scene(min_presence_confidence=0.995)
    assert ids_and_states(stream.show(scene.face_at(200, 200))) == []


def test_a_reset_forgets_all_faces_but_never_gives_an_id_twice(scene):
    stream = scene()
    for _ in range(3):
        stream.show(scene.face_at(200, 200), scene.face_at(400, 200))
    stream.tracker.reset()
    assert len(stream.tracker.published(0.5)) == len(stream.tracker.lost_rois) == 0
    tracks = stream.show(scene.face_at(200, 200))
    assert ids_and_states(tracks) == [(3, TENTATIVE)]
    assert tracks.ages.tolist() == [1]
    assert tracks.motion.velocities.tolist() == [[0, 0]]
