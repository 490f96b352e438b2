"""Faces as RViz markers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.messages.cdr_writer import CdrWriter
from facemesh_ros.messages.marker_parts import MarkerPart, marker_parts, style_indices
from facemesh_ros.messages.scene import SceneFaces

MarkerKey = tuple[str, int]
Fields = tuple[str, tuple[Any, ...]]
MARKERS_TYPE = 'visualization_msgs/msg/MarkerArray'
# The markers of a node that died disappear by themselves; longer than any camera's period.
LIFETIME_S = 1
# Constants of visualization_msgs/Marker.
ADD, DELETE = 0, 2
NOT_TURNED = (0.0, 0.0, 0.0, 1.0)
# A texture's name, its image and its coordinates: none.
NO_TEXTURE: Fields = 'I1s iI I1s I1s I I', (1, b'\0', 0, 0, 1, b'\0', 1, b'\0', 0, 0)
# The name and the content of a mesh's file, and whether its materials count: none.
NO_MESH: Fields = 'I1s I1s I ?', (1, b'\0', 1, b'\0', 0, False)


class MarkerMessages:
    """Writes the markers of a stream, and deletes those of what left."""

    def __init__(self, topology: FaceTopology) -> None:
        self._indices = style_indices(topology)
        self._shown: set[MarkerKey] = set()

    def cdr(self, scene: SceneFaces, style: str, header: Any) -> bytes:
        """Return the serialised MarkerArray of one image.

        Args:
            scene: The faces in header.frame_id.
            style: A key of STYLES.
            header: Of the image, in the frame of the scene.
        """
        parts = marker_parts(scene, style, self._indices[style])
        keys = {(part.namespace, part.number) for part in parts}
        gone, self._shown = sorted(self._shown - keys), keys
        writer = CdrWriter()
        writer.numbers('I', len(gone) + len(parts))
        for namespace, number in gone:
            writer.header(header)
            _write_deleted(writer, namespace, number)
        for part in parts:
            writer.header(header)
            _write_shown(writer, part)
        return writer.to_bytes()


def _write_deleted(writer: CdrWriter, namespace: str, number: int) -> None:
    """Write what follows the header of a marker that disappears: its key counts."""
    writer.text(namespace)
    writer.numbers('iii', number, 0, DELETE)
    writer.array('d', (0, 0, 0, *NOT_TURNED, 0, 0, 0))
    writer.numbers('4f iI ? II', *[0] * 6, False, 0, 0)
    _write_end(writer, '')


def _write_shown(writer: CdrWriter, part: MarkerPart) -> None:
    """Write what follows the header of a marker."""
    points_m = part.points_m.take(part.indices, axis=0)
    place = points_m[0].tolist() if part.text else (0.0, 0.0, 0.0)
    colours: Sequence[Any] | np.ndarray = () if part.vertex_rgba is None else part.vertex_rgba
    writer.text(part.namespace)
    writer.numbers('iii', part.number, part.kind, ADD)
    writer.array('d', (*place, *NOT_TURNED, *part.scale))
    writer.numbers('4f iI ?', *part.rgb, 1.0, LIFETIME_S, 0, False)
    writer.sequence('d', () if part.text else points_m)
    writer.sequence('f', colours)
    _write_end(writer, part.text)


def _write_end(writer: CdrWriter, text: str) -> None:
    """Write what follows the colours of a marker's points."""
    kinds, values = NO_TEXTURE
    writer.numbers(kinds, *values)
    writer.text(text)
    kinds, values = NO_MESH
    writer.numbers(kinds, *values)
