"""Meshes found on annotated faces, and the annotated points, with the eyes level and 1 apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from annotated_points import LEFT_EYE_CORNER, RIGHT_EYE_CORNER, annotated_faces
from ground_truth import Float64, TrueFaces, match_boxes
from sample_pictures import load_pictures

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder


def levelled_faces(data_folder: Path) -> Iterator[tuple[Float64, Float64]]:
    """Yield mesh (L, 2) and annotated points (68, 2) of each annotated face that is found.

    The unit is the distance between the outer corners of the eyes.
    """
    sensor = load_sensor(SensorSettings(max_faces=64, execution_provider='cpu'))
    rgb_of = {picture.name: picture.rgb for picture in load_pictures(data_folder)}
    try:
        pipeline = sensor.stream()
        for picture, faces in annotated_faces(data_folder).items():
            found = pipeline.process_static_image(Frame(rgb_of[picture], PixelOrder.RGB))
            boxes = np.array([[*points.min(axis=0), *points.max(axis=0)] for points in faces])
            truth = TrueFaces(boxes, boxes[:, 3] - boxes[:, 1], np.zeros(len(boxes), bool))
            for face, result in match_boxes(truth, found.boxes_xyxy.astype(float)):
                points = faces[face]
                middle, level = points.mean(axis=0), _levelling(points)
                yield (found.landmarks[result, :, :2] - middle) @ level, (points - middle) @ level
    finally:
        sensor.close()


def _levelling(points: Float64) -> Float64:
    """Return the matrix (2, 2) that levels and scales points, as rows."""
    eyes = points[LEFT_EYE_CORNER] - points[RIGHT_EYE_CORNER]
    x, y = eyes / (eyes @ eyes)
    return np.array([[x, -y], [y, x]])
