"""How far a head's pose may be off: covariances as they were measured, not as fits claim them."""

from __future__ import annotations

import math

import numpy as np

from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.types import Float64

# Neighbouring landmarks are off together, so what is left after a fit, divided by the number of
# landmarks, would be far too small. These standard deviations were calibrated on poses that are
# known (docs/geometry.md), and grow linearly with the view angle where a second figure is given.
# About either axis across the line of sight (3° in all for a frontal face, 6° at 45°):
TURN_SIGMA_RAD, TURN_SIGMA_GROWTH = math.radians(2.1), 0.045
# About that line:
ROLL_SIGMA_RAD = math.radians(1.2)
# Of the sellion across the line of sight, m, and along it, relative to its distance.
ACROSS_SIGMA_M, ACROSS_SIGMA_GROWTH = 0.0018, 0.0013
RANGE_SIGMA = 0.015


def pose_covariance(pose: HeadPose, range_sigma: float) -> Float64:
    """Return the covariance (6, 6) of position and rotation about the optical axes, m and rad.

    It is isotropic across the line of sight. A wrong distance moves x, y and z together. Position
    and rotation are independent of each other: the sellion is put where it is seen, however the
    head is turned, and the measured correlations are below .4.

    Args:
        pose: Of the head.
        range_sigma: Relative standard deviation of the distance; RANGE_SIGMA is that of the fit,
            which comes on top of that of the face's size.
    """
    square = float(pose.position_m @ pose.position_m)
    along = pose.position_m[:, None] * (pose.position_m / square)
    angle = pose.view_angle_rad
    turn = TURN_SIGMA_RAD + TURN_SIGMA_GROWTH * angle
    shift = ACROSS_SIGMA_M + ACROSS_SIGMA_GROWTH * angle
    covariance = np.zeros((6, 6))
    covariance[:3, :3] = (range_sigma**2 * square - shift**2) * along
    covariance[3:, 3:] = (ROLL_SIGMA_RAD**2 - turn**2) * along
    covariance.ravel()[::7] += (shift**2,) * 3 + (turn**2,) * 3
    return covariance
