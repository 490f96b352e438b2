"""Reads ICT-FaceKit's published model: one Wavefront file of all vertices for each shape."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Ints = NDArray[np.int64]

# Geometry #0 of ICT-FaceKit's README: vertices and polygons of the face alone.
FACE_VERTICES, FACE_POLYGONS = 9409, 9230
# Irises of the README's "Eyeball Details", the subject's right one first.
IRISES = (slice(23791, 24591), slice(22221, 23021))
IDENTITIES = 100


@dataclass(frozen=True)
class FaceKit:
    """Shapes in cm: x to the subject's left, y up, z out of the face.

    Attributes:
        neutral: (26719, 3).
        triangles: (T, 3) vertices of the face alone.
        identities: (100, 26719, 3) displacements of one standard deviation.
        expressions: Displacements (26719, 3) of the full expression, by name.
    """

    neutral: Float64
    triangles: Ints
    identities: Float64
    expressions: dict[str, Float64]


def read_face_kit(folder: Path, expression_names: list[str]) -> FaceKit:
    """Return the shapes in ICT-FaceKit's folder FaceXModel."""
    neutral = _vertices(folder / 'generic_neutral_mesh.obj')
    return FaceKit(
        neutral=neutral,
        triangles=_face_triangles(folder / 'generic_neutral_mesh.obj'),
        identities=np.stack(
            [
                _vertices(folder / f'identity{number:03d}.obj') - neutral
                for number in range(IDENTITIES)
            ]
        ),
        expressions={
            name: _vertices(folder / f'{name}.obj') - neutral for name in expression_names
        },
    )


def _vertices(path: Path) -> Float64:
    lines = path.read_text().splitlines()
    return np.array([line.split()[1:4] for line in lines if line.startswith('v ')], float)


def _face_triangles(path: Path) -> Ints:
    """Return the face's polygons, each cut into triangles at its first corner."""
    polygons = [
        [int(corner.split('/')[0]) - 1 for corner in line.split()[1:]]
        for line in path.read_text().splitlines()
        if line.startswith('f ')
    ][:FACE_POLYGONS]
    triangles = np.array(
        [(p[0], p[k], p[k + 1]) for p in polygons for k in range(1, len(p) - 1)], np.int64
    )
    if triangles.max() >= FACE_VERTICES:
        raise SystemExit(f'{path}: not the topology of ICT-FaceKit, version of December 2020')
    return triangles
