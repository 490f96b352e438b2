"""Reads ICT-FaceKit's published model: one Wavefront file of all vertices for each shape."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Ints = NDArray[np.int64]

# Polygons of geometries of ICT-FaceKit's README: the face, #0; head and neck, #1; eyeballs, #7
# and #8.
FACE_POLYGONS = slice(0, 9230)
REST_POLYGONS = (slice(9230, 11144), slice(21496, 24692))
FACE_VERTICES = 9409
# Eyeballs of the README, the subject's right one first: cornea and sclera; within, pupil and iris.
EYEBALLS = (slice(23021, 23791), slice(21451, 22221))
IRISES = (slice(23791, 24591), slice(22221, 23021))
IDENTITIES = 100


@dataclass(frozen=True)
class FaceKit:
    """Shapes in cm: x to the subject's left, y up, z out of the face.

    Attributes:
        neutral: (26719, 3).
        triangles: (T, 3) vertices of the face alone.
        rest: (R, 3) those of head, neck and eyeballs.
        identities: (100, 26719, 3) displacements of one standard deviation.
        expressions: Displacements (26719, 3) of the full expression, by name.
    """

    neutral: Float64
    triangles: Ints
    rest: Ints
    identities: Float64
    expressions: dict[str, Float64]


def read_face_kit(folder: Path, expression_names: list[str]) -> FaceKit:
    """Return the shapes in ICT-FaceKit's folder FaceXModel."""
    neutral_file = folder / 'generic_neutral_mesh.obj'
    neutral = _vertices(neutral_file)
    polygons = [
        [int(corner.split('/')[0]) - 1 for corner in line.split()[1:]]
        for line in neutral_file.read_text().splitlines()
        if line.startswith('f ')
    ]
    triangles = _triangles(polygons[FACE_POLYGONS])
    if triangles.max() + 1 != FACE_VERTICES:
        raise SystemExit(f'{neutral_file}: not the mesh that ICT-FaceKit published in 2020')
    identities = [_vertices(folder / f'identity{k:03d}.obj') for k in range(IDENTITIES)]
    return FaceKit(
        neutral,
        triangles,
        np.concatenate([_triangles(polygons[part]) for part in REST_POLYGONS]),
        np.array(identities) - neutral,
        {name: _vertices(folder / f'{name}.obj') - neutral for name in expression_names},
    )


def _vertices(path: Path) -> Float64:
    lines = path.read_text().splitlines()
    return np.array([line.split()[1:4] for line in lines if line.startswith('v ')], float)


def _triangles(polygons: list[list[int]]) -> Ints:
    """Return the polygons, each cut into triangles at its first corner."""
    return np.array(
        [(p[0], p[k], p[k + 1]) for p in polygons for k in range(1, len(p) - 1)], np.int64
    )
