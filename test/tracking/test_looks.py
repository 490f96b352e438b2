"""Looks of the detector at tracks: repeated ones that find nothing end a track."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.filterwarnings('error')

HERE, THERE = (200, 200), (450, 200)


def shown(stream, scene, images, *places, **how):
    """Show faces that no detection window happens to contain; the tracks of each image."""
    faces = [scene.face_at(*place) for place in places]
    return [stream.show(*faces, detector=False, **how) for _ in range(images)]


def test_a_track_that_the_detector_contradicts_again_and_again_ends(scene):
    stream = scene()
    stream.show(scene.face_at(*HERE))
    lengths = [len(tracks) for tracks in shown(stream, scene, 40, HERE, look_score=0.0)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[stream.look_period] == 1  # one look is no proof
    assert lengths[3 * stream.look_period] == 0
    assert len(stream.looks) == 3


def test_a_face_that_is_found_now_and_then_is_followed_however_it_turns(scene):
    stream = scene()
    stream.show(scene.face_at(*HERE))
    for _ in range(10):
        for score, looks in ((0.0, 2), (0.9, 1)):
            wanted = len(stream.looks) + looks
            while len(stream.looks) < wanted:
                (tracks,) = shown(stream, scene, 1, HERE, look_score=score)
                assert tracks.ids.tolist() == [1]


def test_faces_that_score_low_but_steadily_are_followed(scene):
    stream = scene()
    stream.show(scene.face_at(*HERE))
    for tracks in shown(stream, scene, 200, HERE, look_score=0.36):
        assert tracks.ids.tolist() == [1]


def test_a_track_that_ended_has_its_id_again_when_the_detector_finds_it_soon(scene):
    stream = scene()
    stream.show(scene.face_at(*HERE))
    while len(shown(stream, scene, 1, HERE, look_score=0.0)[0]):
        pass
    assert stream.show(scene.face_at(*HERE)).ids.tolist() == [1]
    assert all(len(tracks) for tracks in shown(stream, scene, 20, HERE, look_score=0.9))


def test_what_is_found_anyway_needs_no_look(scene):
    stream = scene()
    for index in range(60):
        stream.show(scene.face_at(*HERE), detector=index % 5 == 0, look_score=0.0)
    assert stream.looks == []


def test_the_longest_unconfirmed_of_many_is_looked_at_first_and_not_in_every_image(scene):
    stream = scene()
    places = [(90 + 150 * k, 200) for k in range(4)]
    stream.show(*[scene.face_at(*place) for place in places])
    shown(stream, scene, 80, *places, look_score=0.9)
    assert stream.looks[:8] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert len(stream.looks) <= 80 / 4


def test_score_and_age_of_the_last_look_are_known(scene):
    stream = scene()
    tracks = stream.show(scene.face_at(*HERE))
    assert tracks.look_scores == pytest.approx(tracks.scores)
    assert tracks.look_ages.tolist() == [0]
    ages = []
    for _ in range(10):
        (tracks,) = shown(stream, scene, 1, HERE, look_score=0.4)
        ages += tracks.look_ages.tolist()
    assert ages == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert stream.tracker._tracks.look_scores[0] == pytest.approx(0.4)
