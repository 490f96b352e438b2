"""Draws faces into an image: mesh, contours, id and presence; in metres also axes and gaze."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.types import Faces, Float32, Float64, Frame, PixelOrder, UInt8
from facemesh_ros.viz.overlay import RGB, Arrow, arrows_of, label_of, rgb_of_id

# Fractional bits of OpenCV's drawing coordinates, for lines between pixels.
SHIFT = 4
MESH_OPACITY = 0.35
TO_BGR = {
    PixelOrder.MONO: cv2.COLOR_GRAY2BGR,
    PixelOrder.RGB: cv2.COLOR_RGB2BGR,
    PixelOrder.RGBA: cv2.COLOR_RGBA2BGR,
    PixelOrder.BGRA: cv2.COLOR_BGRA2BGR,
}


def bgr_from_frame(frame: Frame) -> UInt8:
    """Return a copy of a frame's image as (H, W, 3) BGR."""
    if frame.order is PixelOrder.BGR:
        return frame.image.copy()
    return np.asarray(cv2.cvtColor(frame.image, TO_BGR[frame.order]), np.uint8)


def draw_faces(frame: Frame, faces: Faces, topology: FaceTopology) -> UInt8:
    """Return a copy of the image, (H, W, 3) BGR, with the mesh and the name of each face.

    If the frame has a camera, faces in metres have their distance, head axes and gaze too.
    """
    canvas = bgr_from_frame(frame)
    colours = [_bgr(rgb_of_id(number)) for number in faces.ids.tolist()]
    mesh = canvas.copy()
    for points, colour in zip(faces.landmarks, colours, strict=True):
        _draw_lines(mesh, points, topology.edges, colour)
    # Faint, or the mesh would hide a small face.
    cv2.addWeighted(mesh, MESH_OPACITY, canvas, 1 - MESH_OPACITY, 0, dst=canvas)
    for index, colour in enumerate(colours):
        _draw_lines(canvas, faces.landmarks[index], topology.contours, colour)
        if frame.camera is not None:
            for arrow in arrows_of(frame.camera, faces.metric, index):
                _draw_arrow(canvas, arrow)
        _write(canvas, label_of(faces, index), faces.boxes_xyxy[index], colour)
    return canvas


def _draw_arrow(canvas: UInt8, arrow: Arrow) -> None:
    start, end = _fixed(canvas, arrow.ends).tolist()
    # A few pixels of an arrow's head, however long it is.
    length = float(np.linalg.norm(arrow.ends[1] - arrow.ends[0]))
    tip = min(0.3, 6 / max(length, 1.0))
    cv2.arrowedLine(canvas, start, end, _bgr(arrow.rgb), 2, cv2.LINE_AA, SHIFT, tip)


def _bgr(rgb: RGB) -> tuple[float, ...]:
    return tuple(255 * part for part in reversed(rgb))


def _draw_lines(
    canvas: UInt8, points: Float32, pairs: np.ndarray, colour: tuple[float, ...]
) -> None:
    fixed = _fixed(canvas, points[:, :2])
    cv2.polylines(canvas, list(fixed[pairs]), False, colour, 1, cv2.LINE_AA, SHIFT)


def _fixed(canvas: UInt8, pixels: Float32 | Float64) -> NDArray[np.int32]:
    """Return pixels as OpenCV's drawing takes them."""
    # A point far outside would overflow the drawing's 32 bits.
    limit = 4 * max(canvas.shape)
    fixed: NDArray[np.int32] = np.rint(np.clip(pixels, -limit, limit) * (1 << SHIFT)).astype(
        np.int32
    )
    return fixed


def _write(canvas: UInt8, text: str, box: Float32, colour: tuple[float, ...]) -> None:
    scale = max(0.4, min(canvas.shape[:2]) / 1000)
    right, bottom = canvas.shape[1], canvas.shape[0] - 4
    origin = int(min(max(2, box[0]), right)), int(min(max(12, box[1] - 6), bottom))
    cv2.putText(canvas, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(canvas, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)
