"""The demo: a picture of the face, a video of the run, no process left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from facemesh_ros.io import count_pictures, image_from_file, opened_video
from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.ros.input.image_conversion import msg_from_bgr

PATIENCE_S = 120.0
GREEN = (60, 60, 60), (100, 255, 255)


def counts_of(stdout):
    counts = re.search(r'(\d+) images sent, (\d+) answered: (\d+) with 1 face', stdout)
    return map(int, counts.groups())


def seconds_of(video):
    with opened_video(video) as capture:
        return count_pictures(video) / capture.get(cv2.CAP_PROP_FPS)


def test_the_bundled_face_is_detected_and_drawn(start_demo):
    demo = start_demo('--seconds', '4').end()
    assert demo.status == 0
    sent, answered, with_one_face = counts_of(demo.stdout)
    assert sent >= answered > 0
    assert with_one_face == answered
    assert f'picture: {demo.output / "face.png"}' in demo.stdout
    assert f'video: {demo.output / "faces.mp4"}' in demo.stdout
    assert_drawn(image_from_file(demo.output / 'face.png'))
    # The bundled camera is calibrated.
    assert re.search(r'f00001 \d\.\d\d m', demo.stdout)
    # A start without problems has no warnings.
    assert 'WARN' not in demo.stderr
    assert re.search('the node start.*the node is ready', demo.stderr, re.S)


def assert_drawn(picture):
    """The mesh of one face, and head axes in red, green and blue, which were not there before."""
    bare = moving_astronaut((640, 480)).image_at(0)
    assert green_share(bare) < 0.005
    mesh = cv2.inRange(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV), *GREEN)
    _, _, boxes, _ = cv2.connectedComponentsWithStats(cv2.dilate(mesh, np.ones((9, 9))))
    x, y, width, height, _ = max(boxes[1:].tolist(), key=lambda box: box[-1])
    assert 0.6 < width / height < 1.2  # as wide as a face
    assert green_share(picture[y : y + height, x : x + width]) > 0.05
    for colour in ((0, 0, 255), (0, 255, 0), (255, 0, 0)):
        alike = np.abs(picture.astype(int) - colour).max(axis=2) < 40
        assert np.count_nonzero(alike) > np.count_nonzero(
            np.abs(bare.astype(int) - colour).max(axis=2) < 40
        )


def green_share(picture):
    """How much of a picture has the colour of the first face's mesh."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    return cv2.inRange(hsv, *GREEN).mean() / 255


def test_the_video_holds_the_whole_run(start_demo):
    demo = start_demo('--seconds', '13').end()
    # It begins with the first annotated image, which may be early.
    assert 12 < seconds_of(demo.output / 'faces.mp4') < 13 + 10


def test_record_limits_the_video(start_demo):
    demo = start_demo('--seconds', '4', '--record', '1').end()
    assert seconds_of(demo.output / 'faces.mp4') == 1
    assert '1.0 s of the run, as --record says' in demo.stdout


def test_half_a_second_is_enough(start_demo):
    demo = start_demo('--seconds', '.5').end()
    assert demo.status == 0
    _, answered, with_one_face = counts_of(demo.stdout)
    assert with_one_face == answered > 0


def test_two_demos_and_a_camera_do_not_interfere(start_demo, client, astronaut_bgr):
    """All in one domain; the camera's images on /image_raw have two faces."""
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
        sent, answered, with_one_face = counts_of(demo.stdout)
        assert with_one_face == answered <= sent
        assert sent < 4 * 30 + 15  # what its own camera sent
        spaces.add(re.search(r'below (/demo_\w+)/facemesh', demo.stdout)[1])
    assert len(spaces) == 2


LISTENER = """
import sys, rclpy
from facemesh_ros.msg import FaceMeshArray
rclpy.init()
node, received = rclpy.create_node('listener'), []
node.create_subscription(FaceMeshArray, sys.argv[1], received.append, 5)
while not any(msg.faces for msg in received):
    rclpy.spin_once(node)
"""


def test_another_terminal_receives_with_the_printed_variables(start_demo):
    demo = start_demo()
    line = demo.process.stdout.readline()
    variables, topics = re.search(r'To listen: (.*) and the topics below (\S+)', line).groups()
    printed = dict(variable.split('=') for variable in variables.split())
    assert printed['ROS_DOMAIN_ID'] == os.environ['ROS_DOMAIN_ID']
    listener = [sys.executable, '-c', LISTENER, f'{topics}/landmarks']
    subprocess.run(listener, env={**os.environ, **printed}, timeout=PATIENCE_S, check=True)
    assert demo.end(signal.SIGINT).status == 0


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_process(start_demo, number):
    demo = start_demo()
    assert any('fps' in line for line in demo.process.stdout)  # it shows something
    assert len(demo.processes()) == 3
    assert demo.end(number).status == 0


@pytest.mark.parametrize('moment_s', [0.0, 0.2, 0.8, 1.6, 2.4])
def test_ctrl_c_before_the_first_image_prints_a_sentence(start_demo, moment_s):
    demo = start_demo()
    time.sleep(moment_s)
    demo.end(signal.SIGINT)
    if demo.status:  # a quick machine may have shown something already
        assert demo.status == 130
        assert 'demo: ended before' in demo.stderr


def test_a_closed_pipe_ends_it(start_demo):
    """As in `./run demo | head -1`."""
    demo = start_demo()
    demo.process.stdout.readline()
    demo.process.stdout.close()
    demo.process.stdout = None
    assert demo.end().status == 1


def test_a_node_that_cannot_start_is_reported(start_demo, tmp_path):
    demo = start_demo(FACEMESH_MODEL_DIR=str(tmp_path / 'empty')).end()
    assert demo.status == 1
    assert 'facemesh models fetch' in demo.stderr


def test_the_default_shared_memory_of_a_container_is_enough(start_demo, mounted):
    """64 MB are what Docker gives by default; Fast DDS complains where it gets too little."""
    demo = start_demo('--seconds', '2', before=mounted(Path('/dev/shm'), '64m')).end()
    assert demo.status == 0
    assert 'SHM' not in demo.stderr
    assert '/dev/shm' not in demo.stderr


def test_too_little_shared_memory_is_reported(start_demo, mounted):
    demo = start_demo('--seconds', '1', before=mounted(Path('/dev/shm'), '20m')).end()
    assert '/dev/shm has' in demo.stderr
    assert '--shm-size' in demo.stderr
