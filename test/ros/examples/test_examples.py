"""The examples on the demo's camera and real node, and on messages that a test makes."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from consumer_messages import face_without_metres, placed_face
from face_warps import Expression, FaceWarp
from geometry_msgs.msg import PoseStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

from facemesh_ros.io.video_writer import VideoFile
from facemesh_ros.msg import FaceMesh
from facemesh_ros.ros.input.image_conversion import msg_from_bgr
from test.ros.conftest import Client
from test.ros.examples.conftest import NO_RESULTS, Example

ROOT = Path(__file__).parents[3]
EXAMPLES = ('print_faces', 'who_looks_at_robot', 'mouth_for_feeding', 'blink_and_speech')
GOLDEN = ROOT / 'test' / 'golden' / 'mediapipe_1_2_2_v2.npz'
Start = Callable[..., Example]


@pytest.mark.parametrize('path', sorted((ROOT / 'examples').iterdir()), ids=lambda path: path.name)
def test_an_example_is_short(path):
    assert len(path.read_text().splitlines()) < 80


@pytest.fixture
def start_demo(model_store, require_package, tmp_path) -> Iterator[Callable[..., str]]:
    """Start a demo and return its namespace."""
    require_package('skimage.data')
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> str:
        command = [
            sys.executable,
            '-m',
            'facemesh_ros.ros.demo',
            '--output',
            str(tmp_path / 'out'),
        ]
        started.append(subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True))
        said = re.search(r'below (/demo_\w+)/facemesh', started[-1].stdout.readline())
        return said[1]

    yield start
    for demo in started:
        demo.terminate()
        demo.communicate(timeout=60)


def test_the_demos_face_is_seen_by_all_four(start_example: Start, start_demo, client: Client):
    namespace = start_demo('--seconds', '60')
    mouths: list[PoseStamped] = []
    client.create_subscription(PoseStamped, f'{namespace}/mouth', mouths.append, 5)
    prints, looks, mouth, blinks = (
        start_example(name, *parameters, namespace=namespace)
        for name, parameters in zip(EXAMPLES, [(), (), ('max_sigma_m:=0.2',), ()], strict=True)
    )

    client.wait_until(lambda: prints.says('f00001 seen'), 'a face in print_faces')
    client.wait_until(lambda: looks.says('f00001 looks at the robot'), 'a look')
    client.wait_until(lambda: mouth.says('f00001: mouth is'), 'a mouth')
    client.wait_until(lambda: mouths, 'a pose of the mouth')
    # The bundled face is some 200 px wide, and an average one 14 cm.
    seen = [line for line in prints.lines if 'f00001 seen' in line]
    assert re.search(r'f00001 seen, \d+x\d+ px at \(\d+, \d+\), 0\.\d\d m away', seen[-1])
    pose = mouths[-1]
    assert pose.header.frame_id == 'camera_optical_frame'
    assert 0.2 < pose.pose.position.z < 1
    turn = pose.pose.orientation
    assert math.hypot(turn.x, turn.y, turn.z, turn.w) == pytest.approx(1, abs=1e-6)
    # A still picture neither blinks nor speaks.
    assert not [line for line in blinks.lines if line != NO_RESULTS]


def test_blinks_and_speech_are_seen_in_a_video(
    start_example, start_demo, client, astronaut_bgr, tmp_path
):
    """The picture's lids and lips are moved, by MediaPipe's landmarks, and the real node looks."""
    with np.load(GOLDEN) as golden:
        landmarks = golden['skimage.data.astronaut'][0]
    crop = astronaut_bgr[:360, 60:420]
    warp = FaceWarp(crop, landmarks - (60, 0, 0))
    with VideoFile(tmp_path / 'face.mp4', 15) as video:
        for number in range(15 * 8):
            video.write(cv2.resize(warped(warp, crop, expression_at(number / 15)), (480, 480)))

    namespace = start_demo('--video', str(tmp_path / 'face.mp4'))
    example = start_example('blink_and_speech', namespace=namespace)

    client.wait_until(lambda: example.says('f00001 blinks'), 'a blink')
    client.wait_until(lambda: example.says('speaks'), 'speech')
    client.wait_until(lambda: example.says('is silent'), 'silence')


def expression_at(time_s: float) -> Expression:
    """Eight seconds: a blink at 3.0 and one at 4.0, then a mouth that moves from 5 to 7."""
    is_shut = any(start <= time_s < start + 0.2 for start in (3.0, 4.0))
    moves = 0.15 * (1 - math.cos(2 * math.pi * 2.5 * time_s)) if 5 <= time_s < 7 else 0.0
    return Expression(eye_closing=float(is_shut), mouth_opening=moves)


def warped(warp: FaceWarp, picture: np.ndarray, expression: Expression) -> np.ndarray:
    height, width = picture.shape[:2]
    targets = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(float)
    sources = warp.sources(targets, expression).astype(np.float32)
    return cv2.remap(picture, sources[..., 0], sources[..., 1], cv2.INTER_LINEAR)


def test_an_inactive_node_is_not_taken_for_an_empty_room(
    start_example, start_node, client, astronaut_bgr
):
    """Nothing comes while the node is inactive, and what came before is old."""
    node = start_node('min_birth_frames:=1')
    examples = [
        start_example(name, *('max_sigma_m:=0.5',) * (name[0] == 'm')) for name in EXAMPLES
    ]

    def send() -> None:
        header = client.header()
        header.stamp = client.get_clock().now().to_msg()
        client.send(msg_from_bgr(astronaut_bgr, header))

    def wait(reached: Callable[[], bool], what: str) -> None:
        def step() -> bool:
            send()
            client.spin_for(0.05)
            return reached()

        client.wait_until(step, what)

    def transition(number: int) -> None:
        request = ChangeState.Request(transition=Transition(id=number))
        assert client.call(ChangeState, 'facemesh/change_state', request).success

    # The client and all four, and then what they have received for a second.
    wait(lambda: client.count_subscribers('/facemesh/landmarks') == 5, 'all that listen')
    wait(lambda: examples[0].says('f00001 seen'), 'the face')
    for _ in range(20):
        wait(lambda: True, 'another image')
    heard = [len(example.lines) for example in examples]
    transition(Transition.TRANSITION_DEACTIVATE)
    for example, before in zip(examples, heard, strict=True):
        wait(lambda e=example, b=before: NO_RESULTS in e.lines[b:], 'no results')
    transition(Transition.TRANSITION_ACTIVATE)
    before = len(examples[0].lines)
    wait(lambda: any('seen' in line for line in examples[0].lines[before:]), 'the face again')
    assert node.stop() == 0  # else its faces would be seen by the next ones


AWAY = (1.0, 0.0, 0.0)
CONFIRMED = {'box': [10.0, 20.0, 110.0, 140.0]}


def test_states_and_unknown_distances_are_printed(start_example, room):
    example = start_example('print_faces')
    faces = [
        placed_face((0, 0, 2.0), id='f00001', **CONFIRMED),
        face_without_metres(id='f00002', **CONFIRMED),
        placed_face((0, 0, 1.5), id='f00003', state=FaceMesh.STATE_COASTING, **CONFIRMED),
        placed_face((0, 0, 1.5), id='f00004', state=FaceMesh.STATE_TENTATIVE, **CONFIRMED),
    ]
    size = '100x120 px at (10, 20)'
    room.show_until(
        example,
        f'f00001 seen, {size}, 2.00 m away; f00002 seen, {size}, distance unknown; '
        f'f00003 not seen in this image, {size}, 1.50 m away; '
        f'f00004 new, not confirmed, {size}, 1.50 m away',
        faces,
    )
    room.show_until(example, 'no face', [])
    room.show_until(example, NO_RESULTS, faces, age_s=5)


def test_looks_are_told_apart_and_what_is_unknown_is_no_look(start_example, room):
    example = start_example('who_looks_at_robot')
    faces = [
        placed_face((0.2, 0, 1.0), id='f00001', gaze=(-0.2, 0, -1), gaze_sigma=0.1),
        placed_face((-0.2, 0, 1.0), id='f00002', gaze=AWAY, gaze_sigma=0.1),
        face_without_metres(id='f00003'),
        # Too uncertain to be taken for a look, though it agrees with one.
        placed_face((0, 0, 3.0), id='f00004', gaze_sigma=0.6),
        placed_face((0, 0, 1.0), id='f00005', state=FaceMesh.STATE_COASTING),
        placed_face((0, 0, 1.0), id='f00006', state=FaceMesh.STATE_TENTATIVE),
    ]
    room.show_until(
        example,
        'f00001 looks at the robot; f00002 looks elsewhere; f00003: gaze unknown; '
        'f00004: gaze unknown',
        faces,
    )
    # A look ends when it ends, not with a blink.
    elsewhere = placed_face((0.2, 0, 1.0), id='f00001', gaze=AWAY, gaze_sigma=0.1)
    room.show_until(example, 'f00001 looks elsewhere', [elsewhere])
    room.show_until(example, 'nobody is seen', [])
    room.show_until(example, NO_RESULTS, faces, age_s=5)


def test_an_arm_is_only_told_of_a_mouth_that_is_seen_and_sure(start_example, room):
    example = start_example('mouth_for_feeding')
    sure = np.diag([1e-5, 1e-5, 5e-5, 1e-3, 1e-3, 1e-3])  # 8 mm
    near = placed_face((0.1, 0, 0.6), id='f00001', covariance=sure)
    other = placed_face((0, 0, 0.4), id='f00002', covariance=sure)

    room.show_until(example, 'f00001: mouth is closed', [near])
    pose = room.mouths[-1]
    assert pose.header.frame_id == 'camera'
    lips = np.reshape(near.landmarks_metric, (-1, 3))[[13, 14]].mean(axis=0)
    found = [getattr(pose.pose.position, axis) for axis in 'xyz']
    assert found == pytest.approx(lips, abs=1e-6)
    assert pose.pose.orientation == near.pose.pose.orientation

    for text, faces in {
        'f00001: mouth is closed': [near, other],  # who comes nearer does not draw the arm away
        'the person is not seen': [
            placed_face(id='f00001', state=FaceMesh.STATE_COASTING, covariance=sure), other,
        ],
        'f00001: no metres, because the camera is not calibrated': [
            face_without_metres(id='f00001'), other,
        ],
        'f00001: too uncertain for an arm; a depth image helps, or max_sigma_m': [
            placed_face(id='f00001'), other,
        ],
    }.items():  # fmt: skip
        room.show_until(example, text, faces)
    poses = len(room.mouths)
    for _ in range(5):
        room.show([placed_face(id='f00001'), other])  # too uncertain
        room.show([near], age_s=5)  # an old image, whatever is in it
    assert len(room.mouths) == poses
    room.show_until(example, NO_RESULTS, [near], age_s=5)
    # All have left: the next one is somebody else.
    room.show_until(example, 'the person is not seen', [])
    room.show_until(example, 'f00002: mouth is closed', [other])
