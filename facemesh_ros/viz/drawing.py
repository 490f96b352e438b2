"""Draws faces into an image: mesh, contours, id and presence."""

from __future__ import annotations

import colorsys

import cv2
import numpy as np

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.types import Faces, Float32, Frame, PixelOrder, UInt8

# Fractional bits of OpenCV's drawing coordinates, for lines between pixels.
SHIFT = 4
MESH_OPACITY = 0.35
TO_BGR = {
    PixelOrder.MONO: cv2.COLOR_GRAY2BGR,
    PixelOrder.RGB: cv2.COLOR_RGB2BGR,
    PixelOrder.RGBA: cv2.COLOR_RGBA2BGR,
    PixelOrder.BGRA: cv2.COLOR_BGRA2BGR,
}


def rgb_of_id(number: int) -> tuple[float, float, float]:
    """Return the bright colour of an id, in [0, 1]; neighbouring ids differ clearly."""
    golden_ratio = 0.618034
    return colorsys.hsv_to_rgb((0.8 + number * golden_ratio) % 1.0, 0.6, 1.0)


def bgr_from_frame(frame: Frame) -> UInt8:
    """Return a copy of a frame's image as (H, W, 3) BGR."""
    if frame.order is PixelOrder.BGR:
        return frame.image.copy()
    return np.asarray(cv2.cvtColor(frame.image, TO_BGR[frame.order]), np.uint8)


def draw_faces(frame: Frame, faces: Faces, topology: FaceTopology) -> UInt8:
    """Return a copy of the image, (H, W, 3) BGR, with the mesh and the name of each face."""
    canvas = bgr_from_frame(frame)
    colours = [_bgr_of_id(number) for number in faces.ids.tolist()]
    mesh = canvas.copy()
    for points, colour in zip(faces.landmarks, colours, strict=True):
        _draw_lines(mesh, points, topology.edges, colour)
    # Faint, or the mesh would hide a small face.
    cv2.addWeighted(mesh, MESH_OPACITY, canvas, 1 - MESH_OPACITY, 0, dst=canvas)
    for index, (name, colour) in enumerate(zip(faces.names, colours, strict=True)):
        _draw_lines(canvas, faces.landmarks[index], topology.contours, colour)
        _write(canvas, f'{name} {faces.presences[index]:.2f}', faces.boxes_xyxy[index], colour)
    return canvas


def _bgr_of_id(number: int) -> tuple[float, ...]:
    return tuple(255 * part for part in reversed(rgb_of_id(number)))


def _draw_lines(
    canvas: UInt8, points: Float32, pairs: np.ndarray, colour: tuple[float, ...]
) -> None:
    # A point far outside would overflow the drawing's 32 bits.
    limit = 4 * max(canvas.shape)
    fixed = np.rint(np.clip(points[:, :2], -limit, limit) * (1 << SHIFT)).astype(np.int32)
    cv2.polylines(canvas, list(fixed[pairs]), False, colour, 1, cv2.LINE_AA, SHIFT)


def _write(canvas: UInt8, text: str, box: Float32, colour: tuple[float, ...]) -> None:
    scale = max(0.4, min(canvas.shape[:2]) / 1000)
    right, bottom = canvas.shape[1], canvas.shape[0] - 4
    origin = int(min(max(2, box[0]), right)), int(min(max(12, box[1] - 6), bottom))
    cv2.putText(canvas, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(canvas, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)
