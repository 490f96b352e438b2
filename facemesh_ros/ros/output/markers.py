"""Faces as RViz markers: a mesh and a name for each."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point
from numpy.typing import NDArray
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.ros.output.cdr_template import CdrTemplate, LayoutError
from facemesh_ros.types import Faces, Float32
from facemesh_ros.viz.drawing import rgb_of_id

LINE_WIDTH_M = 0.0006
POINT_SIDE_M = 0.002
TEXT_HEIGHT_M = 0.025
# From the highest point to the name; up is -y in an optical frame.
NAME_OFFSET_M = np.array([0.0, TEXT_HEIGHT_M, 0.0])
# Namespace of the names; that of the meshes is the style.
NAME = 'name'
# The markers of a node that died disappear by themselves; longer than any camera's period.
LIFETIME = Duration(sec=1)
MAX_TEMPLATES = 8

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
    """Builds the markers of a stream, and deletes those of faces that left."""

    def __init__(self, topology: FaceTopology) -> None:
        self._indices = _indices(topology)
        self._shown: set[tuple[str, int]] = set()
        # The last used, by what makes their layouts differ.
        self._templates: dict[Hashable, MarkerTemplate] = {}
        self._layout_is_known = True

    def serialised(
        self, faces: Faces, points_m: Float32, style: str, header: Header
    ) -> bytes | MarkerArray:
        """Return what `msg` returns, serialised where that is quicker; a publisher takes both."""
        shown = _keys(faces, style)
        if faces and not self._shown - shown and self._layout_is_known:
            try:
                template = self._template(faces, points_m, style, header)
            except LayoutError:
                self._layout_is_known = False
            else:
                self._shown = shown
                return template.filled(faces, points_m, header)
        return self.msg(faces, points_m, style, header)

    def _template(
        self, faces: Faces, points_m: Float32, style: str, header: Header
    ) -> MarkerTemplate:
        key = (style, header.frame_id, *map(len, faces.names))
        template = self._templates.pop(key, None)
        if template is None:
            markers = self._added(faces, points_m, style, header)
            template = MarkerTemplate(markers, self._indices[style])
        self._templates[key] = template
        if len(self._templates) > MAX_TEMPLATES:
            del self._templates[next(iter(self._templates))]
        return template

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
        deleted = [
            Marker(header=header, ns=namespace, id=number, action=Marker.DELETE)
            for namespace, number in sorted(gone)
        ]
        return MarkerArray(markers=deleted + self._added(faces, points_m, style, header))

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
        """Serialise a mesh and a label for each face; `indices` are the landmarks of a mesh.

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
        self._positions = self._views(labels, 'pose.position')
        self._names = self._views(labels, 'text')

    def _views(self, markers: Iterable[int], field: str) -> list[np.ndarray]:
        return [self._template.view(f'markers[{index}].{field}') for index in markers]

    def filled(self, faces: Faces, points_m: Float32, header: Header) -> bytes:
        """Return the serialised markers of N other faces, with names of the same lengths."""
        for seconds, nanoseconds in zip(self._seconds, self._nanoseconds, strict=True):
            seconds[:], nanoseconds[:] = header.stamp.sec, header.stamp.nanosec
        for index, (number, name) in enumerate(zip(faces.ids.tolist(), faces.names, strict=True)):
            points = points_m[index].astype(np.float64)
            for marker in (2 * index, 2 * index + 1):
                self._ids[marker][:] = number
                self._colours[marker][:3] = rgb_of_id(number)
            self._points[index][:] = points[self._indices]
            self._positions[index][:] = points[points[:, 1].argmin()] - NAME_OFFSET_M
            self._names[index][:] = list(name.encode())
        return self._template.to_bytes()


def _keys(faces: Faces, style: str) -> set[tuple[str, int]]:
    """Return the namespace and id of each marker, which identify it in RViz."""
    return {(namespace, number) for namespace in (style, NAME) for number in faces.ids.tolist()}


def _indices(topology: FaceTopology) -> dict[str, NDArray[np.intp]]:
    """Return the landmarks of each style's points, in order."""
    return {
        'mesh': topology.triangles.ravel().astype(np.intp),
        'wireframe': topology.edges.ravel().astype(np.intp),
        'contours': topology.contours.ravel().astype(np.intp),
        'points': np.arange(len(topology.region_of_landmark)),
    }


def _marker(namespace: str, number: int, marker_type: int, header: Header) -> Marker:
    marker = Marker(header=header, ns=namespace, id=number, type=marker_type, lifetime=LIFETIME)
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
