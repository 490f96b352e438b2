"""Faces as RViz markers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point
from numpy.typing import NDArray
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.ros.output.cdr_template import CdrTemplate, CdrTemplates
from facemesh_ros.types import Faces, Float32
from facemesh_ros.viz.drawing import rgb_of_id

LINE_WIDTH_M = 0.0006
POINT_SIDE_M = 0.002
TEXT_HEIGHT_M = 0.025
# From the highest point to the name; up is -y in an optical frame.
ABOVE_M = np.array([0.0, TEXT_HEIGHT_M, 0.0])
# Namespace of the names; that of the rest is the style.
NAME = 'name'
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
        self._templates: CdrTemplates[MarkerTemplate] = CdrTemplates()

    def content(
        self, faces: Faces, points_m: Float32, style: str, header: Header
    ) -> bytes | MarkerArray:
        """Return what `msg` returns, serialised where that is quicker; a publisher takes both."""
        shown = _keys(faces, style)
        if not faces or self._shown - shown:
            return self.msg(faces, points_m, style, header)
        template = self._templates.get(
            (style, header.frame_id, *map(len, faces.names)),
            lambda: MarkerTemplate(
                self._added(faces, points_m, style, header), self._indices[style]
            ),
        )
        if template is None:
            return self.msg(faces, points_m, style, header)
        self._shown = shown
        return template.filled(faces, points_m, header)

    def msg(self, faces: Faces, points_m: Float32, style: str, header: Header) -> MarkerArray:
        """Return the markers of one image.

        Args:
            faces: N faces.
            points_m: (N, L, 3) m in header.frame_id.
            style: A key of TYPES.
            header: Of the image.
        """
        shown = _keys(faces, style)
        gone, self._shown = self._shown - shown, shown
        removed = [
            Marker(header=header, ns=ns, id=number, action=Marker.DELETE)
            for ns, number in sorted(gone)
        ]
        return MarkerArray(markers=removed + self._added(faces, points_m, style, header))

    def _added(self, faces: Faces, points_m: Float32, style: str, header: Header) -> list[Marker]:
        markers = []
        for number, name, points in zip(faces.ids.tolist(), faces.names, points_m, strict=True):
            vertices = [Point(x=x, y=y, z=z) for x, y, z in points.tolist()]
            markers.append(self._mesh(number, vertices, style, header))
            markers.append(_label(number, name, vertices, header))
        return markers

    def _mesh(self, number: int, vertices: list[Point], style: str, header: Header) -> Marker:
        marker = _marker(style, number, TYPES[style], header)
        marker.scale.x, marker.scale.y, marker.scale.z = SCALES[marker.type]
        # The same Point objects many times: a new one per corner costs 20 times as much.
        marker.points = [vertices[index] for index in self._indices[style].tolist()]
        return marker


class MarkerTemplate:
    """Serialised markers of N faces, of which only the numbers change from image to image."""

    def __init__(self, markers: list[Marker], indices: NDArray[np.intp]) -> None:
        """Take the markers of faces, and the landmarks that a mesh goes through.

        Raises:
            LayoutError: If they are not serialised as expected.
        """
        self._template = CdrTemplate(MarkerArray(markers=markers))
        self._indices = indices
        every = range(len(markers))
        meshes, labels = every[::2], every[1::2]
        self._seconds = self._views(every, 'header.stamp.sec')
        self._nanoseconds = self._views(every, 'header.stamp.nanosec')
        self._ids = self._views(every, 'id')
        self._colours = self._views(every, 'color')
        self._points = [view.reshape(-1, 3) for view in self._views(meshes, 'points')]
        self._places = self._views(labels, 'pose.position')
        self._names = self._views(labels, 'text')

    def _views(self, markers: Iterable[int], field: str) -> list[np.ndarray]:
        return [self._template.view(f'markers[{index}].{field}') for index in markers]

    def filled(self, faces: Faces, points_m: Float32, header: Header) -> bytes:
        """Return the serialised markers of other faces with names of the same lengths."""
        for seconds, nanoseconds in zip(self._seconds, self._nanoseconds, strict=True):
            seconds[:], nanoseconds[:] = header.stamp.sec, header.stamp.nanosec
        for index, (number, name) in enumerate(zip(faces.ids.tolist(), faces.names, strict=True)):
            points = points_m[index].astype(np.float64)
            for marker in (2 * index, 2 * index + 1):
                self._ids[marker][:] = number
                self._colours[marker][:3] = rgb_of_id(number)
            self._points[index][:] = points[self._indices]
            self._places[index][:] = points[points[:, 1].argmin()] - ABOVE_M
            self._names[index][:] = list(name.encode())
        return self._template.content()


def _keys(faces: Faces, style: str) -> set[tuple[str, int]]:
    """Return what RViz tells the markers of faces apart by: namespace and id."""
    return {(namespace, number) for namespace in (style, NAME) for number in faces.ids.tolist()}


def _indices(topology: FaceTopology) -> dict[str, NDArray[np.intp]]:
    """Return the landmarks that each style goes through, in order."""
    return {
        'mesh': topology.triangles.ravel().astype(np.intp),
        'wireframe': topology.edges.ravel().astype(np.intp),
        'contours': topology.contours.ravel().astype(np.intp),
        'points': np.arange(len(topology.region_of_landmark)),
    }


def _marker(namespace: str, number: int, kind: int, header: Header) -> Marker:
    marker = Marker(header=header, ns=namespace, id=number, type=kind, lifetime=LIFETIME)
    marker.pose.orientation.w = 1.0
    red, green, blue = rgb_of_id(number)
    marker.color = ColorRGBA(r=red, g=green, b=blue, a=1.0)
    return marker


def _label(number: int, name: str, vertices: list[Point], header: Header) -> Marker:
    """Put the name above the highest point."""
    marker = _marker(NAME, number, Marker.TEXT_VIEW_FACING, header)
    top = min(vertices, key=lambda vertex: vertex.y)
    marker.pose.position = Point(x=top.x, y=top.y - TEXT_HEIGHT_M, z=top.z)
    marker.scale.z = TEXT_HEIGHT_M
    marker.text = name
    return marker
