"""Faces as RViz markers, as messages or as bytes that are ready to be published."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.ros.output.cdr_template import CdrTemplate, LayoutError
from facemesh_ros.ros.output.marker_parts import MarkerPart, marker_parts, style_indices
from facemesh_ros.ros.output.scene import SceneFaces

# The markers of a node that died disappear by themselves; longer than any camera's period.
LIFETIME = Duration(sec=1)
MAX_TEMPLATES = 8

Key = tuple[str, int]


class FaceMarkers:
    """Builds the markers of a stream, and deletes those of what left."""

    def __init__(self, topology: FaceTopology) -> None:
        self._indices = style_indices(topology)
        self._shown: set[Key] = set()
        # The last used, by what makes their layouts differ.
        self._templates: dict[Hashable, MarkerTemplate] = {}
        self._layout_is_known = True

    def serialised(self, scene: SceneFaces, style: str, header: Header) -> bytes | MarkerArray:
        """Return what `msg` returns, serialised where that is quicker; a publisher takes both."""
        parts = marker_parts(scene, style, self._indices[style])
        if parts and not self._shown - _keys(parts) and self._layout_is_known:
            try:
                template = self._template(parts, header)
            except LayoutError:
                self._layout_is_known = False
            else:
                self._shown = _keys(parts)
                return template.filled(parts, header)
        return self._msg(parts, header)

    def msg(self, scene: SceneFaces, style: str, header: Header) -> MarkerArray:
        """Return the markers of one image.

        Args:
            scene: The faces in header.frame_id.
            style: A key of STYLES.
            header: Of the image, in the frame of the scene.
        """
        return self._msg(marker_parts(scene, style, self._indices[style]), header)

    def _msg(self, parts: Sequence[MarkerPart], header: Header) -> MarkerArray:
        gone, self._shown = self._shown - _keys(parts), _keys(parts)
        deleted = [
            Marker(header=header, ns=namespace, id=number, action=Marker.DELETE)
            for namespace, number in sorted(gone)
        ]
        return MarkerArray(markers=[*deleted, *(_marker(part, header) for part in parts)])

    def _template(self, parts: Sequence[MarkerPart], header: Header) -> MarkerTemplate:
        layouts = [(it.namespace, it.kind, len(it.indices), len(it.text)) for it in parts]
        key = (header.frame_id, *layouts)
        template = self._templates.pop(key, None) or MarkerTemplate(parts, header)
        self._templates[key] = template
        if len(self._templates) > MAX_TEMPLATES:
            del self._templates[next(iter(self._templates))]
        return template


class MarkerTemplate:
    """Serialised markers, of which only the numbers change from image to image."""

    def __init__(self, parts: Sequence[MarkerPart], header: Header) -> None:
        """Serialise markers.

        Raises:
            LayoutError: If they are not serialised as expected.
        """
        markers = [_marker(part, header) for part in parts]
        template = self._template = CdrTemplate(MarkerArray(markers=markers))
        paths = [f'markers[{index}]' for index in range(len(parts))]
        self._seconds = [template.view(f'{path}.header.stamp.sec') for path in paths]
        self._nanoseconds = [template.view(f'{path}.header.stamp.nanosec') for path in paths]
        self._ids = [template.view(f'{path}.id') for path in paths]
        self._colours = [template.view(f'{path}.color') for path in paths]
        self._texts = [template.view(f'{path}.text') for path in paths]
        self._points = [
            template.view(f'{path}.{"pose.position" if part.text else "points"}').reshape(-1, 3)
            for path, part in zip(paths, parts, strict=True)
        ]

    def filled(self, parts: Sequence[MarkerPart], header: Header) -> bytes:
        """Return the serialised markers of other parts with the same layouts."""
        for index, part in enumerate(parts):
            self._seconds[index][:] = header.stamp.sec
            self._nanoseconds[index][:] = header.stamp.nanosec
            self._ids[index][:] = part.number
            self._colours[index][:3] = part.rgb
            self._points[index][:] = part.points_m[part.indices]
            self._texts[index][:] = list(part.text.encode())
        return self._template.to_bytes()


def _keys(parts: Sequence[MarkerPart]) -> set[Key]:
    """Return the namespace and id of each marker, which identify it in RViz."""
    return {(part.namespace, part.number) for part in parts}


def _marker(part: MarkerPart, header: Header) -> Marker:
    marker = Marker(
        header=header, ns=part.namespace, id=part.number, type=part.kind, lifetime=LIFETIME
    )
    marker.pose.orientation.w = 1.0
    marker.color = _colour(part.rgb)
    marker.scale.x, marker.scale.y, marker.scale.z = part.scale
    vertices = [Point(x=x, y=y, z=z) for x, y, z in part.points_m.tolist()]
    if part.text:
        marker.pose.position, marker.text = vertices[0], part.text
        return marker
    # The same Point objects many times: a new one per corner costs 20 times as much.
    marker.points = [vertices[index] for index in part.indices.tolist()]
    if part.vertex_rgb is not None:
        marker.colors = [_colour(rgb) for rgb in part.vertex_rgb.tolist()]
    return marker


def _colour(rgb: Sequence[float]) -> ColorRGBA:
    red, green, blue = rgb
    return ColorRGBA(r=red, g=green, b=blue, a=1.0)
