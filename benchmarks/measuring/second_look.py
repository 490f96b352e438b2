"""What a second look at a new face gives: its landmarks placed again in a better crop."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.inference.model_loader import load_session
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.models.store import ModelStore
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Faces, Float32, Frame, PixelOrder

from .annotations import MESH_OF_POINT, annotated_faces, point_error
from .disturbances import Disturbance
from .faces import Float64, TrueFaces, matches
from .markdown import table
from .pictures import Picture

LANDMARK_MODEL = 'v2'
ALL_LOOKS = 5
RIGHT_EYE_CORNER, LEFT_EYE_CORNER = 33, 263


@dataclass(frozen=True)
class Seen:
    """One face in one disturbed picture.

    Attributes:
        picture: Its name.
        disturbance: What was done to it.
        size_px: Of the face.
        errors: Distance from the annotated points after one and after two looks, % of the
            distance between the outer corners of the eyes; empty without annotation.
        distances: The same from the landmarks after `ALL_LOOKS` looks, mean of all landmarks.
    """

    picture: str
    disturbance: str
    size_px: float
    errors: tuple[float, ...]
    distances: tuple[float, ...]


@dataclass(frozen=True)
class SecondLook:
    """All that was seen, and what one look at one face costs, ms."""

    seen: list[Seen]
    look_ms: float


def measured_second_look(
    pictures: Sequence[Picture], data_folder: Path, disturbances: Sequence[Disturbance]
) -> SecondLook:
    """Look at all faces of all pictures in each disturbance once, twice and `ALL_LOOKS` times."""
    points_of = annotated_faces(data_folder)
    looker = _Looker()
    seen = [
        face
        for picture in pictures
        if len(picture.faces)
        for disturbance in disturbances
        for face in looker.seen(picture, disturbance, points_of.get(picture.name, []))
    ]
    return SecondLook(seen, float(np.median(looker.looks_ms)))


class _Looker:
    """Our pipeline, and the landmark model alone for all looks after the second."""

    def __init__(self) -> None:
        settings = SensorSettings(
            max_faces=64,
            landmark_model=LANDMARK_MODEL,
            execution_provider='cpu',
            publish_blendshapes=False,
        )
        self.looks_ms: list[float] = []
        self._pipeline: FacePipeline = load_sensor(settings).stream()
        choice = ProviderChoice(settings.execution_provider)
        self._landmarker = FaceMesh(
            CpuCropModel(load_session(ModelStore(), LANDMARK_MODEL, choice), FaceMesh.OUTPUTS)
        )

    def seen(
        self, picture: Picture, disturbance: Disturbance, annotated: Sequence[Float64]
    ) -> Iterator[Seen]:
        """Yield the faces that are found both with and without a second look."""
        image_wh = (picture.rgb.shape[1], picture.rgb.shape[0])
        frame = Frame(disturbance.disturbed(picture.rgb), PixelOrder.RGB)
        truth = _moved(picture.faces, disturbance, image_wh)
        once, twice = (_on_faces(truth, self._faces(frame, looks)) for looks in (1, 2))
        points_of = _points_of_faces(picture.faces, annotated)
        for face in sorted(once.keys() & twice.keys()):
            looks = [once[face][:, :2], twice[face][:, :2]]
            settled = self._settled(frame, twice[face])
            points = points_of.get(face)
            moved = None if points is None else disturbance.moved(points, image_wh)
            yield Seen(
                picture.name,
                disturbance.name,
                float(truth.sizes_px[face]),
                () if moved is None else tuple(point_error(look, moved) for look in looks),
                tuple(_distance(look, settled) for look in looks),
            )

    def _faces(self, frame: Frame, looks: int) -> Faces:
        settings = self._pipeline.settings
        self._pipeline.settings = replace(settings, second_look=looks == 2)
        return self._pipeline.process_static_image(frame)

    def _settled(self, frame: Frame, landmarks: Float32) -> Float32:
        """Return (L, 2) px after all looks, from those after two."""
        points = landmarks[None]
        for _ in range(ALL_LOOKS - 2):
            began = time.perf_counter()
            points = self._landmarker.predict(frame, rois_from_landmarks(points)).points
            self.looks_ms.append(1e3 * (time.perf_counter() - began))
        return points[0, :, :2]


def _moved(faces: TrueFaces, disturbance: Disturbance, image_wh: tuple[int, int]) -> TrueFaces:
    """Return where the faces are in the disturbed picture; the boxes stay upright."""
    corners = faces.boxes_xyxy.reshape(-1, 2, 2)
    centres = disturbance.moved(corners.mean(axis=1), image_wh)
    scale = np.sqrt(np.linalg.det(disturbance.motion(image_wh)[:, :2]))
    halves = scale * (corners[:, 1] - corners[:, 0]) / 2
    boxes = np.concatenate([centres - halves, centres + halves], axis=1)
    return replace(faces, boxes_xyxy=boxes, sizes_px=scale * faces.sizes_px)


def _on_faces(truth: TrueFaces, faces: Faces) -> dict[int, Float32]:
    """Return the landmarks of each true face that was found, by its index."""
    pairs = matches(truth, faces.boxes_xyxy.astype(float))
    return {face: faces.landmarks[result] for face, result in pairs}


def _points_of_faces(faces: TrueFaces, annotated: Sequence[Float64]) -> dict[int, Float64]:
    """Return the annotated points by the index of their face."""
    boxes = [np.concatenate([points.min(axis=0), points.max(axis=0)]) for points in annotated]
    pairs = matches(faces, np.array(boxes).reshape(-1, 4))
    return {face: annotated[result] for face, result in pairs}


def _distance(look: Float32, settled: Float32) -> float:
    eyes = np.linalg.norm(settled[LEFT_EYE_CORNER] - settled[RIGHT_EYE_CORNER])
    return float(100 * np.linalg.norm(look - settled, axis=1).mean() / eyes)


def second_look_table(result: SecondLook) -> tuple[str, str]:
    """Return a title and the result as a table."""
    errors = np.array([one.errors for one in result.seen if one.errors])
    distances = np.array([one.distances for one in result.seen])
    rows = []
    for title, values in (
        (f'from {len(MESH_OF_POINT)} annotated points', errors),
        (f'from the landmarks after {ALL_LOOKS} looks', distances),
    ):
        for look, text in enumerate(('one look', 'two looks')) if len(values) else ():
            nearer = f'{(values[:, 1] < values[:, 0]).mean():.0%}' if look else ''
            figures = [values[:, look].mean(), *np.percentile(values[:, look], (50, 95))]
            rows.append([title, text, str(len(values)), *(f'{v:.2f}' for v in figures), nearer])
    titles = ['distance', 'after', 'n', 'mean', 'median', 'p95', 'nearer than after one']
    title = (
        f'Second look, each face in {len({one.disturbance for one in result.seen})} disturbances '
        f'of its picture, % of the distance between the outer corners of the eyes; '
        f'a look costs {result.look_ms:.1f} ms a face'
    )
    return title, table(titles, rows)
