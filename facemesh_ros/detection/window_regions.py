"""Regions of detection windows around one face, and what a window shows whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.detection.scan_plan import DetectionWindow
from facemesh_ros.geometry.boxes import box_sizes
from facemesh_ros.geometry.rois import LEFT_EYE_KEYPOINT, RIGHT_EYE_KEYPOINT
from facemesh_ros.geometry.tiles import rotate_quarter_turns
from facemesh_ros.types import FaceDetections, Float32, Frame, Rois

# A box that ends within this share of a tile's side from its border may be cut by it.
CUT_MARGIN = 0.02
# A candidate is confirmed in a square so many times its size, in which the detector scores best.
CANDIDATE_WINDOW_SCALE = 4
# Smaller boxes cannot be told from noise.
MIN_BOX_PX = 12


def in_window(found: FaceDetections, window: DetectionWindow, frame: Frame) -> FaceDetections:
    """Return the detections of a window without those that it cuts or that are too small."""
    if not len(found):
        return found
    if window.region is not None:
        found = found[_are_uncut(found, window.region, frame.image_wh)]
    return found[box_sizes(found.boxes_xyxy) >= MIN_BOX_PX]


def window_around(candidate: FaceDetections) -> Rois:
    """Return the square in which a candidate is confirmed, rotated as the face is."""
    keypoints = candidate.keypoints[0]
    angle = np.arctan2(*(keypoints[LEFT_EYE_KEYPOINT] - keypoints[RIGHT_EYE_KEYPOINT])[::-1])
    return square_around(candidate.boxes_xyxy, CANDIDATE_WINDOW_SCALE, float(angle))


def square_around(box_xyxy: Float32, scale: float, angle_rad: float) -> Rois:
    """Return the square around (1, 4) px that is so many times as large, turned with the face.

    Args:
        box_xyxy: (1, 4) px, of the face.
        scale: Side of the square, in longer sides of the box.
        angle_rad: By which the face is turned, clockwise; the square is by quarter turns.
    """
    wh = box_xyxy[:, 2:] - box_xyxy[:, :2]
    sides = (np.float32(scale) * wh).max(axis=1, keepdims=True)
    centres = np.float32(0.5) * (box_xyxy[:, :2] + box_xyxy[:, 2:])
    upright = Rois(centres, sides.repeat(2, axis=1), np.zeros_like(sides[0]))
    return rotate_quarter_turns(upright, round(angle_rad / (np.pi / 2)))


def _are_uncut(
    found: FaceDetections, region: Rois, image_wh: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return whether each box ends well within the region, or where the image itself ends."""
    side, centre = region.sizes_wh[0, 0], region.centres[0]
    low, high = centre - side / 2, centre + side / 2
    # A pixel of tolerance, as tiles that fit the image do so up to rounding.
    low = np.where(low <= 1, -np.inf, low + CUT_MARGIN * side)
    high = np.where(high >= np.subtract(image_wh, 1), np.inf, high - CUT_MARGIN * side)
    boxes = found.boxes_xyxy
    inside = np.concatenate([boxes[:, :2] >= low, boxes[:, 2:] <= high], axis=1)
    uncut: NDArray[np.bool_] = inside.min(axis=1)
    return uncut
