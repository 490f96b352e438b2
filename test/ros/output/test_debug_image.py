"""The annotated image, raw and as a JPEG: the same picture, drawn once, only while subscribed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as PillowImage
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.ros.input.image_conversion import frame_from_msg
from facemesh_ros.ros.output import image_result
from facemesh_ros.ros.output.debug_image import compressed_msg, raw_msg
from facemesh_ros.ros.output.image_result import ImageResult
from facemesh_ros.types import Frame, PixelOrder
from test.ros.output.random_faces import LANDMARKS, random_faces

HEADER = Header(frame_id='camera_optical_frame')
STAGES = ('debug image', 'debug image compressed')


def rgb_of(msg: CompressedImage) -> np.ndarray:
    return np.asarray(PillowImage.open(io.BytesIO(bytes(msg.data))).convert('RGB'))


def test_both_are_one_drawing(monkeypatch):
    drawn = []
    draw = image_result.draw_faces

    def counted(*arguments):
        drawn.append(draw(*arguments))
        return drawn[-1]

    monkeypatch.setattr(image_result, 'draw_faces', counted)
    random = np.random.default_rng(1)
    smooth = np.repeat(np.repeat(random.integers(0, 256, (12, 16, 3)), 40, axis=0), 40, axis=1)
    frame = Frame(smooth.astype(np.uint8), PixelOrder.BGR)
    faces = random_faces([3, 7], 1)
    result = ImageResult(faces, frame, HEADER, 'mesh', load_topology(LANDMARKS), None)
    raw, compressed = raw_msg(result), compressed_msg(result)
    assert len(drawn) == 1
    assert raw.header == compressed.header == HEADER
    assert np.asarray(raw.data).reshape(drawn[0].shape).tolist() == drawn[0].tolist()
    difference = rgb_of(compressed)[..., ::-1].astype(int) - drawn[0]
    assert np.abs(difference).mean() < 3
    # As any image_transport subscriber of ours reads it.
    np.testing.assert_array_equal(frame_from_msg(compressed).image, rgb_of(compressed)[..., ::-1])


@pytest.fixture(scope='module', autouse=True)
def node(start_node):
    return start_node('landmark_model:=attention')


def test_each_is_made_only_while_somebody_subscribes(client, face_msg):
    client.answer_to(face_msg())
    client.wait_until(lambda: 'publish (ms)' in client.figures, 'the times of stages')
    assert not {f'{stage} (ms)' for stage in STAGES} & client.figures.keys()
    compressed, raw = [], []
    client.create_subscription(
        CompressedImage,
        'facemesh/debug_image/compressed',
        compressed.append,
        qos_profile_sensor_data,
    )
    client.wait_until(lambda: client.answer_to(face_msg()) and compressed, 'a JPEG')
    client.figures = {}
    client.wait_until(lambda: f'{STAGES[1]} (ms)' in client.figures, 'the time of a JPEG')
    assert f'{STAGES[0]} (ms)' not in client.figures
    client.create_subscription(Image, 'facemesh/debug_image', raw.append, qos_profile_sensor_data)

    def alike():
        client.answer_to(face_msg())
        client.spin_for(0.2)
        return [(one, other) for one in raw for other in compressed if one.header == other.header]

    client.wait_until(alike, 'both of one image')
    picture, jpeg = alike()[0]
    assert picture.header.frame_id == 'test_optical_frame'
    difference = rgb_of(jpeg)[..., ::-1].astype(int) - frame_from_msg(picture).image
    assert np.abs(difference).mean() < 3
