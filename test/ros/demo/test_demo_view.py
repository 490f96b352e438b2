"""`./run demo --view` without a display: what a browser shows at the address that is printed."""

from __future__ import annotations

import re
import signal

import cv2
import numpy as np
import pytest
from chromium import chromium, opened_page

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.errors import FacemeshError
from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.ros.demo.viewers import NONE, RVIZ, chosen_viewer
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder
from facemesh_ros.viz.overlay import rgb_of_id

SIZE_WH = (900, 600)
# Slow and small, because what draws the page by software shares two cores with the node.
RATE_HZ, IMAGE_WH, FRAMES = 4.0, (320, 240), 40


@pytest.fixture
def clip(tmp_path):
    """A face that moves: pictures and meshes of different moments do not fit each other."""
    path = tmp_path / 'moving.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), RATE_HZ, IMAGE_WH)
    face = moving_astronaut(IMAGE_WH)
    for number in range(FRAMES):
        writer.write(face.image_at(number / 8))
    writer.release()
    return path


def test_without_an_option_rviz_is_shown_where_it_can_be(tmp_path, monkeypatch):
    rviz = tmp_path / 'rviz2'
    rviz.write_text('#!/bin/sh\n')
    rviz.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setenv('DISPLAY', ':0')
    assert chosen_viewer(None) == chosen_viewer(RVIZ) == RVIZ
    assert chosen_viewer(NONE) == NONE
    rviz.unlink()
    assert chosen_viewer(None) == NONE
    with pytest.raises(FacemeshError, match='rviz2 on the PATH'):
        chosen_viewer(RVIZ)


def address_in(demo):
    for line in demo.process.stderr:
        print(line, end='')
        if found := re.search(r'http://localhost:\d+', line):
            return found[0]
    raise AssertionError('no address was printed')


def in_colour_of_first_face(picture):
    """Mask of the pixels in the hue of f00001."""
    bgr = np.uint8([[np.rint(255 * np.array(rgb_of_id(1)[::-1]))]])
    hue = int(cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV)[0, 0, 0])
    return cv2.inRange(
        cv2.cvtColor(picture, cv2.COLOR_BGR2HSV), (hue - 6, 90, 90), (hue + 6, 255, 255)
    )


def box_of(mask):
    """x0 y0 x1 y1 of the largest connected part."""
    joined = cv2.dilate(mask, np.ones((5, 5)))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(joined)
    x, y, width, height, area = max(boxes[1:].tolist(), key=lambda it: it[-1], default=[0] * 5)
    return np.array([x, y, x + width, y + height]), area


def iou(one, other):
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = np.prod(np.maximum(high - low, 0))
    return shared / (np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - shared)


@pytest.fixture(scope='module')
def boxes_of_faces(model_store):
    """Where a picture shows faces, (N, 4) px."""
    sensor = load_sensor(SensorSettings(min_birth_frames=1, metric_mode='none'))
    yield lambda bgr: sensor.stream().process(Frame(bgr, PixelOrder.BGR)).boxes_xyxy
    sensor.close()


def test_the_page_shows_the_face_with_its_mesh(
    start_demo, clip, tmp_path, require, require_package, boxes_of_faces
):
    require_package('rerun')
    program = chromium()
    require(program, 'Chromium')
    demo = start_demo('--view', '--video', str(clip), DISPLAY='', WAYLAND_DISPLAY='')
    url = address_in(demo)
    height = SIZE_WH[1]

    def shows_the_face(page_bgr):
        """In the picture under its mesh, and in space beside it."""
        upper = page_bgr[height // 10 : height * 6 // 10]
        picture, space = np.split(upper, 2, axis=1)
        mesh_box, area = box_of(in_colour_of_first_face(picture))
        _, area_in_space = box_of(in_colour_of_first_face(space))
        return min(area, area_in_space) > 1000 and any(
            # Thin lines over a face keep it from being detected.
            iou(mesh_box, face_box) > 0.5
            for face_box in boxes_of_faces(cv2.medianBlur(picture, 5))
        )

    try:
        with opened_page(program, tmp_path / 'profile', SIZE_WH) as page:
            page.open(url)
            page.screenshot_when(shows_the_face, 'face under its mesh', tmp_path / 'page.png')
            # What it asks of other machines is refused, and said to be.
            unexpected = [it for it in page.complaints if 'Content Security Policy' not in it]
    finally:
        demo.end(signal.SIGINT)  # which prints what it said
    assert demo.status == 0
    assert unexpected == []
    # The terminal goes on beside it.
    assert len(re.findall(r'fps .* f00001 \d\.\d\d m', demo.stdout)) > 1
