"""A C++ package uses the installed messages and headers by `find_package(facemesh_ros)`."""

import importlib.util
import math
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS and the installed package')

from consumer_messages import face_info, face_without_metres, placed_face
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, RegionOfInterest
from std_msgs.msg import Header

from facemesh_ros import consumer
from facemesh_ros.msg import FaceMesh, FaceMeshArray

CONSUMER = Path(__file__).parent / 'cpp_consumer'
MEND = Path(__file__).parents[2] / 'tools' / 'wheels' / 'mend.cmake'
NOW_NS = 1_700_000_000_250_000_000
NAN = math.nan

pytestmark = pytest.mark.skipif(
    not (shutil.which('cmake') and shutil.which(os.environ.get('CXX', 'c++'))),
    reason='needs cmake and a C++ compiler',
)


@pytest.fixture(scope='module')
def build(tmp_path_factory):
    """The folder of the programs, built as a package of the user's is."""
    folder = tmp_path_factory.mktemp('build')
    comes_as_wheels = importlib.util.find_spec('ros_wheels_bootstrapper') is not None
    # CMake's own choice would be make, which a machine without a ROS installation need not have.
    with_wheels = ['-GNinja', f'-DCMAKE_PROJECT_INCLUDE={MEND}'] if comes_as_wheels else []
    subprocess.run(['cmake', '-S', CONSUMER, '-B', folder, *with_wheels], check=True)
    subprocess.run(['cmake', '--build', folder], check=True)
    return folder


def test_cpp_program_fills_and_reads_a_face(build):
    said = subprocess.run([build / 'nearest_face'], check=True, capture_output=True, text=True)

    assert said.stdout == 'camera_optical_frame f00007 1 120.5 40 0.75 3\n'


def some_faces(landmark_count):
    """Faces of every kind that a message may tell."""
    random = np.random.default_rng(landmark_count)

    def fields(**given):
        return {
            'landmark_count': landmark_count,
            'box': random.normal(size=4).tolist(),
            'state': int(random.integers(3)),
            **given,
        }

    def turned():
        frame, _ = np.linalg.qr(random.normal(size=(3, 3)))
        return frame * np.linalg.det(frame)

    directions = random.normal(size=(20, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    placed = [
        placed_face(
            random.normal(size=3) * 0.2 + (0, 0, 1),
            turned(),
            gaze=direction,
            gaze_sigma=float(random.uniform(0.02, 0.5)),
            covariance=(spread := 0.05 * random.normal(size=(6, 6))) @ spread.T,
            metric_source=int(random.integers(1, 4)),
            **fields(),
        )
        for direction in directions
    ]
    one_eye = placed_face(gaze_left=np.full(3, NAN, np.float32), **fields())
    no_gaze = placed_face(gaze=(NAN,) * 3, gaze_sigma=NAN, **fields())
    scored = placed_face(blendshapes=random.uniform(size=52).tolist(), **fields())
    # As a message that nobody filled: its pose is identity, and means nothing.
    not_a_pose = placed_face(metric_source=FaceMesh.METRIC_NONE, landmarks_metric=[], **fields())
    lost = placed_face(
        landmarks=[NAN] * (3 * landmark_count),
        landmarks_metric=[NAN] * (3 * landmark_count),
        **fields(),
    )
    pixels_only = face_without_metres(
        **{key: value for key, value in fields().items() if key != 'box'}
    )
    return [*placed, one_eye, no_gaze, scored, not_a_pose, lost, pixels_only]


CAMERAS = {
    'plumb_bob': {'d': [0.1, -0.2, 0.001, -0.002, 0.05]},
    'rational_polynomial': {'d': [0.1, -0.2, 0.001, -0.002, 0.05, 0.2, -0.1, 0.03]},
    'equidistant': {'d': [0.05, -0.01, 0.004, -0.002]},
    '': {'d': []},
    'plumb_bob binned': {'d': [], 'binning_x': 2},
    'plumb_bob region': {'d': [], 'roi': RegionOfInterest(x_offset=3)},
    'mystery': {'d': [0.1]},
    'plumb_bob empty': {'k': np.zeros(9), 'p': np.zeros(12)},
}


def camera_of(name):
    k = [600.0, 0, 321.5, 0, 610, 238, 0, 0, 1]
    p = [500.0, 0, 320, 0, 0, 505, 240, 0, 0, 0, 1, 0]
    model = name.partition(' ')[0]
    header = Header()
    header.stamp.sec = 5
    return CameraInfo(
        header=header,
        width=640,
        height=480,
        distortion_model=model,
        **{'k': k, 'p': p, **CAMERAS[name]},
    )


@pytest.mark.parametrize('camera', CAMERAS)
@pytest.mark.parametrize(
    ('count', 'age_ns'), [(478, 250_000_000), (468, 90_000_000_000), (478, None)]
)
def test_cpp_and_python_give_the_same_answers(build, tmp_path, count, age_ns, camera):
    msg = FaceMeshArray(faces=some_faces(count))
    if age_ns is not None:
        stamp = msg.header.stamp
        stamp.sec, stamp.nanosec = divmod(NOW_NS - age_ns, 1_000_000_000)
    info, camera_info = face_info(count), camera_of(camera)
    files = []
    for number, each in enumerate((msg, info, camera_info)):
        files.append(tmp_path / str(number))
        files[-1].write_bytes(serialize_message(each))

    command = [build / 'answers', *files, str(NOW_NS)]
    said = subprocess.run(command, check=True, capture_output=True, text=True)

    found = [
        (name, list(map(float, rest))) for name, *rest in map(str.split, said.stdout.splitlines())
    ]
    expected = list(answers(msg, info, camera_info))
    assert [name for name, _ in found] == [name for name, _ in expected]
    for (name, numbers), (_, ours) in zip(found, expected, strict=True):
        np.testing.assert_allclose(
            numbers, np.ravel(ours).astype(float), rtol=1e-9, atol=1e-9, err_msg=name
        )


def answers(msg, info, camera_info):
    """Yield what answers.cpp prints, by the Python module."""
    names = consumer.NamedLandmarks(info)
    yield 'lips', names.region('lips_inner', 'lips_outer')
    yield refusal(lambda: names.region('lips'))
    yield refusal(lambda: names.point('left_iris'))
    yield 'seen_faces', [len(consumer.seen_faces(msg))]
    yield 'age_s', [consumer.age_s(msg.header, NOW_NS)]
    latest = consumer.LatestFaces()
    nothing = latest.at(NOW_NS)
    latest(msg)
    yield 'at', [given is None for given in (nothing, latest.at(NOW_NS), latest.at(NOW_NS, 1e9))]
    for face in msg.faces:
        yield from face_answers(face, names, info)
    yield from camera_answers(camera_info)


def face_answers(face, names, info):
    pixels, metres = consumer.landmarks(face), consumer.landmarks_metric(face)
    yield 'counts', [len(pixels), len(metres)]
    yield 'nose_tip', pixels[names.point('nose_tip')]
    yield 'box', consumer.box(face)
    yield 'covariance', consumer.covariance(face)
    scores = consumer.blendshapes(face, info)
    yield 'blendshapes', [scores[name] for name in sorted(scores)]
    yield 'is_metric', [consumer.is_metric(face)]
    for points in (pixels, metres):
        yield 'mouth_opening', consumer.mouth_opening(points, names)
        yield 'eye_opening', consumer.eye_opening(points, names, 'left')
        yield 'eye_opening', consumer.eye_opening(points, names, 'right')
    yield 'head_pose', consumer.head_pose(face)
    yield 'mouth_pose', consumer.mouth_pose(face, names)
    yield 'eyes_middle', consumer.eyes_middle(face, names)
    yield 'gaze', consumer.gaze(face)
    for point in ((0, 0, 0), (0.3, -0.1, 0.5)):
        look = consumer.look_at(face, names, point)
        yield 'look_at', look
        yield 'is_at', [look.is_at(), look.is_at(0.5)]


def camera_answers(info):
    for point in ((0.1, -0.2, 1.5), (0, 0, 1), (1, 1, -1)):
        for rectified in (False, True):
            try:
                yield 'project', consumer.project(info, point, rectified=rectified)
                yield 'refused', [0]
            except ValueError:
                yield 'refused', [1]
    infos = consumer.LatestCameraInfo()
    yield 'newest', [infos.newest is None]
    infos(info)
    later = CameraInfo()
    later.header.stamp.sec = info.header.stamp.sec + 1
    infos(later)
    yield 'of', [infos.of(info.header) is info, infos.of(Header()) is later]


def refusal(call):
    try:
        call()
    except KeyError:
        return 'refused', [1]
    return 'refused', [0]
