"""How far poses are from the truth, from each other and from what their covariance promises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.types import Float64

# Median of e' C^-1 e / 6 where C is right: that of chi-square with 6 degrees of freedom, over 6.
# Source: NIST/SEMATECH e-Handbook, 1.3.6.7.4; its mean is 1.
EXPECTED_NORMALISED_ERROR = 5.348121 / 6


@dataclass(frozen=True)
class EstimatedPose:
    """A head's pose, by whatever system: p_optical = rotation p_face + position.

    Attributes:
        rotation: (3, 3) optical axes from face axes.
        position_m: (3,) of the sellion, m.
        covariance: (6, 6) of position and rotation about the optical axes; None if not stated.
    """

    rotation: Float64
    position_m: Float64
    covariance: Float64 | None = None

    @property
    def distance_m(self) -> float:
        """From the camera to the sellion."""
        return float(np.linalg.norm(self.position_m))

    @property
    def view_angle_deg(self) -> float:
        """Between the face's x axis and the line to the camera."""
        return angle_deg(self.rotation[:, 0], -self.position_m)


@dataclass(frozen=True)
class PoseErrors:
    """How far a pose is from the true one.

    Attributes:
        rotation_deg: Angle of the rotation between both.
        view_angle_deg: Estimated minus true view angle.
        bearing_deg: Between the directions of the sellion.
        distance_percent: Estimated over true distance, minus 100 %.
        distance_sigmas: The distance's error in stated standard deviations; NaN if not stated.
        normalised: e' C^-1 e / 6 of the stated covariance C; NaN if not stated.
    """

    rotation_deg: float
    view_angle_deg: float
    bearing_deg: float
    distance_percent: float
    distance_sigmas: float
    normalised: float


def pose_errors(pose: EstimatedPose, true: EstimatedPose) -> PoseErrors:
    """Compare a pose with the true one."""
    distance_m = pose.distance_m - true.distance_m
    sigma_m = distance_sigma_m(pose)
    return PoseErrors(
        rotation_deg=rotation_deg(pose.rotation, true.rotation),
        view_angle_deg=pose.view_angle_deg - true.view_angle_deg,
        bearing_deg=angle_deg(pose.position_m, true.position_m),
        distance_percent=100 * distance_m / true.distance_m,
        distance_sigmas=distance_m / sigma_m if sigma_m else np.nan,
        normalised=normalised_error(pose, true, pose.covariance),
    )


def distance_sigma_m(pose: EstimatedPose) -> float | None:
    """Return the stated standard deviation along the line of sight; None if none is stated."""
    if pose.covariance is None:
        return None
    ray = pose.position_m / pose.distance_m
    return float(np.sqrt(ray @ pose.covariance[:3, :3] @ ray))


def normalised_error(
    pose: EstimatedPose, other: EstimatedPose, covariance: Float64 | None
) -> float:
    """Return e' C^-1 e / 6 of the difference of two poses; NaN without a covariance C."""
    if covariance is None:
        return float('nan')
    turn = rotation_vector(other.rotation @ pose.rotation.T)
    error = np.concatenate([other.position_m - pose.position_m, turn])
    return float(error @ np.linalg.solve(covariance, error) / 6)


def rotation_vector(rotation: Float64) -> Float64:
    """Return axis times angle, (3,) rad, of a rotation of less than a half turn.

    From the quaternion, whose vector part keeps its digits at all angles below a half turn.

    Example:
        >>> quarter = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
        >>> (rotation_vector(quarter) / np.pi).round(3).tolist()
        [0.0, 0.0, 0.5]
    """
    skew = rotation - rotation.T
    sines = np.array([skew[2, 1], skew[0, 2], skew[1, 0]]) / 2
    sine = float(np.linalg.norm(sines))
    angle = np.arctan2(sine, (np.trace(rotation) - 1) / 2)
    vector: Float64 = sines * (angle / sine if sine else 1.0)
    return vector


def rotation_deg(first: Float64, second: Float64) -> float:
    """Return the angle of the rotation between two orientations."""
    # |A - B|, Frobenius, is 2 sqrt(2) sin(angle / 2), which keeps small angles.
    sine = np.linalg.norm(first - second) / 8**0.5
    return float(np.degrees(2 * np.arcsin(min(sine, 1.0))))


def angle_deg(first: Float64, second: Float64) -> float:
    """Return the angle between two directions, of any length."""
    sine = np.linalg.norm(np.cross(first, second))
    return float(np.degrees(np.arctan2(sine, first @ second)))
