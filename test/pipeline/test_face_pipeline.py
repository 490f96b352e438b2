"""The whole pipeline with the real models on a real face."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Faces, FaceState, Frame, PixelOrder

pytestmark = pytest.mark.filterwarnings('error')

GREY = 127
# Where the astronaut's head is in the picture: left, top, right, bottom.
HEAD = np.s_[30:230, 120:330]
GRID_PX = 80


@pytest.fixture(scope='module', params=['attention', 'mesh', 'v2'])
def sensor(request, require_models):
    require_models(request.param)
    return load_sensor(SensorSettings(landmark_model=request.param))


@pytest.fixture
def pipeline(sensor):
    """A pipeline without tracks."""
    return sensor.stream()


def rgb_frame(rgb: np.ndarray) -> Frame:
    return Frame(rgb, PixelOrder.RGB)


def with_heads(astronaut, *corners, image_wh=(640, 480)) -> np.ndarray:
    """A grey image with the astronaut's head at each of these top left corners."""
    head = astronaut[HEAD]
    image = np.full((image_wh[1], image_wh[0], 3), GREY, np.uint8)
    for x, y in corners:
        image[y : y + head.shape[0], x : x + head.shape[1]] = head
    return image


def check_consistent(faces: Faces, landmark_count: int) -> None:
    count = len(faces)
    assert faces.blendshapes.dtype == np.float32
    assert faces.blendshapes.shape in [(count, 0), (count, 52)]
    assert faces.ids.dtype == np.int64
    assert faces.states.dtype == np.uint8
    assert faces.ages.dtype == np.uint32
    assert faces.landmarks.shape == (count, landmark_count, 3)
    assert faces.boxes_xyxy.shape == (count, 4)
    for per_face in (faces.ids, faces.states, faces.ages, faces.rois, faces.names):
        assert len(per_face) == count
    for share in (faces.detection_scores, faces.presences):
        assert share.shape == (count,)
        assert ((share >= 0) & (share <= 1)).all()
    for numbers in (faces.landmarks, faces.boxes_xyxy, faces.presences, faces.detection_scores):
        assert numbers.dtype == np.float32
    assert faces.ids.tolist() == sorted(set(faces.ids.tolist()))


def test_the_astronaut_has_one_face(sensor, pipeline, astronaut):
    faces = pipeline.process_static_image(rgb_frame(astronaut))
    assert len(faces) == 1
    check_consistent(faces, sensor.model.landmark_count)
    assert faces.states.tolist() == [FaceState.TRACKED]
    assert faces.ages.tolist() == [1]
    # Read off the picture: between the eyes' outer corners, brows and chin.
    left, top, right, bottom = faces.boxes_xyxy[0]
    assert 165 < left < 190
    assert 260 < right < 285
    assert 60 < top < 85
    assert 165 < bottom < 190


def test_boxes_are_tight_around_the_landmarks(pipeline, astronaut):
    faces = pipeline.process_static_image(rgb_frame(with_heads(astronaut, (40, 100), (360, 140))))
    assert len(faces) == 2
    for box, points in zip(faces.boxes_xyxy, faces.landmarks, strict=True):
        assert box.tolist() == [*points[:, :2].min(axis=0), *points[:, :2].max(axis=0)]


@pytest.mark.parametrize('shift', [(GRID_PX, 0), (0, GRID_PX), (2 * GRID_PX, GRID_PX)])
def test_a_face_that_moves_takes_its_landmarks_along(pipeline, astronaut, shift):
    start = np.array([200, 100])
    before = pipeline.process_static_image(rgb_frame(with_heads(astronaut, start)))
    after = pipeline.process_static_image(rgb_frame(with_heads(astronaut, start + shift)))
    moved = after.landmarks - before.landmarks
    assert moved.shape[0] == 1
    # The face lies elsewhere in the inputs of detectors and tiles, so that the crop differs:
    # measured up to 1.9 px of 95 (mesh, depth included).
    assert np.abs(moved - np.float32([*shift, 0])).max() <= 2.5


def test_a_face_twice_as_large_has_landmarks_twice_as_far_apart(pipeline, astronaut):
    small = with_heads(astronaut, (60, 40), image_wh=(320, 240))
    large = small.repeat(2, axis=0).repeat(2, axis=1)
    before = pipeline.process_static_image(rgb_frame(small)).landmarks
    after = pipeline.process_static_image(rgb_frame(large)).landmarks
    # Pixel 10 becomes pixels 20 and 21. Bilinear sampling sees a little of the larger steps:
    # measured up to 2 px of the face's 190.
    expected = 2 * before + np.float32([0.5, 0.5, 0])
    assert np.abs(after - expected).max() <= 3


@pytest.mark.parametrize(
    ('order', 'channels'),
    [
        (PixelOrder.BGR, (2, 1, 0)),
        (PixelOrder.RGBA, (0, 1, 2, 0)),
        (PixelOrder.BGRA, (2, 1, 0, 0)),
    ],
)
def test_the_cameras_pixel_order_does_not_matter(pipeline, astronaut, order, channels):
    expected = pipeline.process_static_image(rgb_frame(astronaut))
    image = np.ascontiguousarray(astronaut[..., channels])
    faces = pipeline.process_static_image(Frame(image, order))
    assert np.array_equal(faces.landmarks, expected.landmarks)
    assert np.array_equal(faces.presences, expected.presences)


def test_a_grey_camera_finds_the_same_face(pipeline, astronaut):
    colour = pipeline.process_static_image(rgb_frame(astronaut))
    grey = np.rint(astronaut @ [0.299, 0.587, 0.114]).astype(np.uint8)
    mono = pipeline.process_static_image(Frame(grey, PixelOrder.MONO))
    as_rgb = pipeline.process_static_image(rgb_frame(np.dstack([grey] * 3)))
    assert np.array_equal(mono.landmarks, as_rgb.landmarks)
    # Without colour the model is a little less sure: a few px of 95.
    assert np.abs(mono.landmarks - colour.landmarks)[..., :2].mean() < 2


def test_no_more_faces_than_wanted(pipeline, astronaut):
    image = rgb_frame(with_heads(astronaut, (40, 100), (360, 140)))
    assert len(pipeline.process_static_image(image)) == 2
    pipeline.settings = replace(pipeline.settings, max_faces=1)
    one = pipeline.process_static_image(image)
    assert len(one) == 1
    check_consistent(one, one.landmarks.shape[1])


@pytest.mark.parametrize('name', ['min_presence_confidence', 'min_detection_confidence'])
def test_thresholds_drop_faces(pipeline, astronaut, name):
    pipeline.settings = replace(pipeline.settings, **{name: 1.0})
    assert len(pipeline.process_static_image(rgb_frame(astronaut))) == 0


@pytest.mark.parametrize('image_wh', [(640, 480), (1, 1), (7, 900)])
def test_no_face_in_a_grey_image(sensor, pipeline, image_wh):
    faces = pipeline.process_static_image(
        rgb_frame(with_heads(np.zeros((512, 512, 3)), image_wh=image_wh))
    )
    assert len(faces) == 0
    assert faces.names == []
    check_consistent(faces, sensor.model.landmark_count)


def test_a_detector_without_a_threshold_still_finds_the_face(pipeline, astronaut):
    pipeline.settings = replace(pipeline.settings, min_detection_confidence=0.0)
    # The face and little around it: everything in an image is a detection now.
    faces = pipeline.process_static_image(rgb_frame(astronaut[20:220, 120:320]))
    check_consistent(faces, faces.landmarks.shape[1])
    assert len(faces) >= 1
    assert faces.detection_scores.max() > 0.5


def test_names_begin_with_a_letter(pipeline, astronaut):
    faces = pipeline.process_static_image(rgb_frame(astronaut))
    assert faces.names == [f'f{faces.ids[0]:05d}']


def test_the_stages_are_entered_in_order(sensor, astronaut):
    stages = []

    @contextmanager
    def stage(name):
        stages.append(name)
        yield
        stages.append(f'/{name}')

    sensor.stream(stage).process_static_image(rgb_frame(astronaut))
    meanwhile = ['detect', '/detect', 'landmarks', '/landmarks']
    assert sorted(stages[: len(meanwhile)]) == sorted(meanwhile)
    expected = ['new faces', '/new faces', 'filter', '/filter']
    if sensor.model.landmark_model == 'v2':
        expected += ['blendshapes', '/blendshapes']
    expected += ['metric', '/metric']
    assert stages[len(meanwhile) :] == expected


def test_camera_and_depth_are_asked_for_once_the_landmarks_are_known(sensor, astronaut):
    """Both may arrive after the image; an image without a face needs neither."""
    order = []

    @contextmanager
    def stage(name):
        order.append(name)
        yield

    def find_geometry():
        order.append('asked')
        return CalibratedCamera(Intrinsics(500.0, 500.0, 255.5, 255.5)), None

    pipeline = sensor.stream(stage)
    frame = replace(rgb_frame(astronaut), find_geometry=find_geometry)
    faces = pipeline.process_static_image(frame)
    assert order.count('asked') == 1
    assert order.index('filter') < order.index('asked') < order.index('metric')
    assert np.isfinite(faces.metric.positions_m).all()
    grey = replace(frame, image=np.full((480, 640, 3), 128, np.uint8))
    assert len(pipeline.process_static_image(grey)) == 0
    assert order.count('asked') == 1


def test_the_image_is_not_changed(pipeline, astronaut):
    image = astronaut.copy()
    pipeline.process_static_image(rgb_frame(image))
    assert np.array_equal(image, astronaut)


@pytest.mark.parametrize('detector', ['short_range', 'full_range'])
def test_every_detector_leads_to_the_same_landmarks(sensor, pipeline, astronaut, detector):
    expected = pipeline.process_static_image(rgb_frame(astronaut))
    settings = SensorSettings(landmark_model=sensor.model.landmark_model, detector=detector)
    another = load_sensor(settings)
    assert another.model.detector == detector
    faces = another.stream().process_static_image(rgb_frame(astronaut))
    assert faces.landmarks.shape == expected.landmarks.shape
    # ROI refinement removes what their boxes differ by.
    assert np.abs(faces.landmarks - expected.landmarks)[..., :2].max() <= 2


def test_the_best_detections_stay_when_there_are_too_many(pipeline, astronaut):
    image = with_heads(astronaut, (40, 100), (360, 140))
    image[100:300, 40:250] = image[100:300, 40:250] // 4 + 90  # a face in fog
    both = pipeline.process_static_image(rgb_frame(image))
    assert len(both) == 2
    pipeline.settings = replace(pipeline.settings, max_faces=1)
    one = pipeline.process_static_image(rgb_frame(image))
    best = both.boxes_xyxy[both.detection_scores.argmax()]
    assert one.boxes_xyxy[0] == pytest.approx(best, abs=2)
