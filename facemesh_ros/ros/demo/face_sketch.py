"""The faces' contours, drawn in the terminal where it has room and letters for them."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.text import Text

from facemesh_ros import consumer
from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.types import Float32
from facemesh_ros.viz.braille import braille_lines

MIN_ROWS, MAX_ROWS = 8, 30
# With fewer rows the whole image would show a face of some dots: the first face is shown alone.
WHOLE_IMAGE_ROWS = 18
_MARGIN = 1.2


def face_sketch(msg: FaceMeshArray, rows: int) -> Text:
    """Draw the faces.

    Args:
        msg: The faces of an image.
        rows: How many lines there are for it; with fewer than MIN_ROWS nothing is drawn.
    """
    rows = min(rows, MAX_ROWS)
    if rows < MIN_ROWS:
        return Text()
    faces = [consumer.landmarks(face) for face in consumer.seen_faces(msg)]
    segments = [points[load_topology(len(points)).contours, :2] for points in faces]
    lines = np.concatenate(segments) if segments else np.zeros((0, 2, 2), np.float32)
    corner, side_px = _window(msg, segments, rows)
    return Text('\n'.join(braille_lines(lines, corner, side_px, rows)), style='green')


def can_sketch(console: Console) -> bool:
    """Tell whether a terminal shows Braille characters."""
    return console.encoding.lower().startswith('utf')


def _window(
    msg: FaceMeshArray, segments: list[Float32], rows: int
) -> tuple[tuple[float, float], float]:
    """Return corner and side of the square that is drawn, px."""
    if segments and rows < WHOLE_IMAGE_ROWS:
        points = segments[0].reshape(-1, 2)
        low, high = points.min(axis=0), points.max(axis=0)
        side = max(1.0, _MARGIN * float((high - low).max()))
        middle = (low + high) / 2
    else:
        side = float(max(1, min(msg.image_width, msg.image_height)))
        middle = np.array([msg.image_width, msg.image_height], np.float32) / 2
    x, y = (middle - side / 2).tolist()
    return (x, y), side
