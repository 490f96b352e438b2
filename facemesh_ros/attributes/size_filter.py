"""A person's size over time, from measurements whose errors last."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from facemesh_ros.attributes.pose_covariance import RANGE_SIGMA
from facemesh_ros.types import Float64

# Spread of the distance between outer eye corners in 300 heads of ICT-FaceKit.
ADULT_SPREAD = 0.055
# White-to-white distance of adults, 11.7 ± 0.5 mm: Rüfer, Schröder, Erb, Cornea 24, 2005, p. 259.
IRIS_SPREAD = 0.5 / 11.7
# The error of the pose's range in a view fades as the head turns on.
VIEW_TIME_S = 3.0
# Irises of one image; errors of successive images are alike: within this time they count as one.
IRIS_SIGMA, IRIS_TIME_S = 0.05, 0.5
# A depth image: what differs from one to the next, and what stays, of sensor and mesh, measured
# on a scan with a Kinect's noise.
DEPTH_SIGMA, DEPTH_BIAS = 0.005, 0.005
# A size never gets so certain that it could not be learned anew, per √s.
DRIFT = 0.003
# Before any measurement.
UNKNOWN = 1.0

_IRISES = np.array([1.0, 0, -1, 0])
_DEPTH = np.array([1.0, 1, 0, 1])


@dataclass(frozen=True, slots=True)
class Size:
    """ln(true range / assumed range) of a face in this view.

    Attributes:
        mean: Expected.
        sigma: Its standard deviation.
    """

    mean: float
    sigma: float


class SizeFilter:
    """A Kalman filter of the logarithm of a face's size.

    Its state: the person's size s, constant; the error v of the pose's range in this view, which
    fades; by how much this person's irises are larger than the mean, b, and depth images too deep,
    d, both constant. What is asked for is s + v; irises measure s − b, depth images s + v + d. So
    no number of images says more than b and d allow, and a size that depth has taught stays when
    there is no depth any more.
    """

    def __init__(self) -> None:
        self._state = np.zeros(4)
        self._covariance = np.diag([UNKNOWN, RANGE_SIGMA, IRIS_SPREAD, DEPTH_BIAS]) ** 2
        self.irises_seen = False

    def step(self, interval_s: float) -> None:
        """Move on in time."""
        stays = math.exp(-interval_s / VIEW_TIME_S)
        self._state[1] *= stays
        self._covariance[1] *= stays
        self._covariance[:, 1] *= stays
        self._covariance[1, 1] += (1 - stays**2) * RANGE_SIGMA**2
        self._covariance[0, 0] = min(self._covariance[0, 0] + DRIFT**2 * interval_s, UNKNOWN**2)

    def see_irises(self, size: float, interval_s: float) -> None:
        """Take in ln(size) by irises, so long after the previous image."""
        share = min(1.0, interval_s / IRIS_TIME_S) if self.irises_seen else 1.0
        self.irises_seen = True
        if share > 0:
            self._correct(_IRISES, size, IRIS_SIGMA**2 / share)

    def see_depth(self, size: float) -> None:
        """Take in ln(size) by a depth image."""
        self._correct(_DEPTH, size, DEPTH_SIGMA**2)

    def surprise(self, size: float) -> float:
        """Return how unexpected ln(size) by a depth image is, in standard deviations."""
        variance = float(_DEPTH @ self._covariance @ _DEPTH) + DEPTH_SIGMA**2
        return abs(size - float(_DEPTH @ self._state)) / math.sqrt(variance)

    def size(self, *, of_adult: bool) -> Size:
        """Return what is known, with or without the spread of adults."""
        size, view, *_ = self._state.tolist()
        (own, both, *_), (_, of_view, *_), *_ = self._covariance.tolist()
        mean, variance = size + view, own + 2 * both + of_view
        if of_adult:  # a measurement of the size: it is that of the mean adult
            gain = (own + both) / (own + ADULT_SPREAD**2)
            mean, variance = mean - gain * size, variance - gain * (own + both)
        return Size(mean, math.sqrt(variance))

    def _correct(self, gradient: Float64, measured: float, variance: float) -> None:
        self._state, self._covariance = _corrected(
            self._state, self._covariance, gradient, measured, variance
        )


def _corrected(
    state: Float64, covariance: Float64, gradient: Float64, measured: float, variance: float
) -> tuple[Float64, Float64]:
    """Return a Kalman filter's state and covariance after a scalar measurement."""
    gain = covariance @ gradient
    total = float(gradient @ gain) + variance
    innovation = measured - float(gradient @ state)
    return state + gain * (innovation / total), covariance - np.outer(gain, gain) / total
