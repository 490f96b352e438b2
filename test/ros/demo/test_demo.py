"""The demo as a stranger sees it: a picture of the face, a video of the run, nothing left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.io import count_pictures, image_from_file, opened_video
from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.ros.input.image_conversion import msg_from_bgr
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder

PATIENCE_S = 120.0


def counts_of(said):
    counts = re.search(r'(\d+) images sent, (\d+) answered: (\d+) with 1 face', said)
    return map(int, counts.groups())


def seconds_of(video):
    with opened_video(video) as capture:
        return count_pictures(video) / capture.get(cv2.CAP_PROP_FPS)


def test_the_bundled_face_is_seen_and_drawn(start_demo):
    demo = start_demo('--seconds', '4').end()
    assert demo.status == 0
    sent, answered, with_one_face = counts_of(demo.said)
    assert sent >= answered > 0
    assert with_one_face == answered
    assert f'picture: {demo.output / "face.png"}' in demo.said
    assert f'video: {demo.output / "faces.mp4"}' in demo.said
    assert_drawn(image_from_file(demo.output / 'face.png'))
    # A start that needs no warning brings none.
    assert 'WARN' not in demo.complained
    assert re.search('the node start.*the node is ready', demo.complained, re.S)


def assert_drawn(picture):
    """The picture shows the face, and something is drawn on it that was not there."""
    faces = load_sensor(SensorSettings()).stream().process(Frame(picture, PixelOrder.BGR))
    assert len(faces) == 1
    x0, y0, x1, y1 = faces.boxes_xyxy[0].astype(int)
    assert green_share(picture[y0:y1, x0:x1]) > 0.05
    assert green_share(moving_astronaut((640, 480)).image_at(0)) < 0.005


def green_share(picture):
    """How much of a picture has the colour of the first face's mesh."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    return cv2.inRange(hsv, (60, 60, 60), (100, 255, 255)).mean() / 255


def test_the_video_holds_the_whole_run(start_demo):
    demo = start_demo('--seconds', '13').end()
    # It begins with the first annotated image, which may be early.
    assert 12 < seconds_of(demo.output / 'faces.mp4') < 13 + 10


def test_or_as_much_of_it_as_was_asked_for(start_demo):
    demo = start_demo('--seconds', '4', '--record', '1').end()
    assert seconds_of(demo.output / 'faces.mp4') == 1
    assert '1.0 s of the run, as --record says' in demo.said


def test_half_a_second_is_enough(start_demo):
    demo = start_demo('--seconds', '.5').end()
    assert demo.status == 0
    _, answered, with_one_face = counts_of(demo.said)
    assert with_one_face == answered > 0


def test_two_demos_and_a_camera_do_not_meet(start_demo, client, astronaut_bgr):
    """All in one domain; what the camera sends to /image_raw has two faces."""
    two_faces = cv2.hconcat([astronaut_bgr[:300, 60:380]] * 2)
    camera = client.create_publisher(Image, '/image_raw', QoSProfile(depth=1))
    demos = [start_demo('--seconds', '4') for _ in range(2)]
    end_s = time.monotonic() + PATIENCE_S
    while any(demo.process.poll() is None for demo in demos):
        assert time.monotonic() < end_s
        camera.publish(msg_from_bgr(two_faces, client.header()))
        client.spin_for(0.05)
    spaces = set()
    for demo in demos:
        assert demo.end().status == 0
        sent, answered, with_one_face = counts_of(demo.said)
        assert with_one_face == answered <= sent
        assert sent < 4 * 30 + 15  # what its own camera sent
        spaces.add(re.search(r'below (/demo_\w+)/facemesh', demo.said)[1])
    assert len(spaces) == 2


LISTENER = """
import sys, rclpy
from facemesh_ros.msg import FaceMeshArray
rclpy.init()
node, heard = rclpy.create_node('listener'), []
node.create_subscription(FaceMeshArray, sys.argv[1], heard.append, 5)
while not any(msg.faces for msg in heard):
    rclpy.spin_once(node)
"""


def test_another_terminal_listens_as_the_demo_says(start_demo):
    demo = start_demo()
    said = demo.process.stdout.readline()
    variables, topics = re.search(r'To listen: (.*) and the topics below (\S+)', said).groups()
    told = dict(variable.split('=') for variable in variables.split())
    assert told['ROS_DOMAIN_ID'] == os.environ['ROS_DOMAIN_ID']
    listener = [sys.executable, '-c', LISTENER, f'{topics}/landmarks']
    subprocess.run(listener, env={**os.environ, **told}, timeout=PATIENCE_S, check=True)
    assert demo.end(signal.SIGINT).status == 0


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_process(start_demo, number):
    demo = start_demo()
    assert any('fps' in line for line in demo.process.stdout)  # it shows something
    assert len(demo.processes()) == 3
    assert demo.end(number).status == 0


@pytest.mark.parametrize('moment_s', [0.0, 0.2, 0.8, 1.6, 2.4])
def test_ctrl_c_before_the_first_image_is_told_in_a_sentence(start_demo, moment_s):
    demo = start_demo()
    time.sleep(moment_s)
    demo.end(signal.SIGINT)
    if demo.status:  # a quick machine may have shown something already
        assert demo.status == 130
        assert 'demo: ended before' in demo.complained


def test_a_listener_that_goes_away_ends_it(start_demo):
    """As in `./run demo | head -1`."""
    demo = start_demo()
    demo.process.stdout.readline()
    demo.process.stdout.close()
    demo.process.stdout = None
    assert demo.end().status == 1


def test_a_node_that_cannot_start_is_told(start_demo, tmp_path):
    demo = start_demo(FACEMESH_MODEL_DIR=str(tmp_path / 'empty')).end()
    assert demo.status == 1
    assert 'facemesh models fetch' in demo.complained


def test_the_shared_memory_of_a_container_is_enough(start_demo, mounted):
    """64 MB are what Docker gives by default; Fast DDS complains where it gets too little."""
    demo = start_demo('--seconds', '2', before=mounted(Path('/dev/shm'), '64m')).end()
    assert demo.status == 0
    assert 'SHM' not in demo.complained
    assert '/dev/shm' not in demo.complained


def test_too_little_shared_memory_is_told(start_demo, mounted):
    demo = start_demo('--seconds', '1', before=mounted(Path('/dev/shm'), '20m')).end()
    assert '/dev/shm has' in demo.complained
    assert '--shm-size' in demo.complained
