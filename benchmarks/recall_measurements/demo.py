"""False faces in the demo's motion: a portrait that sways before a shuttle, a flag, a helmet."""

from __future__ import annotations

import cv2
import numpy as np
from common.command import log
from common.report import Row, Table
from ground_truth import TrueFaces, compare_boxes
from recall_measurements.session import Session
from sample_pictures import Picture

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.io.moving_face import MovingFace, moving_astronaut
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import FaceState, Frame, PixelOrder

IMAGE_WH, RATE_HZ = (640, 480), 30
SECONDS = 600
# Streams that begin anew all over the motion: each searches the whole image, in another phase of
# the motion, in its first images.
SHORT, QUICK = (120, 15), (40, 15)
ASTRONAUT = 'scikitimage__astronaut.png'
MODELS = ('v2', 'attention')
COLUMNS = [
    *(('landmark model', '{model}'), ('images', '{images}'), ('face found', '{found}')),
    *(('false, confirmed', '{confirmed}'), ('false, tentative', '{tentative}')),
    *(('false ids', '{ids}'), ('first at s', '{first_s:.1f}')),
]


def measure_demo(session: Session) -> None:
    """Measure short streams from all over ten minutes."""
    _measure(session, *(QUICK if session.quick else SHORT))


def measure_long_demo(session: Session) -> None:
    """Measure ten minutes in one stream, 18,000 images of each model."""
    _measure(session, 1, SECONDS * RATE_HZ)


def _measure(session: Session, streams: int, images: int) -> None:
    portrait = next(one for one in session.pictures if one.name == ASTRONAUT)
    moving = moving_astronaut(IMAGE_WH)
    rows = []
    for model in MODELS:
        log(f'demo, {model}')
        rows.append(_row(model, moving, portrait, streams, images))
    title = (
        f"The demo's motion in {SECONDS} s, streams of {images} images at {RATE_HZ} Hz: {streams}"
    )
    session.tables.append(Table('demo_long' if streams == 1 else 'demo', title, COLUMNS, rows))


def _row(model: str, moving: MovingFace, portrait: Picture, streams: int, images: int) -> Row:
    cv2.setNumThreads(1)
    settings = SensorSettings(
        landmark_model=model, execution_provider='cpu', publish_blendshapes=False
    )
    stream = load_sensor(settings).stream()
    found, counts, ids = 0, {FaceState.TRACKED: 0, FaceState.TENTATIVE: 0}, set()
    first_s: float | None = None
    for image in range(streams * images):
        number, within = divmod(image, images)
        if not within:
            stream.reset()
        time_s = SECONDS * number / streams + within / RATE_HZ
        frame = Frame(moving.image_at(time_s), PixelOrder.BGR, round((1 + time_s) * 1e9))
        faces = stream.process(frame)
        truth = _moved(portrait.faces, moving.image_from_portrait(time_s))
        shown = faces.states != FaceState.COASTING
        compared = compare_boxes(truth, faces.boxes_xyxy[shown].tolist())
        found += compared.found[0]
        for box in compared.false_boxes:
            index = np.flatnonzero((np.abs(faces.boxes_xyxy - box) < 1e-3).all(axis=1))[0]
            counts[FaceState(faces.states[index])] += 1
            ids.add(int(faces.ids[index]))
            first_s = time_s if first_s is None else first_s
    return {
        'model': model,
        'images': streams * images,
        'found': found,
        'confirmed': counts[FaceState.TRACKED],
        'tentative': counts[FaceState.TENTATIVE],
        'ids': len(ids),
        'first_s': first_s,
    }


def _moved(faces: TrueFaces, affine: np.ndarray) -> TrueFaces:
    """Return the faces in the image; their boxes stay upright."""
    corners = faces.boxes_xyxy.reshape(-1, 2, 2)
    centres = corners.mean(axis=1) @ affine[:, :2].T + affine[:, 2]
    scale = float(np.sqrt(np.linalg.det(affine[:, :2])))
    halves = scale * (corners[:, 1] - corners[:, 0]) / 2
    boxes = np.concatenate([centres - halves, centres + halves], axis=1)
    return TrueFaces(boxes, scale * faces.sizes_px, faces.optional)
