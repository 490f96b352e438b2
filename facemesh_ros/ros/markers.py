"""Faces as RViz markers."""

from __future__ import annotations

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from facemesh_ros.core.drawing import rgb_of_id
from facemesh_ros.core.topology import FaceTopology
from facemesh_ros.core.types import Faces, Float32

LINE_WIDTH_M = 0.0006
POINT_SIDE_M = 0.002
TEXT_HEIGHT_M = 0.025
# Markers of a node that died must go away by themselves; longer than any camera's period.
LIFETIME = Duration(sec=1)

TYPES = {
    'mesh': Marker.TRIANGLE_LIST,
    'wireframe': Marker.LINE_LIST,
    'contours': Marker.LINE_LIST,
    'points': Marker.POINTS,
}
SCALES = {
    Marker.TRIANGLE_LIST: (1.0, 1.0, 1.0),
    Marker.LINE_LIST: (LINE_WIDTH_M, 0.0, 0.0),
    Marker.POINTS: (POINT_SIDE_M, POINT_SIDE_M, 0.0),
}


class FaceMarkers:
    """Writes one mesh and one name per face, and takes away those of faces that left."""

    def __init__(self, topology: FaceTopology) -> None:
        self._indices = _indices(topology)
        self._shown: set[tuple[str, int]] = set()

    def msg(self, faces: Faces, points_m: Float32, style: str, header: Header) -> MarkerArray:
        """Return the markers of one image.

        Args:
            faces: N faces.
            points_m: (N, L, 3) m in header.frame_id.
            style: A key of TYPES.
            header: Of the image.
        """
        markers = []
        for number, name, points in zip(faces.ids.tolist(), faces.names, points_m, strict=True):
            vertices = [Point(x=x, y=y, z=z) for x, y, z in points.tolist()]
            markers.append(self._mesh(number, vertices, style, header))
            markers.append(_label(number, name, vertices, header))
        return MarkerArray(markers=self._removed(markers, header) + markers)

    def _mesh(self, number: int, vertices: list[Point], style: str, header: Header) -> Marker:
        marker = _marker(style, number, TYPES[style], header)
        marker.scale.x, marker.scale.y, marker.scale.z = SCALES[marker.type]
        # The same Point objects many times: a new one per corner costs 20 times as much.
        marker.points = [vertices[index] for index in self._indices[style]]
        return marker

    def _removed(self, markers: list[Marker], header: Header) -> list[Marker]:
        shown = {(marker.ns, marker.id) for marker in markers}
        gone, self._shown = self._shown - shown, shown
        return [
            Marker(header=header, ns=ns, id=number, action=Marker.DELETE)
            for ns, number in sorted(gone)
        ]


def _indices(topology: FaceTopology) -> dict[str, list[int]]:
    return {
        'mesh': topology.triangles.ravel().tolist(),
        'wireframe': topology.edges.ravel().tolist(),
        'contours': topology.contours.ravel().tolist(),
        'points': list(range(len(topology.region_of_landmark))),
    }


def _marker(namespace: str, number: int, kind: int, header: Header) -> Marker:
    marker = Marker(header=header, ns=namespace, id=number, type=kind, lifetime=LIFETIME)
    marker.pose.orientation.w = 1.0
    red, green, blue = rgb_of_id(number)
    marker.color = ColorRGBA(r=red, g=green, b=blue, a=1.0)
    return marker


def _label(number: int, name: str, vertices: list[Point], header: Header) -> Marker:
    """Put the name above the highest point; up is -y in an optical frame."""
    marker = _marker('name', number, Marker.TEXT_VIEW_FACING, header)
    top = min(vertices, key=lambda vertex: vertex.y)
    marker.pose.position = Point(x=top.x, y=top.y - TEXT_HEIGHT_M, z=top.z)
    marker.scale.z = TEXT_HEIGHT_M
    marker.text = name
    return marker
