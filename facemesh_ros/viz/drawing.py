"""Draws faces into an image: mesh, contours, id and presence; in metres also axes and gaze."""

from __future__ import annotations

import colorsys

import cv2
import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.geometry.gaze_frame import eye_centres
from facemesh_ros.types import (
    Camera,
    Faces,
    Float32,
    Float64,
    Frame,
    MetricFaces,
    PixelOrder,
    UInt8,
)

# Fractional bits of OpenCV's drawing coordinates, for lines between pixels.
SHIFT = 4
MESH_OPACITY = 0.35
AXIS_LENGTH_M, GAZE_LENGTH_M = 0.06, 0.08
# x, y and z in red, green and blue, as RViz draws frames.
BGR_OF_AXES = ((0, 0, 255), (0, 255, 0), (255, 0, 0))
BGR_OF_GAZE = (0, 255, 255)  # yellow, which no mesh beside it is
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
    """Return a copy of the image, (H, W, 3) BGR, with the mesh and the name of each face.

    If the frame has a camera, faces in metres have their distance, head axes and gaze too.
    """
    canvas = bgr_from_frame(frame)
    colours = [_bgr_of_id(number) for number in faces.ids.tolist()]
    mesh = canvas.copy()
    for points, colour in zip(faces.landmarks, colours, strict=True):
        _draw_lines(mesh, points, topology.edges, colour)
    # Faint, or the mesh would hide a small face.
    cv2.addWeighted(mesh, MESH_OPACITY, canvas, 1 - MESH_OPACITY, 0, dst=canvas)
    for index, colour in enumerate(colours):
        _draw_lines(canvas, faces.landmarks[index], topology.contours, colour)
        if frame.camera is not None:
            _draw_axes(canvas, frame.camera, faces.metric, index)
            _draw_gaze(canvas, frame.camera, faces.metric, index)
        _write(canvas, _label(faces, index), faces.boxes_xyxy[index], colour)
    return canvas


def _label(faces: Faces, index: int) -> str:
    distance_m = np.linalg.norm(faces.metric.positions_m[index])
    in_metres = f' {distance_m:.2f} m' if np.isfinite(distance_m) else ''
    return f'{faces.names[index]} {faces.presences[index]:.2f}{in_metres}'


def _draw_axes(canvas: UInt8, camera: Camera, metric: MetricFaces, index: int) -> None:
    origin_m = metric.positions_m[index]
    ends_m = origin_m + AXIS_LENGTH_M * metric.rotations[index].T
    for end_m, colour in zip(ends_m, BGR_OF_AXES, strict=True):
        _draw_arrow(canvas, camera, np.stack([origin_m, end_m]), colour)


def _draw_gaze(canvas: UInt8, camera: Camera, metric: MetricFaces, index: int) -> None:
    gazes = metric.gazes_right[index], metric.gazes_left[index]
    for centre_m, gaze in zip(eye_centres(metric.landmarks_m[index]), gazes, strict=True):
        ends_m = np.stack([centre_m, centre_m + GAZE_LENGTH_M * gaze])
        _draw_arrow(canvas, camera, ends_m, BGR_OF_GAZE)


def _draw_arrow(canvas: UInt8, camera: Camera, ends_m: Float64, colour: tuple[float, ...]) -> None:
    """Draw an arrow between two points in space, (2, 3) m; nothing where one is not in view."""
    pixels = camera.pixels_from_points(ends_m)
    if np.isfinite(pixels).all():
        start, end = _fixed(canvas, pixels).tolist()
        # A few pixels of an arrow's head, however long it is.
        tip = min(0.3, 6 / max(float(np.linalg.norm(pixels[1] - pixels[0])), 1.0))
        cv2.arrowedLine(canvas, start, end, colour, 2, cv2.LINE_AA, SHIFT, tip)


def _bgr_of_id(number: int) -> tuple[float, ...]:
    return tuple(255 * part for part in reversed(rgb_of_id(number)))


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
