"""Faces read back from recordings: of which image, which camera, which version of the messages."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from face_recordings import (
    PERIOD_NS,
    START_NS,
    FaceBag,
    faces_msg,
    info,
    own_definitions,
    placed_face,
)
from recordings import camera_info, compressed, image
from rosbags.rosbag2 import StoragePlugin

from facemesh_ros.consumer import head_pose, landmarks
from facemesh_ros.io import UnreadableError
from facemesh_ros.io.recordings.face_topics import face_topics_in
from facemesh_ros.io.recordings.message_store import message_store
from facemesh_ros.io.recordings.recorded_faces import recorded_faces
from facemesh_ros.io.recordings.recorded_images import DamagedImage
from facemesh_ros.io.recordings.recording import Recording

STORE = message_store()


def stamp(number: int) -> int:
    return START_NS + number * PERIOD_NS


def seen_in(path: Path, **options: Any) -> list[Any]:
    with Recording(path) as recording:
        topics = face_topics_in(recording, STORE)
        return list(recorded_faces(recording, topics, STORE, **options))


def add_faces(bag: FaceBag, count: int = 4, topic: str = '/facemesh/landmarks') -> None:
    for number in range(count):
        face = placed_face(position_m=(0.1 * number, 0.0, 1.0 + number))
        bag.add_faces(faces_msg(stamp(number), [face], dropped_images=number), topic)


def add_images(
    bag: FaceBag, topic: str, count: int = 4, make: Any = image, shift_ns: int = 0
) -> None:
    for number in range(count):
        pixels = np.full((48, 64, 3), 10 * number, np.uint8)
        stamp_ns = stamp(number) + shift_ns
        bag.add(topic, make(pixels, stamp_ns), stamp_ns + 5_000_000)
        namespace = topic.removesuffix('/compressed').rpartition('/')[0]
        bag.add(
            f'{namespace}/camera_info', camera_info((640, 480), stamp_ns), stamp_ns + 5_000_001
        )


def in_order(bag: FaceBag) -> FaceBag:
    bag.sent.sort(key=lambda one: one[2])
    return bag


@pytest.mark.parametrize('storage', [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_what_was_recorded_comes_back(tmp_path, storage):
    bag = FaceBag()
    bag.add('/facemesh/info', info(), stamp(0))
    add_faces(bag)
    seen = seen_in(bag.write(tmp_path / 'bag', storage))
    assert [one.stamp_ns for one in seen] == [stamp(number) for number in range(4)]
    assert [one.received_ns for one in seen] == [stamp(number) + 20_000_000 for number in range(4)]
    assert [one.msg.dropped_images for one in seen] == [0, 1, 2, 3]
    assert {one.stream for one in seen} == {'/facemesh/landmarks'}
    assert {one.info.model for one in seen} == {'v2'}
    for number, one in enumerate(seen):
        assert one.frame is None
        assert one.camera is None
        (face,) = one.msg.faces
        expected = placed_face(position_m=(0.1 * number, 0.0, 1.0 + number))
        np.testing.assert_array_equal(landmarks(face), landmarks(expected))
        assert head_pose(face)[:3, 3] == pytest.approx([0.1 * number, 0, 1 + number])


@pytest.mark.parametrize('make', [image, compressed])
def test_an_image_finds_its_faces_by_its_stamp(tmp_path, make):
    bag, topic = FaceBag(), '/usb/image_raw' + ('/compressed' if make is compressed else '')
    add_images(bag, topic, make=make)
    add_images(bag, '/other/image_raw', shift_ns=1_000_000)
    add_faces(bag)
    path = in_order(bag).write(tmp_path / 'bag')
    for one in seen_in(path):
        assert one.stream == topic
        assert one.frame is None
        assert one.camera.intrinsics.fx == 400.0
    seen = seen_in(path, with_images=True)
    assert [int(one.frame.image[0, 0, 0]) for one in seen] == [0, 10, 20, 30]


def test_faces_wait_for_an_image_that_was_recorded_after_them(tmp_path):
    bag = FaceBag()
    add_images(bag, '/cam/image_raw')
    bag.sent = [(*one[:2], one[2] + 60_000_000, one[3]) for one in bag.sent]
    add_faces(bag)
    bag.add_faces(faces_msg(stamp(90)))  # of no image that was recorded
    bag.add_faces(faces_msg(stamp(91)))
    seen = seen_in(in_order(bag).write(tmp_path / 'bag'), with_images=True)
    assert [one.stamp_ns for one in seen] == [stamp(number) for number in (0, 1, 2, 3, 90, 91)]
    assert [one.frame is not None for one in seen] == [True] * 4 + [False] * 2


def test_cameras_of_the_same_stamps_are_told_by_their_names(tmp_path):
    bag = FaceBag()
    for camera in ('rear', 'front'):
        add_images(bag, f'/{camera}/image_raw')
        add_faces(bag, topic=f'/facemesh/{camera}/landmarks')
        bag.add(f'/facemesh/{camera}/info', info(model=camera), stamp(0))
    seen = seen_in(in_order(bag).write(tmp_path / 'bag'))
    assert {(one.stream, one.info.model) for one in seen} == {
        ('/front/image_raw', 'front'),
        ('/rear/image_raw', 'rear'),
    }


def test_two_that_found_faces_in_the_same_images_are_not_mixed(tmp_path):
    bag = FaceBag()
    add_images(bag, '/cam/image_raw')
    for name in ('one', 'two'):
        add_faces(bag, topic=f'/{name}/landmarks')
    seen = seen_in(in_order(bag).write(tmp_path / 'bag'))
    assert {one.stream for one in seen} == {'/one/landmarks', '/two/landmarks'}
    assert all(one.camera is not None for one in seen)


def older(*lacking: str) -> dict[str, str]:
    """The definitions without the fields whose lines begin like this."""
    return {
        name: '\n'.join(line for line in text.splitlines() if not line.startswith(lacking))
        for name, text in own_definitions().items()
    }


def test_messages_of_an_older_version_lack_what_it_did_not_have(tmp_path):
    """As recorded before the last detection score, the gaze's sigma and named points came."""
    lacking = (
        'float32 last_detection_score',
        'uint32 last_detection_age',
        'float32 gaze_sigma',
        'string[] point_names',
        'uint16[] point_landmarks',
    )
    bag = FaceBag(older(*lacking))
    bag.add('/facemesh/info', info(), stamp(0))
    add_faces(bag)
    assert not hasattr(bag.store.types['facemesh_ros/msg/FaceMesh'], 'gaze_sigma')
    for one in seen_in(bag.write(tmp_path / 'bag')):
        (face,) = one.msg.faces
        assert face.presence == pytest.approx(0.99)
        assert math.isnan(face.last_detection_score)
        assert math.isnan(face.gaze_sigma)
        assert face.last_detection_age == 0
        assert list(one.info.point_names) == []
        assert one.info.model == 'v2'


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (('uint8 state               #', 'float64 state #'), 'state is of another type'),
        (('float32[] landmarks       #', 'float32[] points #'), 'it has no landmarks'),
    ],
)
def test_messages_of_another_definition_are_refused(tmp_path, change, reason):
    definitions = own_definitions()
    definitions['FaceMesh'] = definitions['FaceMesh'].replace(*change)
    bag = FaceBag(definitions)
    face = placed_face()
    face.points = face.landmarks
    bag.add_faces(faces_msg(stamp(0), [face]))
    with pytest.raises(UnreadableError, match=rf'{reason}; run `facemesh run --bag`'):
        seen_in(bag.write(tmp_path / 'bag'))


def test_another_version_without_a_definition_is_not_taken_for_ours(tmp_path):
    """Up to Humble a sqlite3 recording has no definitions."""
    bag = FaceBag(older('float32 last_detection_score'))
    add_faces(bag)
    path = bag.write(tmp_path / 'bag', StoragePlugin.SQLITE3)
    with sqlite3.connect(path) as connection:
        connection.execute('DROP TABLE message_definitions')
    seen = seen_in(path)
    assert len(seen) == 4
    for one in seen:
        assert isinstance(one, DamagedImage)
        assert 'no readable facemesh_ros/msg/FaceMeshArray' in one.reason


def test_what_is_left_of_a_recording_that_is_cut_short(tmp_path):
    bag = FaceBag()
    add_faces(bag, 300)
    path = bag.write(tmp_path / 'bag')
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    seen = []
    with Recording(path) as recording:
        faces = recorded_faces(recording, face_topics_in(recording, STORE), STORE)
        with pytest.raises(UnreadableError, match='is cut short'):
            seen.extend(faces)
    assert 0 < len(seen) < 300
    assert [one.stamp_ns for one in seen] == list(map(stamp, range(len(seen))))


def test_damage_has_its_place_among_the_faces(tmp_path):
    bag = FaceBag()
    add_images(bag, '/cam/image_raw')
    add_faces(bag)
    in_order(bag)
    places = {
        name: [n for n, one in enumerate(bag.sent) if one[0] == name] for name, *_ in bag.sent
    }
    cut = places['/facemesh/landmarks'][1], places['/cam/image_raw'][2]
    for place in cut:
        *kept, cdr = bag.sent[place]
        bag.sent[place] = (*kept, cdr[: len(cdr) - 100])
    seen = seen_in(bag.write(tmp_path / 'bag'), with_images=True)
    kinds = [one.topic if isinstance(one, DamagedImage) else one.frame is None for one in seen]
    assert kinds == [False, '/facemesh/landmarks', '/cam/image_raw', True, False]


def test_other_topics_are_read_in_the_same_pass(tmp_path):
    bag = FaceBag()
    add_images(bag, '/cam/image_raw')
    add_faces(bag)
    taken = []
    seen = seen_in(in_order(bag).write(tmp_path / 'bag'), also={'/cam/image_raw': taken.append})
    assert len(seen) == len(taken) == 4


def test_a_recording_without_faces_has_no_topics_of_them(tmp_path):
    bag = FaceBag()
    add_images(bag, '/cam/image_raw')
    with Recording(bag.write(tmp_path / 'bag')) as recording:
        assert face_topics_in(recording, STORE) == []
