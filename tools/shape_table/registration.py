"""Non-rigid registration of the canonical face to ICT-FaceKit's neutral face.

Landmarks go where the landmark model finds them on portraits of ICT-FaceKit's people; those of
the lips along the lips that ICT-FaceKit's README names; those of the jaw to its jawline; all
others to the closest point of the surface. All smoothly: the displacement of the canonical face
has a small Laplacian on the mesh.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facemesh_ros.geometry.canonical_face import load_topology
from shape_table.surface import (
    EdgePaths,
    Float64,
    Ints,
    arc_fractions,
    closest_points,
    resample,
)

# Written by find_shape_landmarks.py: x, y, z on the neutral face, spread, cm; cosine between the
# surface and the line of sight. A landmark on the outline of the face is not found well.
FOUND = Path(__file__).with_name('found_landmarks.csv')
LARGEST_SPREAD_CM, LEAST_FACING = 0.25, 0.4
# Right halves of the lips, outer and inner edges: landmarks of the mesh, and vertices of
# ICT-FaceKit on the same line ("Multi-PIE 68 point facial landmarks indices" of its README).
LIPS = (
    ((61, 185, 40, 39, 37, 0), (5708, 5695, 2081, 0)),
    ((61, 146, 91, 181, 84, 17), (5708, 5841, 5957, 5518)),
    ((78, 191, 80, 81, 82, 13), (5702, 5711, 5533)),
    ((78, 95, 88, 178, 87, 14), (5702, 5966, 5517)),
)
# The README's "Right extended jawline", to the chin; landmarks of the mesh that lie on it.
JAWLINE = [1280, 1278, 1275, 1272, 1248, 12, 820, 1834, 1902, 243, 844, 781, 1673, 2199, 801]
JAWLINE += [1447, 800, 966]
JAW_LANDMARKS = (149, 150, 136, 172, 58, 132)
TARGET_WEIGHT = 3.0
STIFFNESSES = np.geomspace(30, 0.3, 20)


def mirror_landmarks() -> Ints:
    """Return the landmark on the other side of the face, (468,)."""
    vertices = load_topology(468).canonical_vertices_m.astype(float)
    offsets = vertices[:, None] * [-1, 1, 1] - vertices
    mirrored: Ints = np.argmin((offsets**2).sum(axis=2), axis=1)
    return mirrored


def symmetric(points: Float64) -> Float64:
    """Return the mean of (468, 3) points and their mirror image; x is to the left."""
    mean: Float64 = (points + points[mirror_landmarks()] * [-1, 1, 1]) / 2
    return mean


def register(vertices: Float64, triangles: Ints) -> tuple[Ints, Float64]:
    """Return the triangle (468,) and barycentric coordinates (468, 3) of each landmark.

    Args:
        vertices: (V, 3) cm, ICT-FaceKit's neutral face.
        triangles: (T, 3) of its face alone.
    """
    canonical = load_topology(468).canonical_vertices_m.astype(float) * 100
    mirror = mirror_landmarks()
    table = np.loadtxt(FOUND, delimiter=',', skiprows=1)
    found = (table[:, 3] < LARGEST_SPREAD_CM) & (table[:, 4] > LEAST_FACING)
    targets = np.where(found[:, None], symmetric(table[:, :3]), np.nan)
    paths = EdgePaths(vertices, triangles)
    for landmarks, waypoints in LIPS:
        right = list(landmarks)
        points = resample(paths.line(list(waypoints)), arc_fractions(canonical[right]))
        targets[right], targets[mirror[right]] = points, points * [-1, 1, 1]
    jaw = paths.line(JAWLINE)
    jaw = np.concatenate([jaw, jaw * [-1, 1, 1]])
    return _fit(canonical, targets, vertices, triangles, jaw)


def _fit(
    canonical: Float64, targets: Float64, vertices: Float64, triangles: Ints, jaw: Float64
) -> tuple[Ints, Float64]:
    known = np.flatnonzero(~np.isnan(targets[:, 0]))
    jaw_landmarks = np.r_[JAW_LANDMARKS, mirror_landmarks()[list(JAW_LANDMARKS)]]
    points = _warped(canonical, known, targets[known])
    weights = np.ones(468)
    weights[known] = TARGET_WEIGHT
    smoothness = _squared_laplacian(canonical)
    for stiffness in STIFFNESSES:
        wanted = _on_surface(points, vertices, triangles)
        wanted[jaw_landmarks] = [
            jaw[np.argmin(((jaw - point) ** 2).sum(axis=1))] for point in points[jaw_landmarks]
        ]
        wanted[known] = targets[known]
        system = np.diag(weights) + stiffness * smoothness
        points = points + np.linalg.solve(system, weights[:, None] * (wanted - points))
        points = symmetric(points)
    return closest_points(points, vertices, triangles)


def _on_surface(points: Float64, vertices: Float64, triangles: Ints) -> Float64:
    found, weights = closest_points(points, vertices, triangles)
    on_surface: Float64 = (vertices[triangles[found]] * weights[:, :, None]).sum(axis=1)
    return on_surface


def _warped(points: Float64, known: Ints, targets: Float64) -> Float64:
    """Return points after the smooth warp that takes the known ones to their targets.

    Polyharmonic spline with the kernel r, as in "thin-plate" splines in space.
    """
    anchors = points[known]

    def basis(at: Float64) -> Float64:
        radial = np.linalg.norm(at[:, None] - anchors, axis=2)
        return np.concatenate([radial, np.ones((len(at), 1)), at], axis=1)

    rows = basis(anchors)
    system = np.zeros((len(known) + 4, len(known) + 4))
    system[: len(known)] = rows
    system[len(known) :, : len(known)] = rows[:, len(known) :].T
    system[np.arange(len(known)), np.arange(len(known))] += 0.02
    return basis(points) @ np.linalg.solve(system, np.concatenate([targets, np.zeros((4, 3))]))


def _squared_laplacian(points: Float64) -> Float64:
    """Return L'L of the mesh's Laplacian L, edges weighted by 1 / length."""
    laplacian = np.zeros((468, 468))
    for start, end in load_topology(468).edges.astype(int):
        weight = 1 / np.linalg.norm(points[start] - points[end])
        laplacian[[start, end], [end, start]] -= weight
        laplacian[[start, end], [start, end]] += weight
    laplacian /= np.diag(laplacian).mean()
    squared: Float64 = laplacian.T @ laplacian
    return squared
