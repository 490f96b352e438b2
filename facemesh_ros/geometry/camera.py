"""Cameras of known intrinsics and lens, and faces in front of them by weak perspective."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from facemesh_ros import native
from facemesh_ros.geometry.canonical_face import LEFT_EYE_OUTER_CORNER, RIGHT_EYE_OUTER_CORNER
from facemesh_ros.geometry.lens import PINHOLE, Lens
from facemesh_ros.types import Float32, Float64

# MediaPipe's virtual camera, `face_geometry_from_landmarks_graph.cc`.
DEFAULT_VERTICAL_FOV_RAD = math.radians(63)
# Between vertices 33 and 263 of MediaPipe's canonical face. Adults in Hong Kong: 93 mm (men),
# 88 mm (women), BioMed Research International 2013, 821428, table 2.
OUTER_EYE_DISTANCE_M = 0.0889


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """Focal lengths and principal point of an image: u = fx X/Z + cx, v = fy Y/Z + cy.

    Attributes:
        fx: px.
        fy: px.
        cx: px; 0 is the centre of the leftmost pixel.
        cy: px; 0 is the centre of the topmost pixel.
    """

    fx: float
    fy: float
    cx: float
    cy: float

    @classmethod
    def from_vertical_fov(cls, image_wh: tuple[int, int], fov_rad: float) -> Intrinsics:
        """Return square pixels and a centred principal point, f = (height / 2) / tan(fov / 2).

        Example:
            >>> Intrinsics.from_vertical_fov((640, 480), math.pi / 2).cx
            319.5
        """
        width, height = image_wh
        focal = height / 2 / math.tan(fov_rad / 2)
        return cls(focal, focal, (width - 1) / 2, (height - 1) / 2)

    def cropped_and_binned(
        self, offset_xy: tuple[int, int], binning_xy: tuple[int, int]
    ) -> Intrinsics:
        """Return the intrinsics of a region of the sensor, read out binned.

        f' = f / binning and c' = (c − offset + ½) / binning − ½, as (0, 0) is a pixel's centre.

        Args:
            offset_xy: First column and row of the region, px of the full sensor.
            binning_xy: Sensor pixels per image pixel.
        """
        (left, top), (bin_x, bin_y) = offset_xy, binning_xy
        return Intrinsics(
            self.fx / bin_x,
            self.fy / bin_y,
            (self.cx - left + 0.5) / bin_x - 0.5,
            (self.cy - top + 0.5) / bin_y - 0.5,
        )

    def scaled(self, factors_xy: tuple[float, float]) -> Intrinsics:
        """Return the intrinsics of the image resized by two factors."""
        x, y = factors_xy
        return Intrinsics(
            self.fx * x, self.fy * y, (self.cx + 0.5) * x - 0.5, (self.cy + 0.5) * y - 0.5
        )


@dataclass(frozen=True, slots=True)
class CalibratedCamera:
    """A camera of known intrinsics and lens; see `Camera`.

    Every finite pixel has a ray, also outside the image: lenses go on beyond what their model was
    fitted to, without folding back. Points that no camera of this kind sees have no pixel.

    Attributes:
        intrinsics: Of the image.
        lens: What it draws, in focal lengths; neither binning nor a region change it.

    Example: a pixel right of the principal point by one focal length is seen at 45 degrees.
        >>> camera = CalibratedCamera(Intrinsics(500, 500, 320, 240))
        >>> camera.rays_from_pixels(np.array([820.0, 240.0])).round(3).tolist()
        [0.707, 0.0, 0.707]
    """

    intrinsics: Intrinsics
    lens: Lens = PINHOLE

    def rays_from_pixels(self, pixels: Float32 | Float64) -> Float64:
        """Return the directions (..., 3) in which (..., 2) px are seen, of length 1."""
        own = self.intrinsics
        plane = native.plane_from_pixels(pixels, own.fx, own.fy, own.cx, own.cy)
        with np.errstate(all='ignore'):  # of pixels that are not finite
            return self.lens.rays_from_plane(plane)

    def pixels_from_points(self, points: Float32 | Float64) -> Float64:
        """Return where (..., 3) points or directions are seen, (..., 2) px; NaN if nowhere."""
        own = self.intrinsics
        with np.errstate(all='ignore'):  # of points that are seen nowhere
            plane = self.lens.plane_from_points(np.asarray(points, np.float64))
        pixels = np.empty((*plane.shape, 2))
        pixels[..., 0] = plane.real * own.fx + own.cx
        pixels[..., 1] = plane.imag * own.fy + own.cy
        return pixels


def points_by_weak_perspective(landmarks: Float32, camera: Intrinsics) -> Float32:
    """Return metric landmarks, at the distance at which the mean human eye distance fits.

    With s = OUTER_EYE_DISTANCE_M / eye distance in px: X = s (u − cx), Y = s (v − cy) fx / fy and
    Z = s (z + fx).

    Args:
        landmarks: (N, L, 3) px in the image; z in px of the same scale.
        camera: Of the image.

    Returns:
        (N, L, 3) m in the optical frame: x right, y down, z forward.

    Example: eyes 100 px apart at a focal length of 500 px are 5 eye distances away.
        >>> face = np.zeros((1, 478, 3), np.float32)
        >>> face[0, LEFT_EYE_OUTER_CORNER, 0] = 100
        >>> points_m = points_by_weak_perspective(face, Intrinsics(500, 500, 0, 0))
        >>> round(float(points_m[0, 0, 2] / OUTER_EYE_DISTANCE_M), 3)
        5.0
    """
    corners = landmarks[:, LEFT_EYE_OUTER_CORNER] - landmarks[:, RIGHT_EYE_OUTER_CORNER]
    # 3-D, so that a rotated head does not recede; one px at least, so that nothing divides by 0.
    distances_px = np.maximum(np.linalg.norm(corners, axis=1), 1.0)
    metres_per_px = (OUTER_EYE_DISTANCE_M / distances_px)[:, None, None]
    scaled = (landmarks - np.asarray([camera.cx, camera.cy, 0], np.float32)) * metres_per_px
    scaled[..., 1] *= camera.fx / camera.fy
    scaled[..., 2] += camera.fx * metres_per_px[..., 0]
    points_m: Float32 = scaled.astype(np.float32)
    return points_m
