"""Real launches of the demo: a camera that shows a source, and the node."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from facemesh_ros.ros.launch_arguments import PARAMETERS

LAUNCH = Path(__file__).parents[3] / 'launch' / 'demo.launch.py'
PATIENCE_S = 60.0


def test_it_has_the_arguments_of_the_node_too(arguments_of):
    arguments = arguments_of(LAUNCH)
    assert arguments.keys() >= {'camera', 'video', 'image', 'rviz', *PARAMETERS}
    assert all(text and 'no description' not in text for text in arguments.values())


@pytest.mark.parametrize('source', ['image', 'video', ''])
def test_it_shows_faces(start_launch, client, answers_on, astronaut_bgr, tmp_path, source):
    picture, clip = tmp_path / 'face.png', tmp_path / 'face.avi'
    cv2.imwrite(str(picture), astronaut_bgr)
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter_fourcc(*'MJPG'), 10, (512, 512))
    for _ in range(5):
        writer.write(astronaut_bgr)
    writer.release()
    answers = answers_on('/robot/facemesh/landmarks')
    chosen = {'image': [f'image:={picture}'], 'video': [f'video:={clip}'], '': []}[source]
    launch = start_launch(
        *chosen, 'namespace:=robot', 'image_topic:=color/image_raw', 'max_faces:=1', file=LAUNCH
    )
    client.wait_until(lambda: any(answer.faces for answer in answers), 'a face')
    assert answers[-1].header.frame_id == 'camera_optical_frame'
    client.wait_until(
        lambda: client.count_publishers('/robot/color/image_raw') == 1, 'one camera alone'
    )
    client.wait_until(
        lambda: any(one.metric_source for one in answers[-1].faces), 'a face in metres'
    )
    assert launch.end() == 0


@pytest.mark.parametrize(
    ('arguments', 'text'),
    [
        (['camera:=front'], 'camera:=front: it must be a number'),
        (['video:=/nowhere.mp4'], 'video:=/nowhere.mp4: there is no such file'),
        (['camera:=0', 'image:=a.png'], 'camera:=0 image:=a.png: name one of camera, video'),
        (['cameras:=[front]'], 'cameras: demo.launch.py has one camera'),
        (['max_faces:=0'], 'max_faces:=0: max_faces must be at least 1'),
    ],
)
def test_an_invalid_argument_is_refused(start_launch, arguments, text):
    launch = start_launch(*arguments, file=LAUNCH)
    assert launch.process.wait(PATIENCE_S) != 0
    (error,) = [line for line in launch.log.splitlines() if 'ERROR' in line]
    assert text in error


def test_it_ends_with_its_camera(start_launch, tmp_path):
    empty = tmp_path / 'empty.png'
    empty.touch()
    launch = start_launch(f'image:={empty}', file=LAUNCH)
    launch.process.wait(PATIENCE_S)
    assert f'demo_camera: {empty}' in launch.log
    assert 'Traceback' not in launch.log
