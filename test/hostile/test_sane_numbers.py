"""No NaN and no infinity, whatever an image shows, but where the interface says so."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hostile.sane_faces import insane_numbers

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.image.raw_image import MAX_SIDE_PX
from facemesh_ros.io.recordings.message_store import MessageStore
from facemesh_ros.messages.face_messages import FACES_TYPE, faces_cdr
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import DepthImage, Frame, PixelOrder


class Counts:
    dropped = lost = failed = 0


@pytest.fixture(scope='module')
def sensor(require_models):
    require_models('short_range', 'full_range', 'v2', 'blendshapes')
    sensor = load_sensor(SensorSettings(execution_provider='cpu'))
    yield sensor
    sensor.close()


@pytest.fixture
def seen(sensor):
    """Show images as a stream, with a camera and depths; return the last message."""
    store = MessageStore()

    def show(images, depth=None):
        stream = sensor.stream()
        for number, image in enumerate(images, 1):
            order = PixelOrder.BGR if image.ndim == 3 else PixelOrder.MONO
            size = image.shape[1::-1]
            camera = CalibratedCamera(Intrinsics.from_vertical_fov(size, 0.8))
            far = None
            if depth is not None:
                far = DepthImage(np.full(image.shape[:2], depth, np.float32), number * 10**8)
            # Warnings of numpy tell of NaN that is masked later.
            with np.errstate(invalid='raise', divide='raise', over='raise'):
                faces = stream.process(Frame(image, order, number * 10**8, camera, far))
            cdr = faces_cdr(faces, store.classes.Header(), size, Counts())
            msg = store.deserialised(cdr, FACES_TYPE)
            assert list(insane_numbers(msg)) == []
        return msg

    return show


def noise(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    'image',
    [
        *(np.full((240, 320, 3), level, np.uint8) for level in (0, 1, 128, 255)),
        noise(240, 320),
        np.full((240, 320), 255, np.uint8),
        *(noise(*shape) for shape in ((1, 1), (1, 2), (2, 1), (1, 640), (640, 1), (3, 3))),
        np.zeros((1, MAX_SIDE_PX), np.uint8),
        np.zeros((MAX_SIDE_PX, 1), np.uint8),
        np.zeros((2, MAX_SIDE_PX, 3), np.uint8),
    ],
    ids=lambda image: 'x'.join(map(str, image.shape)) + f'-{image.flat[0]}',
)
def test_what_shows_no_face_has_none(seen, image):
    assert not seen([image] * 3).faces


def moved(bgr, shift_xy=(0, 0), scale=1.0):
    """Return the picture scaled about the face's middle, and shifted, in an image of its size."""
    middle = np.array([225, 120])
    shift = middle * (1 - scale) + shift_xy
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], float)
    return cv2.warpAffine(bgr, matrix, bgr.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)


FACES = {
    'as it is': lambda bgr: moved(bgr),
    'at the left border': lambda bgr: moved(bgr, (-225, 0)),
    'half above': lambda bgr: moved(bgr, (0, -120)),
    'in a corner': lambda bgr: moved(bgr, (-200, -100)),
    'larger than the image': lambda bgr: moved(bgr, (30, 130), scale=5),
    'tiny': lambda bgr: moved(bgr, (30, 130), scale=0.2),
    'upside down': lambda bgr: bgr[::-1, ::-1],
    'mirrored': lambda bgr: bgr[:, ::-1],
    'nearly black': lambda bgr: bgr // 32,
    'blown out': lambda bgr: cv2.convertScaleAbs(bgr, alpha=4, beta=60),
    'a row of it': lambda bgr: bgr[110:111],
    'a column of it': lambda bgr: bgr[:, 225:226],
}


@pytest.mark.parametrize('kind', FACES)
def test_numbers_of_a_face_are_sane_wherever_it_is(seen, astronaut, kind):
    bgr = np.ascontiguousarray(astronaut[..., ::-1])
    seen([np.ascontiguousarray(FACES[kind](bgr))] * 3)


@pytest.mark.parametrize('metres', [0, -1, 1e-30, 0.5, 65.535, 1e30, np.nan, np.inf, -np.inf])
def test_numbers_of_a_face_are_sane_whatever_a_depth_camera_says(seen, astronaut, metres):
    assert seen([np.ascontiguousarray(astronaut[..., ::-1])] * 3, metres).faces


def test_a_face_that_jumps_grows_and_leaves_is_sane_in_every_image(seen, astronaut):
    bgr = np.ascontiguousarray(astronaut[..., ::-1])
    images = [np.ascontiguousarray(FACES[kind](bgr)) for kind in FACES if 'of it' not in kind]
    seen([image for pair in zip(images, images[::-1], strict=True) for image in pair])
