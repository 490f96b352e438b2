"""Whether a depth image shows a face where the camera image does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.attributes.posed_face import PosedFace
from facemesh_ros.types import Float32, Float64

Indices = NDArray[np.intp]

# The depth image is tried at places up to so far from where it should be, at the face.
STEP_M, STEPS = 0.006, 3
# Farther away, as a depth image of another place may happen to fit a little at this one. The
# misfit there by that here is .73 at least, mostly 1.3 and more, where all is right, and mostly .5
# where the depth image is shifted by a third of a face.
FAR_STEP_M, FAR_STEPS, BESIDE_M = 0.012, 5, 0.020
BETTER, SMALL_M = 0.85, 0.004
# Differences count up to so much, as those of holes do.
CAP_M = 0.020
# Where the relief of real faces fits the mesh best, when all is right, left and up: on the scan
# and three people before a Kinect within 2.5 mm (σ) of this.
USUAL_M = np.array([0.0, 0.003])
# Weight of a tilt's prior against the landmarks', as a tilt of 10° at 50 mm.
_TILT_PRIOR = 3.0


def find_shift(
    landmarks: Float32, face: PosedFace, depth_m: Float32, chosen: Indices, factor: float
) -> Float64:
    """Return how far from its place a face fits a depth image best, (2,) m to its left and up.

    The depth image is read at places around each landmark; where a plane explains best what is
    left of the differences, there it fits.

    Args:
        landmarks: (L, 3) px.
        face: The same, posed at an assumed size.
        depth_m: (H, W) m.
        chosen: Landmarks to compare by.
        factor: By which the assumed metres are too small.
    """
    costs = _costs_at(_NEAR_M, landmarks, face, depth_m, chosen, factor)
    shift_m: Float64 = _lowest(costs.reshape(_SIDE, _SIDE)) * factor - USUAL_M
    return shift_m


def fits_elsewhere(
    landmarks: Float32, face: PosedFace, depth_m: Float32, chosen: Indices, factor: float
) -> bool:
    """Return whether a depth image fits a face clearly better 20 to 85 mm beside its place.

    Takes the same arguments as `find_shift`, which does not look that far.
    """
    costs = _costs_at(_FAR_M, landmarks, face, depth_m, chosen, factor)
    here = max(costs[len(costs) // 2], SMALL_M**2)
    return bool(costs[_BESIDE].min() < BETTER**2 * here)


def _costs_at(
    shifts_m: Float64,
    landmarks: Float32,
    face: PosedFace,
    depth_m: Float32,
    chosen: Indices,
    factor: float,
) -> Float64:
    """Return the misfit at places (S, 2) beside the face, left and up, (S,) m²."""
    points_m, rays = face.landmarks_m[chosen], face.rays[chosen]
    plane_m, pixels_per_m = _face_plane(landmarks[chosen, :2], points_m, face)
    pixels = landmarks[chosen, :2] + (shifts_m @ pixels_per_m)[:, None]
    measured_m = sample(depth_m, pixels)
    errors = measured_m / (factor * rays[:, 2]) - np.einsum('ij,ij->i', points_m, rays)
    unknown = np.isnan(errors)
    return _costs(np.where(unknown, 0.0, errors), unknown, plane_m)


def sample(depth_m: Float32, pixels: Float32 | Float64) -> Float64:
    """Return the depth (...) at (..., 2) px, NaN where unknown or outside the image."""
    nearest = np.rint(pixels).astype(np.intp)
    columns, rows = nearest[..., 0], nearest[..., 1]
    height, width = depth_m.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    if not inside.all():
        columns, rows = np.where(inside, columns, 0), np.where(inside, rows, 0)
    found = depth_m[rows, columns]
    known: Float64 = np.where(inside & (found > 0) & (found < np.inf), found, np.nan).astype(float)
    return known


def _places(step_m: float, steps: int) -> Float64:
    """Return a square grid of places, rows up, columns left, (S, 2) m."""
    along = step_m * np.arange(-steps, steps + 1)
    return np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2)


_SIDE = 2 * STEPS + 1
_NEAR_M, _FAR_M = _places(STEP_M, STEPS), _places(FAR_STEP_M, FAR_STEPS)
_BESIDE = np.hypot(*_FAR_M.T) > BESIDE_M


def _face_plane(pixels: Float32, points_m: Float64, face: PosedFace) -> tuple[Float64, Float64]:
    """Return points across the line of sight, (n, 2) to left and up, and (2, 2) px per m."""
    sight = face.pose.position_m / np.sqrt(face.pose.position_m @ face.pose.position_m)
    up = face.pose.rotation[:, 2] - (face.pose.rotation[:, 2] @ sight) * sight
    up /= np.sqrt(up @ up)
    plane_m = points_m @ np.stack([np.cross(sight, up), up], axis=1)
    plane_m -= plane_m.mean(axis=0)
    towards_pixels = plane_m.T @ pixels.astype(float)
    return plane_m, np.linalg.solve(plane_m.T @ plane_m, towards_pixels)


def _costs(errors: Float64, unknown: NDArray[np.bool_], plane_m: Float64) -> Float64:
    """Return the mean square that a plane leaves of errors (S, n), each capped, (S,)."""
    design = np.concatenate([np.ones((len(plane_m), 1)), plane_m / 0.05], axis=1)
    prior = np.diag([0, _TILT_PRIOR, _TILT_PRIOR])
    solution = np.linalg.solve(design.T @ design + prior, design.T)
    kept = np.clip(errors, -CAP_M, CAP_M)
    for _ in range(3):
        fitted = kept @ solution.T @ design.T
        left = np.clip(np.where(unknown, 0, errors - fitted), -CAP_M, CAP_M)
        kept = left + fitted
    left[unknown] = CAP_M / 2
    costs: Float64 = (left * left).mean(axis=1)
    return costs


def _lowest(costs: Float64) -> Float64:
    """Return where costs (rows up, columns left) are lowest, (2,) m to left and up."""
    row, column = np.unravel_index(costs.argmin(), costs.shape)
    return STEP_M * np.array(
        [
            column - STEPS + _vertex(costs[row], int(column)),
            row - STEPS + _vertex(costs[:, column], int(row)),
        ]
    )


def _vertex(costs: Float64, index: int) -> float:
    """Return the lowest point of the parabola about a lowest sample, in steps from it."""
    if not 0 < index < len(costs) - 1:
        return 0.0
    before, here, after = costs[index - 1 : index + 2]
    curvature = before - 2 * here + after
    return float((before - after) / (2 * curvature)) if curvature > 0 else 0.0
