"""The canonical face: triangles, edges, regions, metric vertices, named landmarks.

Source: MediaPipe's canonical face and contours; see `facemesh_ros/geometry/face_tables/README.md`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.types import Float32, Float64, UInt8

UInt16 = NDArray[np.uint16]

TABLES = 'facemesh_ros.geometry.face_tables'
MESH_LANDMARKS = 468
IRIS_LANDMARKS = 10
# Each iris: its centre, then right, top, left and bottom of its rim.
_MIRRORED_IRISES = (473, 476, 475, 474, 477, 468, 471, 470, 469, 472)
FACE_REGION = 'face'
LIP_REGIONS = ('lips_inner', 'lips_outer')
METRES_PER_CM = 0.01
RIGHT_EYE_OUTER_CORNER = NAMED_POINTS['right_eye_outer']
LEFT_EYE_OUTER_CORNER = NAMED_POINTS['left_eye_outer']
UPPER_LIP = NAMED_POINTS['upper_lip_inner']
SELLION = NAMED_POINTS['sellion']


@dataclass(frozen=True, slots=True)
class FaceTopology:
    """The mesh of L landmarks; L is 468, or 478 with the irises. All arrays are read-only.

    Attributes:
        edges: (E, 2) pairs of landmarks, each undirected edge of the triangles once, smaller
            index first, sorted; the rings of the irises follow where L is 478.
        triangles: (898, 3) landmarks, counter-clockwise as seen from in front of the face.
        contours: (C, 2) the edges that outline the features, region by region.
        region_names: Names of the regions, 'face' (everything else) first; left and right are the
            subject's.
        region_of_landmark: (L,) index into `region_names`.
        canonical_vertices_m: (468, 3) m, an average face: x to the subject's left, y up, z out of
            the face.
        procrustes_weights: (468,) weight of each landmark when this face is fitted to another;
            zero except for 33 landmarks that expressions hardly move.
    """

    edges: UInt16
    triangles: UInt16
    contours: UInt16
    region_names: tuple[str, ...]
    region_of_landmark: UInt8
    canonical_vertices_m: Float32
    procrustes_weights: Float32


@cache
def load_topology(landmark_count: int = MESH_LANDMARKS + IRIS_LANDMARKS) -> FaceTopology:
    """Return the topology of a landmark model; the tables are read once.

    Args:
        landmark_count: 478, or 468 for a model without irises.

    Raises:
        ValueError: If it is another number.

    Example:
        >>> topology = load_topology(468)
        >>> topology.triangles.shape, topology.region_names[0]
        ((898, 3), 'face')
    """
    if landmark_count not in (MESH_LANDMARKS, MESH_LANDMARKS + IRIS_LANDMARKS):
        raise ValueError(f'landmark_count must be 468 or 478; got {landmark_count}')
    triangles = np.array(_rows('triangles'), np.uint16)
    contours = np.array([row[1:] for row in _rows('contours')], np.uint16)
    contours = contours[(contours < landmark_count).all(axis=1)]
    iris_rings = contours[(contours >= MESH_LANDMARKS).all(axis=1)]
    region_names, region_of_landmark = _regions()
    topology = FaceTopology(
        edges=np.concatenate([_edges_from_triangles(triangles), iris_rings]),
        triangles=triangles,
        contours=contours,
        region_names=region_names,
        region_of_landmark=region_of_landmark[:landmark_count],
        canonical_vertices_m=(np.array(_rows('vertices'), float) * METRES_PER_CM).astype(
            np.float32
        ),
        procrustes_weights=_procrustes_weights(),
    )
    for array in (
        topology.edges,
        topology.triangles,
        topology.contours,
        topology.region_of_landmark,
        topology.canonical_vertices_m,
        topology.procrustes_weights,
    ):
        array.setflags(write=False)
    return topology


@cache
def mirrored_landmarks(landmark_count: int) -> NDArray[np.intp]:
    """Return for each of L landmarks which one it becomes in a mirror, (L,), read-only.

    Example: the outer corners of the eyes change places, and so do the irises.
        >>> mirrored = mirrored_landmarks(478)
        >>> mirrored[[33, 263, 468]].tolist()
        [263, 33, 473]
    """
    vertices_m = load_topology(MESH_LANDMARKS).canonical_vertices_m.astype(float)
    ways = vertices_m[:, None] * (-1, 1, 1) - vertices_m
    mirrored: NDArray[np.intp] = (ways**2).sum(axis=2).argmin(axis=1)
    if landmark_count > MESH_LANDMARKS:
        mirrored = np.append(mirrored, _MIRRORED_IRISES)
    mirrored.setflags(write=False)
    return mirrored


@cache
def canonical_face_m() -> Float64:
    """Return the canonical face in face axes, (468, 3) m, read-only.

    Origin at the sellion, x out of the face, y to the subject's left, z up (REP-155).

    Example: the nose is in front of the sellion, the left eye to the subject's left.
        >>> face_m = canonical_face_m()
        >>> bool(face_m[4, 0] > 0.01), bool(face_m[LEFT_EYE_OUTER_CORNER, 1] > 0.04)
        (True, True)
    """
    vertices_m = load_topology(MESH_LANDMARKS).canonical_vertices_m.astype(float)
    face_m = np.ascontiguousarray((vertices_m - vertices_m[SELLION])[:, [2, 0, 1]])
    face_m.setflags(write=False)
    return face_m


def _rows(table: str) -> list[list[str]]:
    """Return the rows of a table without its header."""
    text = (files(TABLES) / f'{table}.csv').read_text(encoding='utf-8')
    return list(csv.reader(text.splitlines()))[1:]


def _edges_from_triangles(triangles: UInt16) -> UInt16:
    """Return each undirected edge once, (E, 2)."""
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    edges: UInt16 = np.unique(np.sort(sides, axis=1), axis=0)
    return edges


def _regions() -> tuple[tuple[str, ...], UInt8]:
    """Return the names of the regions and the region of each of the 478 landmarks."""
    names = (FACE_REGION, *dict.fromkeys(region for region, _, _ in _rows('contours')))
    region_of_landmark = np.zeros(MESH_LANDMARKS + IRIS_LANDMARKS, np.uint8)
    for landmark, region in _rows('regions'):
        region_of_landmark[int(landmark)] = names.index(region)
    return names, region_of_landmark


def _procrustes_weights() -> Float32:
    """Return the weight of each landmark, (468,)."""
    weights = np.zeros(MESH_LANDMARKS, np.float32)
    for landmark, weight in _rows('procrustes_weights'):
        weights[int(landmark)] = weight
    return weights
