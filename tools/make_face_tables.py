"""Write the tables of figures in facemesh_ros/geometry/face_tables from MediaPipe's own files.

    python tools/make_face_tables.py --bundle face_landmarker.task --wheel mediapipe-0.10.21-….whl

Needs the `protobuf` package. The wheel is read as data and never installed.
"""

from __future__ import annotations

import argparse
import ast
import csv
import hashlib
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from numpy.typing import NDArray

DATA = Path(__file__).resolve().parent.parent / 'facemesh_ros' / 'geometry' / 'face_tables'
GEOMETRY_FILE = 'geometry_pipeline_metadata_landmarks.binarypb'
GEOMETRY_SHA256 = 'bdbcda96dfcb7da883da124aaa2c55dee49770d934f0fcc71747f8c21bdc75b4'
CONNECTIONS_FILE = 'mediapipe/python/solutions/face_mesh_connections.py'
# A vertex is x, y, z in cm, then u, v of a texture.
VERTEX_FLOATS = 5
MESH_LANDMARKS = 468
IRIS_LANDMARKS = {'right_iris': range(468, 473), 'left_iris': range(473, 478)}
FOREHEAD = 10
INNER_LIP = 13

# The order of the regions. One that encloses another follows it and owns the rest; the oval
# encloses all others and so owns its outline alone.
REGIONS = (
    'lips_inner',
    'lips_outer',
    'left_eye',
    'right_eye',
    'left_eyebrow',
    'right_eyebrow',
    'left_iris',
    'right_iris',
    'nose',
    'face_oval',
)

Edges = list[tuple[int, int]]


def geometry_message() -> Any:
    """Return an empty GeometryPipelineMetadata, of the fields that are read here.

    Source: MediaPipe `geometry_pipeline_metadata.proto`, `mesh_3d.proto`.
    """
    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name='geometry.proto', package='face', syntax='proto2'
    )
    mesh = file.message_type.add(name='Mesh3d')
    mesh.field.add(name='vertex_buffer', number=3, type=kind.TYPE_FLOAT, label=kind.LABEL_REPEATED)
    mesh.field.add(name='index_buffer', number=4, type=kind.TYPE_UINT32, label=kind.LABEL_REPEATED)
    weight = file.message_type.add(name='WeightedLandmarkRef')
    weight.field.add(
        name='landmark_id', number=1, type=kind.TYPE_UINT32, label=kind.LABEL_OPTIONAL
    )
    weight.field.add(name='weight', number=2, type=kind.TYPE_FLOAT, label=kind.LABEL_OPTIONAL)
    metadata = file.message_type.add(name='GeometryPipelineMetadata')
    for number, name, label, type_name in (
        (1, 'canonical_mesh', kind.LABEL_OPTIONAL, '.face.Mesh3d'),
        (2, 'procrustes_landmark_basis', kind.LABEL_REPEATED, '.face.WeightedLandmarkRef'),
    ):
        metadata.field.add(
            name=name, number=number, type=kind.TYPE_MESSAGE, label=label, type_name=type_name
        )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName('face.GeometryPipelineMetadata')
    return message_factory.GetMessageClass(found)()


def geometry_from_bundle(bundle: Path) -> Any:
    """Return the canonical face of a bundle; exits if it is not the pinned one."""
    with zipfile.ZipFile(bundle) as archive:
        content = archive.read(GEOMETRY_FILE)
    digest = hashlib.sha256(content).hexdigest()
    if digest != GEOMETRY_SHA256:
        raise SystemExit(f'{GEOMETRY_FILE} has sha256 {digest}; give the bundle float16/1')
    geometry = geometry_message()
    geometry.ParseFromString(content)
    return geometry


def contours_from_wheel(wheel: Path) -> dict[str, Edges]:
    """Return the contour edges of each region, as the file lists them."""
    with zipfile.ZipFile(wheel) as archive:
        module = ast.parse(archive.read(CONNECTIONS_FILE))
    contours = {}
    for statement in module.body:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
            continue
        region = statement.targets[0].id.replace('FACEMESH_', '').lower()
        if region in (*REGIONS, 'lips') and isinstance(statement.value, ast.Call):
            contours[region] = ast.literal_eval(statement.value.args[0])
    contours['lips_inner'], contours['lips_outer'] = split_lips(contours['lips'])
    return {region: contours[region] for region in REGIONS}


def split_lips(edges: Edges) -> tuple[Edges, Edges]:
    """Return the edges around the opening of the mouth, and those around the lips."""
    inner = {INNER_LIP}
    while grown := {landmark for edge in edges if inner & {*edge} for landmark in edge} - inner:
        inner |= grown
    return [edge for edge in edges if edge[0] in inner], [
        edge for edge in edges if edge[0] not in inner
    ]


def enclosed(outline: set[int], triangles: NDArray[np.int64]) -> set[int]:
    """Return an outline and all mesh landmarks that it cuts off from the forehead."""
    neighbours: dict[int, set[int]] = {landmark: set() for landmark in range(MESH_LANDMARKS)}
    for triangle in triangles.tolist():
        for landmark in triangle:
            neighbours[landmark].update(triangle)
    outside, front = {FOREHEAD}, {FOREHEAD}
    while front:
        front = set().union(*(neighbours[landmark] for landmark in front)) - outside - outline
        outside |= front
    return set(range(MESH_LANDMARKS)) - outside


def regions_from_contours(
    contours: dict[str, Edges], triangles: NDArray[np.int64]
) -> dict[int, str]:
    """Return the region of each landmark that has one: on its contour or enclosed by it."""
    regions: dict[int, str] = {}
    for region, edges in contours.items():
        owned = {landmark for edge in edges for landmark in edge}
        if region in IRIS_LANDMARKS:
            owned = set(IRIS_LANDMARKS[region])
        elif region != 'face_oval':
            owned = enclosed(owned, triangles)
        if region == 'lips_outer':
            owned -= {landmark for landmark in regions if regions[landmark] == 'lips_inner'}
        shared = owned & regions.keys()
        if shared:
            raise SystemExit(f'{region} shares landmarks {sorted(shared)} with another region')
        regions.update(dict.fromkeys(sorted(owned), region))
    return regions


def write_table(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    """Write a .csv file with a header line."""
    with path.open('w', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(header.split())
        writer.writerows(rows)


def main() -> None:
    """Read the command line and write all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--bundle', type=Path, required=True, help='face_landmarker.task')
    parser.add_argument('--wheel', type=Path, required=True, help='mediapipe 0.10.21 wheel')
    parser.add_argument('--out', type=Path, default=DATA, help='folder of the tables')
    chosen = parser.parse_args()

    geometry = geometry_from_bundle(chosen.bundle)
    mesh = geometry.canonical_mesh
    vertices = np.array(mesh.vertex_buffer, np.float32).reshape(-1, VERTEX_FLOATS)[:, :3]
    triangles = np.array(mesh.index_buffer).reshape(-1, 3)
    contours = contours_from_wheel(chosen.wheel)
    regions = regions_from_contours(contours, triangles)

    # str() of a float32 is the shortest text that reads back as the same float32.
    write_table(
        chosen.out / 'vertices.csv',
        'x_cm y_cm z_cm',
        [[str(value) for value in row] for row in vertices],
    )
    write_table(chosen.out / 'triangles.csv', 'a b c', triangles.tolist())
    write_table(
        chosen.out / 'procrustes_weights.csv',
        'landmark weight',
        [
            (entry.landmark_id, str(np.float32(entry.weight)))
            for entry in geometry.procrustes_landmark_basis
        ],
    )
    write_table(
        chosen.out / 'contours.csv',
        'region start end',
        [(region, *edge) for region, edges in contours.items() for edge in edges],
    )
    write_table(chosen.out / 'regions.csv', 'landmark region', sorted(regions.items()))


if __name__ == '__main__':
    main()
