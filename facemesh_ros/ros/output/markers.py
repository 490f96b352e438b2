"""Faces as RViz markers, as messages or as bytes that are ready to be published."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.messages.marker_parts import MarkerPart
from facemesh_ros.messages.markers import MarkerMessages, marker_keys, marker_msg
from facemesh_ros.messages.scene import SceneFaces
from facemesh_ros.ros.output.cdr_template import CdrTemplate, LayoutError
from facemesh_ros.ros.output.messages import ROS_CLASSES

MAX_TEMPLATES = 8


class FaceMarkers(MarkerMessages):
    """Builds the markers of a stream, and deletes those of what left."""

    def __init__(self, topology: FaceTopology) -> None:
        super().__init__(ROS_CLASSES, topology)
        # The last used, by what makes their layouts differ.
        self._templates: dict[Hashable, MarkerTemplate] = {}
        self._layout_is_known = True

    def serialised(self, scene: SceneFaces, style: str, header: Header) -> bytes | MarkerArray:
        """Return what `msg` returns, serialised where that is quicker; a publisher takes both."""
        parts = self._parts(scene, style)
        if parts and not self._shown - marker_keys(parts) and self._layout_is_known:
            try:
                template = self._template(parts, header)
            except LayoutError:
                self._layout_is_known = False
            else:
                self._shown = marker_keys(parts)
                return template.filled(parts, header)
        return self._msg(parts, header)

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
        markers = [marker_msg(ROS_CLASSES, part, header) for part in parts]
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
