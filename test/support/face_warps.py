"""Deformations of a face inside its picture: head rotation in depth, lips, eyelids.

Each is a continuous map, so that one function gives both the resampled picture and the true
landmarks.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator

from facemesh_ros.geometry.canonical_face import (
    LEFT_EYE_OUTER_CORNER,
    RIGHT_EYE_OUTER_CORNER,
    UPPER_LIP,
)
from facemesh_ros.types import Float32, Float64, UInt8

FIELD_STEP_PX = 4
INVERSION_ROUNDS = 8
BISECTION_ROUNDS = 40
MESH = slice(0, 468)
# Upper and lower lid, outer and inner corner of the subject's right and left eye.
EYES = ((159, 145, RIGHT_EYE_OUTER_CORNER, 133), (386, 374, LEFT_EYE_OUTER_CORNER, 362))
LOWER_LIP, CHIN = 14, 152
RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER = 61, 291
# How far above the eye the skin stretches when the lid goes down, in openings of the eye.
BROW = 2.0
SHUT = 0.85
# Share of the slit between the lips that is stretched over the open mouth.
SLIT = 0.05


@dataclass(frozen=True)
class Expression:
    """Deformation of a face at one time.

    Attributes:
        yaw_rad: Rotation about the vertical.
        pitch_rad: Rotation about the horizontal.
        mouth_opening: How far the lower lip goes down, in distances between outer eye corners.
        eye_closing: 0 as in the picture, 1 shut.
    """

    yaw_rad: float = 0.0
    pitch_rad: float = 0.0
    mouth_opening: float = 0.0
    eye_closing: float = 0.0


class FaceWarp:
    """Deforms one picture of one upright face.

    Attributes:
        eye_distance_px: Distance between the outer eye corners in the picture.
    """

    def __init__(self, picture: UInt8, landmarks: Float32) -> None:
        """Prepare the warps.

        Args:
            picture: (H, W, 3).
            landmarks: (L, 3) of its face, px.
        """
        self._landmarks = landmarks.astype(np.float64)
        xy = self._landmarks[:, :2]
        self.eye_distance_px = float(
            np.linalg.norm(xy[LEFT_EYE_OUTER_CORNER] - xy[RIGHT_EYE_OUTER_CORNER])
        )
        self._centre = self._landmarks[MESH].mean(axis=0)
        self._fields = self._depth_and_weight(picture.shape[1], picture.shape[0])

    def moved(self, points_xy: Float64, expression: Expression) -> Float64:
        """Return the deformed positions of points (N, 2) of the picture, px."""
        x, y = points_xy[:, 0], points_xy[:, 1]
        reach = self.eye_distance_px
        low, high = y - reach, y + reach
        for _ in range(BISECTION_ROUNDS):
            middle = 0.5 * (low + high)
            too_high = self._expression_source(np.stack([x, middle], -1), expression)[:, 1] < y
            low, high = np.where(too_high, middle, low), np.where(too_high, high, middle)
        deformed = np.stack([x, 0.5 * (low + high)], axis=-1)
        return deformed + self._rotation(deformed, expression)

    def sources(self, targets_xy: Float64, expression: Expression) -> Float64:
        """Return the points of the picture that are visible at targets (H, W, 2), px."""
        if not (expression.yaw_rad or expression.pitch_rad):
            return self._expression_source(targets_xy, expression)
        # The rotation is smooth: every fourth pixel is enough and takes a sixteenth of the time.
        coarse = targets_xy[::FIELD_STEP_PX, ::FIELD_STEP_PX]
        found = coarse
        for _ in range(INVERSION_ROUNDS):
            found = coarse - self._rotation(found, expression)
        turned = targets_xy + _enlarged(found - coarse, targets_xy.shape[:2])
        return self._expression_source(turned, expression)

    def _depth_and_weight(self, width: int, height: int) -> Float32:
        """Return depth and weight of the face on a coarse grid (h, w, 2)."""
        xs, ys = np.arange(0, width, FIELD_STEP_PX), np.arange(0, height, FIELD_STEP_PX)
        grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        known, distance = self._landmarks[MESH], self.eye_distance_px
        depth = RBFInterpolator(
            known[:, :2], known[:, 2] - self._centre[2], neighbors=40, kernel='linear'
        )(grid)
        away = np.linalg.norm(grid - self._centre[:2], axis=1) / distance
        near = np.exp(-(np.maximum(away - 1.2, 0.0) ** 2) / (2 * 0.5**2))
        depth = np.clip(depth, -distance, distance) * near
        return np.stack([depth, near], -1).reshape(len(ys), len(xs), 2).astype(np.float32)

    def _rotation(self, xy: Float64, expression: Expression) -> Float64:
        """Displacement by a rotation about the centre of the face; parallel projection."""
        yaw, pitch = expression.yaw_rad, expression.pitch_rad
        if not (yaw or pitch):
            return np.zeros_like(xy)
        fields = _sampled(self._fields, xy / FIELD_STEP_PX)
        depth, near = fields[..., 0], fields[..., 1]
        x, y = xy[..., 0] - self._centre[0], xy[..., 1] - self._centre[1]
        turned_x = np.cos(yaw) * x + np.sin(yaw) * depth
        turned_z = np.cos(yaw) * depth - np.sin(yaw) * x * near
        turned_y = np.cos(pitch) * y - np.sin(pitch) * turned_z
        return np.stack([(turned_x - x) * near, (turned_y - y) * near], axis=-1)

    def _expression_source(self, xy: Float64, expression: Expression) -> Float64:
        """Undo the motion of lips and lids: return the source of each position."""
        y = xy[..., 1]
        if expression.mouth_opening:
            y = self._lip_source(xy[..., 0], y, expression.mouth_opening)
        if expression.eye_closing:
            for eye in EYES:
                y = self._lid_source(xy[..., 0], y, eye, expression.eye_closing)
        return np.stack([xy[..., 0], y], axis=-1)

    def _lip_source(self, x: Float64, y: Float64, opening: float) -> Float64:
        """Move what is below the mouth down, most in the middle, less at the chin."""
        points = self._landmarks[:, :2]
        slit = 0.5 * (points[UPPER_LIP] + points[LOWER_LIP])
        width = np.linalg.norm(points[LEFT_MOUTH_CORNER] - points[RIGHT_MOUTH_CORNER])
        opened = opening * self.eye_distance_px * np.exp(-(((x - slit[0]) / (0.5 * width)) ** 2))
        chin = points[CHIN, 1] - slit[1]
        below = y - slit[1]
        fade = 0.5 * (1 + np.tanh((1.4 * chin - below) / (0.4 * chin)))
        return y - np.clip(below * (1 - SLIT), 0, opened) * fade

    def _lid_source(
        self, x: Float64, y: Float64, eye: tuple[int, int, int, int], closing: float
    ) -> Float64:
        """Move the upper lid towards the lower one; the eye is squeezed between them."""
        upper, lower, outer, inner = self._landmarks[list(eye), :2]
        gap = lower[1] - upper[1]
        across = (x - upper[0]) / (0.45 * np.linalg.norm(inner - outer))
        lid = SHUT * closing * np.exp(-(across**4))
        down = (y - upper[1]) / gap
        squeezed = (down - lid) / (1 - lid)
        stretched = (down + BROW) * BROW / (lid + BROW) - BROW
        moved = np.where(down > lid, squeezed, stretched)
        return np.where((down > -BROW) & (down < 1), upper[1] + gap * moved, y)


def _sampled(fields: Float32, positions: Float64) -> Float32:
    """Sample fields bilinearly at positions (…, 2)."""
    maps = positions.reshape(1, -1, 2).astype(np.float32)
    # OpenCV's maps have at most 32767 columns.
    parts = np.array_split(maps, maps.shape[1] // 32000 + 1, axis=1)
    sampled = [
        cv2.remap(fields, part, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for part in parts
    ]
    return np.concatenate(sampled, axis=1).reshape(positions.shape)


def _enlarged(coarse: Float64, shape: tuple[int, int]) -> Float64:
    """Interpolate values given at every FIELD_STEP_PX-th pixel to an image of a shape."""
    rows, columns = (np.arange(side, dtype=np.float32) / FIELD_STEP_PX for side in shape)
    maps = np.stack(np.meshgrid(columns, rows), axis=-1)
    return cv2.remap(coarse, maps, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
