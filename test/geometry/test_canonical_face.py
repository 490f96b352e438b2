"""The mesh against topology, symmetry and a face that MediaPipe itself found."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest

from facemesh_ros.geometry.canonical_face import FaceTopology, load_topology

GOLDEN = Path(__file__).resolve().parent.parent / 'golden'
PAIRS = ['eye', 'eyebrow', 'iris']
# MediaPipe's outer edge of the lips, around from the right corner of the mouth.
OUTER_LIPS = [61, 146, 91, 181, 84, 17, 314, 405, 321, 375]
OUTER_LIPS += [291, 409, 270, 269, 267, 0, 37, 39, 40, 185]
# Its inner edge, around from the right corner.
INNER_LIPS = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324]
INNER_LIPS += [308, 415, 310, 311, 312, 13, 82, 81, 80, 191]


@pytest.fixture(scope='module')
def topology() -> FaceTopology:
    return load_topology()


@pytest.fixture(scope='module')
def frontal_face() -> np.ndarray:
    """(478, 2) px of a face that faces the camera, found by MediaPipe 1.2.2."""
    with np.load(GOLDEN / 'mediapipe_1_2_2_v2.npz') as golden:
        return golden['tfjsmodels__portrait.jpg'][0, :, :2]


def landmarks_of(topology: FaceTopology, *regions: str) -> np.ndarray:
    chosen = [topology.region_names.index(region) for region in regions]
    return np.flatnonzero(np.isin(topology.region_of_landmark, chosen))


def directed_sides(topology: FaceTopology) -> Counter[tuple[int, int]]:
    return Counter(
        side for a, b, c in topology.triangles.tolist() for side in ((a, b), (b, c), (c, a))
    )


def mesh_edges(topology: FaceTopology) -> np.ndarray:
    return topology.edges[(topology.edges < 468).all(axis=1)]


def test_the_surface_is_one_sheet_without_holes(topology):
    # Euler: vertices - edges + faces is 1 for a disk, and 1 less for each hole.
    vertices = len(np.unique(topology.triangles))
    assert vertices == 468
    assert vertices - len(mesh_edges(topology)) + len(topology.triangles) == 1


def test_all_triangles_face_the_same_way(topology):
    sides = directed_sides(topology)
    # In a consistently oriented manifold no side is walked twice in the same direction.
    assert max(sides.values()) == 1
    corners = topology.canonical_vertices_m[topology.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert normals[:, 2].sum() > 0


def test_the_only_border_of_the_surface_is_the_face_oval(topology):
    sides = directed_sides(topology)
    border = {frozenset(side) for side in sides if side[::-1] not in sides}
    oval = set(landmarks_of(topology, 'face_oval').tolist())
    contour = {frozenset(edge) for edge in topology.contours.tolist() if oval.issuperset(edge)}
    assert border == contour
    assert set(Counter(landmark for side in border for landmark in side).values()) == {2}


def test_edges_are_the_sides_of_the_triangles_each_once(topology):
    sides = {tuple(sorted(side)) for side in directed_sides(topology)}
    edges = [tuple(edge) for edge in mesh_edges(topology).tolist()]
    assert len(edges) == len(sides)
    assert set(edges) == sides


@pytest.mark.parametrize('ring', [[469, 470, 471, 472], [474, 475, 476, 477]])
def test_each_iris_is_a_ring(topology, ring):
    edges = {frozenset(edge) for edge in topology.edges.tolist() if set(edge) <= set(ring)}
    assert edges == {
        frozenset(pair) for pair in zip(ring, np.roll(ring, -1).tolist(), strict=True)
    }


def test_contours_run_along_the_mesh(topology):
    edges = {frozenset(edge) for edge in topology.edges.tolist()}
    contours = [frozenset(edge) for edge in topology.contours.tolist()]
    assert len(set(contours)) == len(contours)
    assert edges.issuperset(contours)


def test_a_contour_edge_stays_in_one_region(topology):
    regions = topology.region_of_landmark[topology.contours]
    assert (regions[:, 0] == regions[:, 1]).all()
    assert set(regions.ravel()) == set(range(1, len(topology.region_names)))


def test_a_mesh_without_irises_is_the_same_less_the_irises(topology):
    mesh = load_topology(468)
    assert max(mesh.edges.max(), mesh.contours.max(), mesh.triangles.max()) == 467
    assert len(mesh.region_of_landmark) == 468
    assert len(topology.region_of_landmark) == 478
    assert len(topology.edges) - len(mesh.edges) == 8
    assert len(topology.contours) - len(mesh.contours) == 8
    assert mesh.region_names == topology.region_names


def test_the_eye_corners_are_8_89_cm_apart(topology):
    right, left = topology.canonical_vertices_m[[33, 263]]
    assert np.linalg.norm(left - right) == pytest.approx(0.0889, abs=5e-5)


def test_the_canonical_face_is_its_own_mirror_image(topology):
    vertices = topology.canonical_vertices_m
    mirrored = vertices * np.float32([-1, 1, 1])
    distances = np.linalg.norm(vertices[:, None] - mirrored, axis=2)
    partner = distances.argmin(axis=1)
    assert distances.min(axis=1).max() == 0
    assert (partner[partner] == np.arange(468)).all()

    names = np.array(topology.region_names)[topology.region_of_landmark[:468]]
    swapped = [
        name.replace('left', '*').replace('right', 'left').replace('*', 'right') for name in names
    ]
    assert names[partner].tolist() == swapped
    weights = topology.procrustes_weights
    assert weights[partner] == pytest.approx(weights, abs=1e-6)


def test_the_canonical_face_looks_along_z_with_its_left_at_x(topology):
    vertices = topology.canonical_vertices_m
    for part in ('eye', 'eyebrow'):
        assert (vertices[landmarks_of(topology, f'left_{part}'), 0] > 0).all()
        assert (vertices[landmarks_of(topology, f'right_{part}'), 0] < 0).all()
    tip_of_nose, forehead, chin = 4, 10, 152
    assert vertices[:, 2].argmax() == tip_of_nose
    assert vertices[forehead, 1] > vertices[tip_of_nose, 1] > vertices[chin, 1]


@pytest.mark.parametrize('part', PAIRS)
def test_the_subjects_left_is_on_the_right_of_the_picture(topology, frontal_face, part):
    left = frontal_face[landmarks_of(topology, f'left_{part}'), 0]
    right = frontal_face[landmarks_of(topology, f'right_{part}'), 0]
    assert left.min() > right.max()


@pytest.mark.parametrize('side', ['left', 'right'])
def test_each_iris_lies_in_its_own_eye(topology, frontal_face, side):
    eye = frontal_face[landmarks_of(topology, f'{side}_eye')]
    iris = frontal_face[landmarks_of(topology, f'{side}_iris')]
    assert len(iris) == 5
    assert cv2.pointPolygonTest(cv2.convexHull(eye), iris.mean(axis=0).tolist(), False) > 0


def test_brows_eyes_nose_and_lips_follow_one_another_down_a_face(topology, frontal_face):
    rows = [
        frontal_face[landmarks_of(topology, region), 1].mean()
        for region in ('left_eyebrow', 'left_eye', 'nose', 'lips_outer')
    ]
    assert rows == sorted(rows)


def test_the_lips_are_what_their_outline_encloses(topology):
    front = topology.canonical_vertices_m[:, :2] * 1000
    outline = front[OUTER_LIPS].reshape(-1, 1, 2)
    inside = [cv2.pointPolygonTest(outline, point.tolist(), False) >= 0 for point in front]
    lips = landmarks_of(topology, 'lips_inner', 'lips_outer')
    assert np.flatnonzero(inside).tolist() == lips.tolist()
    # MediaPipe's attention model refines exactly 80 landmarks of the lips.
    assert sum(inside) == 80


def test_the_inner_lips_are_the_rim_of_the_mouths_opening(topology):
    inner = landmarks_of(topology, 'lips_inner')
    assert sorted(INNER_LIPS) == inner.tolist()
    ring = {
        frozenset(pair) for pair in zip(INNER_LIPS, np.roll(INNER_LIPS, -1).tolist(), strict=True)
    }
    contours = {frozenset(edge) for edge in topology.contours.tolist()}
    assert ring <= contours
    # What is outside of them and of the lips' outline is the lips' red.
    outer = landmarks_of(topology, 'lips_outer')
    assert set(OUTER_LIPS) < set(outer.tolist())
    assert len(outer) == 60


def test_procrustes_weights_are_those_of_33_landmarks(topology):
    weights = topology.procrustes_weights
    assert np.count_nonzero(weights) == 33
    assert (weights >= 0).all()
    # The heaviest pair are the wings of the nose, which no expression moves much.
    assert set(np.argsort(weights)[-2:].tolist()) == {129, 358}
    assert weights[4] == pytest.approx(0.0709, abs=5e-5)


def test_the_shared_tables_are_read_only(topology):
    assert load_topology() is topology
    arrays = [getattr(topology, field.name) for field in fields(topology)]
    for array in arrays:
        assert isinstance(array, tuple) or not array.flags.writeable


def test_another_count_of_landmarks_is_refused():
    with pytest.raises(ValueError, match='must be 468 or 478; got 68'):
        load_topology(68)
