"""Faces as RViz markers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.messages.marker_parts import MarkerPart, marker_parts, style_indices
from facemesh_ros.messages.message_classes import MessageClasses
from facemesh_ros.messages.scene import SceneFaces

# The markers of a node that died disappear by themselves; longer than any camera's period.
LIFETIME_S = 1

MarkerKey = tuple[str, int]


class MarkerMessages:
    """Builds the markers of a stream, and deletes those of what left."""

    def __init__(self, classes: MessageClasses, topology: FaceTopology) -> None:
        self._classes, self._indices = classes, style_indices(topology)
        self._shown: set[MarkerKey] = set()

    def msg(self, scene: SceneFaces, style: str, header: Any) -> Any:
        """Return the MarkerArray of one image.

        Args:
            scene: The faces in header.frame_id.
            style: A key of STYLES.
            header: Of the image, in the frame of the scene.
        """
        return self._msg(self._parts(scene, style), header)

    def _parts(self, scene: SceneFaces, style: str) -> list[MarkerPart]:
        return marker_parts(scene, style, self._indices[style])

    def _msg(self, parts: Sequence[MarkerPart], header: Any) -> Any:
        classes = self._classes
        gone, self._shown = self._shown - marker_keys(parts), marker_keys(parts)
        deleted = [
            classes.Marker(header=header, ns=namespace, id=number, action=classes.Marker.DELETE)
            for namespace, number in sorted(gone)
        ]
        shown = (marker_msg(classes, part, header) for part in parts)
        return classes.MarkerArray(markers=[*deleted, *shown])


def marker_keys(parts: Sequence[MarkerPart]) -> set[MarkerKey]:
    """Return the namespace and id of each marker, which identify it in RViz."""
    return {(part.namespace, part.number) for part in parts}


def marker_msg(classes: MessageClasses, part: MarkerPart, header: Any) -> Any:
    """Return the Marker of one part."""
    marker = classes.Marker(
        header=header,
        ns=part.namespace,
        id=part.number,
        type=part.kind,
        lifetime=classes.Duration(sec=LIFETIME_S),
    )
    marker.pose.orientation.w = 1.0
    marker.color = _colour(classes, part.rgb)
    marker.scale.x, marker.scale.y, marker.scale.z = part.scale
    vertices = [classes.Point(x=x, y=y, z=z) for x, y, z in part.points_m.tolist()]
    if part.text:
        marker.pose.position, marker.text = vertices[0], part.text
        return marker
    # The same Point objects many times: a new one per corner costs 20 times as much.
    marker.points = [vertices[index] for index in part.indices.tolist()]
    if part.vertex_rgb is not None:
        marker.colors = [_colour(classes, rgb) for rgb in part.vertex_rgb.tolist()]
    return marker


def _colour(classes: MessageClasses, rgb: Sequence[float]) -> Any:
    red, green, blue = rgb
    return classes.ColorRGBA(r=red, g=green, b=blue, a=1.0)
