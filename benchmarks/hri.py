"""The 70 points of ROS4HRI: where they lie on annotated faces, beside hri_face_detect's choice.

Both take points of the same mesh, which this package finds in the pictures of $FACEMESH_DATA; only
the tables differ. hri_face_detect's is read out of its source, which needs not be installed:

    git clone -b humble-devel https://github.com/ros4hri/hri_face_detect
    ./run bench hri --peer hri_face_detect/hri_face_detect/node_face_detect.py

Annotated are 68 points of each face, in the scheme that both packages mean (iBUG). See
docs/hri.md.
"""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import numpy as np
from annotated_points import POINTS
from common.command import DATA_VARIABLE, MeasurementError, data_folder, run_benchmark
from common.machine import conditions, cores_in_use
from common.report import Report, Table
from levelled_faces import levelled_faces
from workspace.message_packages import definitions_of

from facemesh_ros.geometry.openpose_face import openpose_face

PARTS = {
    'contour': range(17),
    'brows': range(17, 27),
    'nose': range(27, 36),
    'eyes': range(36, 48),
    'mouth': range(48, POINTS),
    'all': range(POINTS),
}
NOTE = (
    'Mean distance from a point to the annotated one, in % of the distance between the outer '
    'corners of the eyes. dlib annotated by a model, one face was annotated by hand.'
)
COLUMNS = [
    ('table of', '{system}'),
    ('faces', '{faces}'),
    *((part, f'{{{part}:.1f}}') for part in PARTS),
]


def measure(chosen: Namespace) -> Report:
    """Measure both tables on all annotated faces."""
    before, folder = cores_in_use(), data_folder()
    if not folder:
        raise MeasurementError(f'set ${DATA_VARIABLE} to the folder of pictures')
    tables = {'this package': openpose_face(478)[:POINTS]}
    if chosen.peer:
        tables['hri_face_detect'] = peer_points(chosen.peer)
    faces = list(levelled_faces(folder))
    rows = [
        {'system': system, 'faces': len(faces), **_errors(faces, points)}
        for system, points in tables.items()
    ]
    left_out = () if chosen.peer else ('hri_face_detect: --peer FILE names its source',)
    table = Table('points', 'Distance to annotated points', COLUMNS, rows)
    return Report(NOTE, conditions(before), left_out, [table])


def peer_points(source: Path) -> np.ndarray:
    """Read the landmark of each of the first 68 points out of hri_face_detect's source."""
    (definition,) = (path for path in definitions_of('hri_msgs') if path.stem == 'FacialLandmarks')
    codes = dict(re.findall(r'uint8 (\w+)=(\d+)', definition.read_text()))
    found: Mapping[str, str] = dict(
        re.findall(r'FacialLandmarks\.(\w+): (\d+)\b', source.read_text())
    )
    points = np.full(len(codes), -1)
    for name, landmark in found.items():
        points[int(codes[name])] = int(landmark)
    if (points < 0).any():
        raise MeasurementError(f'{source} has not all points of FacialLandmarks')
    return points[:POINTS]


def _errors(faces: list[Any], points: np.ndarray) -> dict[str, float]:
    placed = np.array([mesh[points] for mesh, _ in faces])
    distances = np.linalg.norm(placed - [annotated for _, annotated in faces], axis=2)
    return {part: float(100 * distances[:, list(own)].mean()) for part, own in PARTS.items()}


if __name__ == '__main__':
    peer = {'type': Path, 'metavar': 'FILE', 'help': "hri_face_detect's node_face_detect.py"}
    sys.exit(
        run_benchmark(
            __doc__, measure, quick='nothing: it takes seconds', options={'--peer': peer}
        )
    )
