"""How far a head's pose may be off: covariances as they were measured, not as fits claim them."""

from __future__ import annotations

import numpy as np

from facemesh_ros import native
from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.types import Float64

# Relative standard deviation of a pose's distance.
RANGE_SIGMA = 0.015


def pose_covariance(pose: HeadPose, range_sigma: float) -> Float64:
    """Return the covariance (6, 6) of one pose; see `pose_covariances`."""
    rotations, positions_m = pose.rotation[None], pose.position_m[None]
    covariance: Float64 = pose_covariances(rotations, positions_m, np.array([range_sigma]))[0]
    return covariance


def pose_covariances(rotations: Float64, positions_m: Float64, range_sigmas: Float64) -> Float64:
    """Return covariances (N, 6, 6) of position and rotation about the optical axes, m and rad.

    Neighbouring landmarks are off together, so what is left after a fit, divided by the number of
    landmarks, would be far too small. The standard deviations were calibrated on poses that are
    known (docs/geometry.md), and grow linearly with the view angle: about either axis across the
    line of sight 2.1° and .045 of it (3° in all for a frontal face, 6° at 45°), about that line
    1.2°; of the sellion across it 1.8 mm and 1.3 mm a rad.

    They are isotropic across the line of sight. A wrong distance moves x, y and z together.
    Position and rotation are independent of each other: the sellion is put where it is seen,
    however the head is turned, and the measured correlations are below .4.

    Args:
        rotations: (N, 3, 3) optical axes from face axes.
        positions_m: (N, 3) of the sellions.
        range_sigmas: (N,) relative standard deviations of the distance; RANGE_SIGMA is that of
            the fit, which comes on top of that of the face's size.
    """
    return native.pose_covariances(rotations, positions_m, range_sigmas)
