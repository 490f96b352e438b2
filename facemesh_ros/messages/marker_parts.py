"""What RViz markers show of faces, as arrays: mesh, name, head axes and gaze of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.geometry.gaze_frame import eye_centres
from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.messages.scene import SceneFaces
from facemesh_ros.types import Float32, Float64
from facemesh_ros.viz.overlay import rgb_of_id


class MarkerType:
    """Constants of visualization_msgs/Marker."""

    ARROW, LINE_LIST, POINTS, TEXT_VIEW_FACING, TRIANGLE_LIST = 0, 5, 8, 9, 11


# Namespaces; that of the meshes is their style.
NAME, AXES, GAZE = 'name', 'axes', 'gaze'
STYLES = {
    'mesh': MarkerType.TRIANGLE_LIST,
    'wireframe': MarkerType.LINE_LIST,
    'contours': MarkerType.LINE_LIST,
    'points': MarkerType.POINTS,
}
TEXT_HEIGHT_M = 0.025
AXIS_LENGTH_M, GAZE_LENGTH_M = 0.1, 0.2
MESH_SCALES = {
    MarkerType.TRIANGLE_LIST: (1.0, 1.0, 1.0),
    MarkerType.LINE_LIST: (0.0006, 0.0, 0.0),  # width
    MarkerType.POINTS: (0.002, 0.002, 0.0),  # width and height
}
SCALES = {
    NAME: (0.0, 0.0, TEXT_HEIGHT_M),
    AXES: (0.003, 0.0, 0.0),  # width
    GAZE: (0.003, 0.008, 0.015),  # diameters of shaft and head, length of the head
}
# Points of one triangle, line, … of each type.
POINTS_EACH = {
    MarkerType.TRIANGLE_LIST: 3,
    MarkerType.LINE_LIST: 2,
    MarkerType.ARROW: 2,
    MarkerType.POINTS: 1,
    MarkerType.TEXT_VIEW_FACING: 1,
}
# From the origin to the ends of x, y and z: red, green, blue, as RViz draws frames.
AXES_INDICES = np.array([0, 1, 0, 2, 0, 3])
RGBA_OF_AXES = np.insert(np.repeat(np.eye(3), 2, axis=0), 3, 1.0, axis=1).astype(np.float32)
BOTH_ENDS = np.arange(2)
ONE_PLACE = np.zeros(1, np.intp)


@dataclass(frozen=True, slots=True)
class MarkerPart:
    """One marker.

    Attributes:
        namespace: With `number` what identifies it.
        number: Its id.
        kind: Its type, one of MarkerType's constants.
        rgb: Its colour, each in [0, 1].
        points_m: (P, 3) m.
        indices: (K,) which of these it shows, in its order; one for a text, its place.
        text: Empty but for a text.
    """

    namespace: str
    number: int
    kind: int
    rgb: tuple[float, float, float]
    points_m: Float64
    indices: NDArray[np.intp]
    text: str = ''

    @property
    def scale(self) -> tuple[float, float, float]:
        """The sizes that its type has, m."""
        return SCALES[self.namespace] if self.namespace in SCALES else MESH_SCALES[self.kind]

    @property
    def vertex_rgba(self) -> Float32 | None:
        """(K, 4) colours of its points; None if all have that of the marker."""
        return RGBA_OF_AXES if self.namespace == AXES else None


def style_indices(topology: FaceTopology) -> dict[str, NDArray[np.intp]]:
    """Return the landmarks of each style's points, in order."""
    return {
        'mesh': topology.triangles.ravel().astype(np.intp),
        'wireframe': topology.edges.ravel().astype(np.intp),
        'contours': topology.contours.ravel().astype(np.intp),
        'points': np.arange(len(topology.region_of_landmark)),
    }


def marker_parts(scene: SceneFaces, style: str, indices: NDArray[np.intp]) -> list[MarkerPart]:
    """Return the markers of all faces; only what is known of a face has one."""
    parts = (
        _of_known_points(part)
        for index in range(len(scene))
        for part in _parts_of(scene, index, style, indices)
    )
    return [part for part in parts if len(part.indices)]


def _of_known_points(part: MarkerPart) -> MarkerPart:
    """Leave out each triangle, line, … with an unknown point, for which RViz refuses the whole."""
    known: NDArray[np.bool_] = np.all(np.isfinite(part.points_m), axis=1)
    if known.all():
        return part
    each = part.indices.reshape(-1, POINTS_EACH[part.kind])
    return replace(part, indices=each[known[each].all(axis=1)].ravel())


def _parts_of(
    scene: SceneFaces, index: int, style: str, indices: NDArray[np.intp]
) -> Iterator[MarkerPart]:
    number, points_m = int(scene.ids[index]), scene.points_m[index].astype(float)
    rgb = rgb_of_id(number)
    yield MarkerPart(style, number, STYLES[style], rgb, points_m, indices)
    distance_m, text = scene.distances_m[index], str(scene.names[index])
    if np.isfinite(distance_m):
        text += f' {distance_m:.2f} m'
    place = _above(points_m)
    yield MarkerPart(NAME, number, MarkerType.TEXT_VIEW_FACING, rgb, place, ONE_PLACE, text)
    rotation, position_m = scene.rotations[index], scene.positions_m[index]
    if np.isfinite(rotation).all():
        ends = np.vstack([position_m, position_m + AXIS_LENGTH_M * rotation.T])
        yield MarkerPart(AXES, number, MarkerType.LINE_LIST, rgb, ends, AXES_INDICES)
    centres = eye_centres(points_m)
    for eye in np.flatnonzero(np.isfinite(scene.gazes[index]).all(axis=1)).tolist():
        ends = np.vstack([centres[eye], centres[eye] + GAZE_LENGTH_M * scene.gazes[index, eye]])
        yield MarkerPart(GAZE, 2 * number + eye, MarkerType.ARROW, rgb, ends, BOTH_ENDS)


def _above(points_m: Float32 | Float64) -> Float64:
    """Return the place of a face's name, (1, 3): above its forehead, wherever up is."""
    chin, forehead = points_m[NAMED_POINTS['chin']], points_m[NAMED_POINTS['forehead']]
    up = (forehead - chin) / max(float(np.linalg.norm(forehead - chin)), 1e-6)
    place: Float64 = (forehead + TEXT_HEIGHT_M * up)[None]
    return place
