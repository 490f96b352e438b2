"""Non-rigid registration of the canonical face to ICT-FaceKit's neutral face.

Eyes, lips, brows, the ridge of the nose and the chin correspond by meaning: they are the 68
landmarks that ICT-FaceKit's README names, and the lines between them. All other landmarks go to
the closest point of the surface, smoothly: their displacement has a small Laplacian on the mesh.
"""

from __future__ import annotations

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

# "Multi-PIE 68 point facial landmarks indices" of ICT-FaceKit's README: those of the subject's
# right half and of the midline.
MULTI_PIE = {
    **dict(zip(range(17, 22), (268, 493, 1914, 2044, 1401), strict=True)),
    **dict(zip(range(27, 31), (978, 4527, 4942, 4857), strict=True)),
    **dict(zip(range(36, 42), (1507, 1542, 1537, 1528, 1518, 1511), strict=True)),
    **dict(zip(range(48, 52), (5708, 5695, 2081, 0), strict=True)),
    **dict(zip(range(57, 63), (5518, 5957, 5841, 5702, 5711, 5533), strict=True)),
    **dict(zip(range(66, 68), (5517, 5966), strict=True)),
}
# Lines of landmarks of the mesh, and the Multi-PIE landmarks along the same line.
LINES = (
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (36, 37, 38, 39)),
    ((33, 7, 163, 144, 145, 153, 154, 155, 133), (36, 41, 40, 39)),
    ((61, 185, 40, 39, 37, 0), (48, 49, 50, 51)),
    ((61, 146, 91, 181, 84, 17), (48, 59, 58, 57)),
    ((78, 191, 80, 81, 82, 13), (60, 61, 62)),
    ((78, 95, 88, 178, 87, 14), (60, 67, 66)),
    ((70, 63, 105, 66, 107), (17, 18, 19, 20, 21)),
    ((168, 6, 197, 195, 5, 4), (27, 28, 29, 30)),
)
# Vertices of ICT-FaceKit at single landmarks: below the nose, at the chin.
SINGLE = {2: 1147, 152: 966}
# The README's "Right extended jawline", to the chin; landmarks of the mesh that lie on it.
JAWLINE = (1280, 1278, 1275, 1272, 1248, 12, 820, 1834, 1902, 243, 844, 781, 1673, 2199, 801)
JAWLINE += (1447, 800, 966)
JAW_LANDMARKS = (148, 176, 149, 150, 136, 172, 58, 132)
LANDMARK_WEIGHT = 20.0
STIFFNESSES = np.geomspace(30, 0.3, 20)


def mirror_landmarks() -> Ints:
    """Return the landmark on the other side of the face, (468,)."""
    vertices = load_topology(468).canonical_vertices_m.astype(float)
    offsets = vertices[:, None] * [-1, 1, 1] - vertices
    return np.argmin((offsets**2).sum(axis=2), axis=1)


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
    targets = np.full((468, 3), np.nan)
    paths = EdgePaths(vertices, triangles)
    canonical = load_topology(468).canonical_vertices_m.astype(float) * 100
    for landmarks, named in LINES:
        line = paths.line([MULTI_PIE[number] for number in named])
        targets[list(landmarks)] = resample(line, arc_fractions(canonical[list(landmarks)]))
    targets[list(SINGLE)] = vertices[list(SINGLE.values())]
    mirror = mirror_landmarks()
    targets = np.where(np.isnan(targets), targets[mirror] * [-1, 1, 1], targets)
    jaw = paths.line(list(JAWLINE))
    jaw = np.concatenate([jaw, jaw * [-1, 1, 1]])
    return _fit(canonical, targets, vertices, triangles, jaw)


def _fit(
    canonical: Float64, targets: Float64, vertices: Float64, triangles: Ints, jaw: Float64
) -> tuple[Ints, Float64]:
    known = np.flatnonzero(~np.isnan(targets[:, 0]))
    jaw_landmarks = np.r_[JAW_LANDMARKS, mirror_landmarks()[list(JAW_LANDMARKS)]]
    points = _warped(canonical, known, targets[known])
    weights = np.ones(468)
    weights[known] = LANDMARK_WEIGHT
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
