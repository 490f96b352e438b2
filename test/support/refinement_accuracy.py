"""How much ROI refinement (parameter `second_look`) improves the landmarks of a new face.

A new face's landmarks come from the detector's ROI. Refinement runs the landmark model a second
time, in the ROI of the first landmarks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from annotated_points import annotated_faces, point_error
from cpu_models import cpu_session, landmark_model
from ground_truth import Float64, TrueFaces, match_boxes
from perturbations import Perturbation
from sample_pictures import Picture

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Faces, Float32, Frame, PixelOrder

LANDMARK_MODEL = 'v2'
CONVERGED_RUNS = 5
RIGHT_EYE_CORNER, LEFT_EYE_CORNER = 33, 263


@dataclass(frozen=True)
class RefinedFace:
    """One face in one perturbed picture; both tuples hold (without, with) refinement.

    Attributes:
        picture: Its name.
        perturbation: Its name.
        size_px: Of the face.
        errors: Distance from the annotated points, % of the distance between the outer corners of
            the eyes; empty without annotation.
        distances: The same from the landmarks after `CONVERGED_RUNS` runs, mean of all landmarks.
    """

    picture: str
    perturbation: str
    size_px: float
    errors: tuple[float, ...]
    distances: tuple[float, ...]


@dataclass(frozen=True)
class RefinementAccuracy:
    """All faces, and the time of one run of the landmark model on one face, ms."""

    faces: list[RefinedFace]
    run_ms: float


def measure_refinement(
    pictures: Sequence[Picture], data_folder: Path, perturbations: Sequence[Perturbation]
) -> RefinementAccuracy:
    """Measure all faces of all pictures in each perturbation."""
    points_of = annotated_faces(data_folder)
    measurement = _Measurement()
    faces = [
        face
        for picture in pictures
        if len(picture.faces)
        for perturbation in perturbations
        for face in measurement.faces(picture, perturbation, points_of.get(picture.name, []))
    ]
    return RefinementAccuracy(faces, float(np.median(measurement.runs_ms)))


class _Measurement:
    """The pipeline, and the landmark model alone for the runs after refinement."""

    def __init__(self) -> None:
        settings = SensorSettings(
            max_faces=64,
            landmark_model=LANDMARK_MODEL,
            execution_provider='cpu',
            publish_blendshapes=False,
        )
        self.runs_ms: list[float] = []
        self._pipeline = load_sensor(settings).stream()
        self._landmark_model = landmark_model(cpu_session(LANDMARK_MODEL))

    def faces(
        self, picture: Picture, perturbation: Perturbation, annotated: Sequence[Float64]
    ) -> Iterator[RefinedFace]:
        """Yield the faces that are found both with and without refinement."""
        image_wh = (picture.rgb.shape[1], picture.rgb.shape[0])
        frame = Frame(perturbation.apply(picture.rgb), PixelOrder.RGB)
        truth = _moved(picture.faces, perturbation, image_wh)
        first, refined = (
            _landmarks_by_face(truth, self._process(frame, refine)) for refine in (False, True)
        )
        points_of = _points_by_face(picture.faces, annotated)
        for face in sorted(first.keys() & refined.keys()):
            both = [first[face][:, :2], refined[face][:, :2]]
            converged = self._converged(frame, refined[face])
            errors: tuple[float, ...] = ()
            if face in points_of:
                points = perturbation.move_points(points_of[face], image_wh)
                errors = tuple(point_error(landmarks, points) for landmarks in both)
            yield RefinedFace(
                picture.name,
                perturbation.name,
                float(truth.sizes_px[face]),
                errors,
                tuple(_distance(landmarks, converged) for landmarks in both),
            )

    def _process(self, frame: Frame, refine: bool) -> Faces:
        self._pipeline.settings = replace(self._pipeline.settings, second_look=refine)
        return self._pipeline.process_static_image(frame)

    def _converged(self, frame: Frame, landmarks: Float32) -> Float32:
        """Return (L, 2) px after `CONVERGED_RUNS` runs, from the refined landmarks."""
        points = landmarks[None]
        for _ in range(CONVERGED_RUNS - 2):
            started = time.perf_counter()
            points = self._landmark_model.predict(frame, rois_from_landmarks(points)).points
            self.runs_ms.append(1e3 * (time.perf_counter() - started))
        return points[0, :, :2]


def _moved(faces: TrueFaces, perturbation: Perturbation, image_wh: tuple[int, int]) -> TrueFaces:
    """Return the faces in the perturbed picture; boxes stay upright."""
    corners = faces.boxes_xyxy.reshape(-1, 2, 2)
    centres = perturbation.move_points(corners.mean(axis=1), image_wh)
    scale = np.sqrt(np.linalg.det(perturbation.affine(image_wh)[:, :2]))
    halves = scale * (corners[:, 1] - corners[:, 0]) / 2
    boxes = np.concatenate([centres - halves, centres + halves], axis=1)
    return replace(faces, boxes_xyxy=boxes, sizes_px=scale * faces.sizes_px)


def _landmarks_by_face(truth: TrueFaces, faces: Faces) -> dict[int, Float32]:
    """Return the landmarks of each true face that was found, by its index."""
    pairs = match_boxes(truth, faces.boxes_xyxy.astype(float))
    return {face: faces.landmarks[result] for face, result in pairs}


def _points_by_face(faces: TrueFaces, annotated: Sequence[Float64]) -> dict[int, Float64]:
    """Return the annotated points by the index of their face."""
    boxes = [np.concatenate([points.min(axis=0), points.max(axis=0)]) for points in annotated]
    pairs = match_boxes(faces, np.array(boxes).reshape(-1, 4))
    return {face: annotated[result] for face, result in pairs}


def _distance(landmarks: Float32, converged: Float32) -> float:
    eyes = np.linalg.norm(converged[LEFT_EYE_CORNER] - converged[RIGHT_EYE_CORNER])
    return float(100 * np.linalg.norm(landmarks - converged, axis=1).mean() / eyes)
