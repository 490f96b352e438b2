"""How large one tracked face is: depth image, irises and the spread of adults, blended."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from facemesh_ros.attributes.iris_scale import IRIS_SPREAD, has_irises, scale_from_irises
from facemesh_ros.attributes.posed_face import PosedFace
from facemesh_ros.types import Float32, Float64, Frame, MetricSource

# Spread of the distance between outer eye corners in 300 heads of ICT-FaceKit.
ADULT_SPREAD = 0.055
# What differs from view to view, but hardly from image to image: errors of the pose's range.
VIEW_SPREAD, VIEW_TIME_S = 0.02, 2.0
# Errors of successive images are alike: within this time they count as one.
IRIS_SIGMA, IRIS_TIME_S = 0.05, 0.5
# A size never gets so certain that it could not be learned anew, per √s.
DRIFT = 0.003
NS_PER_S = 1e9
# Without any assumption, as far as ln(factor) is concerned.
UNKNOWN = 1.0

NO_IRISES = (
    'metric_mode is iris, but the landmark model has no irises: '
    'set landmark_model to v2 or attention, or metric_mode to auto'
)
IRISES_UNSEEN = (
    'metric_mode is iris, but no open eyes with irises of 8 px and more were seen within 20° of '
    "the face's axis yet: come nearer and look at the camera, or set metric_mode to auto"
)


@dataclass(frozen=True, slots=True)
class ScaleEstimate:
    """How large a face is.

    Attributes:
        source: What says so; NONE if nothing does.
        factor: By which the assumed metres are too small; NaN if unknown.
        sigma: Standard deviation of ln(factor).
        problem: Why the source is worse than asked for; empty if it is not.
    """

    source: MetricSource
    factor: float
    sigma: float
    problem: str = ''


class FaceScale:
    """The size of one face over time: a Kalman filter of ln(factor).

    Its state: the person's size s, constant; the error v of this view, which fades within seconds;
    the size of this person's irises beside the mean, b, constant. A depth image measures s + v,
    irises measure s − b. That the person is an adult says s = 0 ± 5.5 %, at each estimate.
    """

    def __init__(self) -> None:
        self._mode = ''
        self._reset()

    def _reset(self) -> None:
        self._state = np.zeros(3)
        self._covariance = np.diag([UNKNOWN, VIEW_SPREAD, IRIS_SPREAD]) ** 2
        self._stamp_ns: int | None = None
        self._irises_seen = False

    def update(
        self, landmarks: Float32, face: PosedFace, frame: Frame, metric_mode: str
    ) -> ScaleEstimate:
        """Return the size of the face in the next frame.

        Args:
            landmarks: (L, 3) px.
            face: The same, posed at an adult's mean size.
            frame: Its depth image and stamp are used.
            metric_mode: 'auto', 'canonical', 'iris' or 'depth'.
        """
        if metric_mode == 'canonical':
            return ScaleEstimate(MetricSource.CANONICAL, 1.0, ADULT_SPREAD)
        if metric_mode != self._mode:
            self._mode = metric_mode
            self._reset()
        interval_s = self._step(frame.stamp_ns)
        if metric_mode in ('auto', 'iris'):
            factor = scale_from_irises(landmarks, face)
            self._see_irises(factor, interval_s)
        if metric_mode == 'iris':
            return self._by_irises_alone(landmarks)
        return self._blended()

    def _step(self, stamp_ns: int) -> float:
        """Move the state on to a frame; return the time since the last one, infinite at first."""
        if self._stamp_ns is None:
            self._stamp_ns = stamp_ns
            return math.inf
        interval_s = max((stamp_ns - self._stamp_ns) / NS_PER_S, 0.0)
        self._stamp_ns = stamp_ns
        stays = math.exp(-interval_s / VIEW_TIME_S)
        fading = np.array([1.0, stays, 1.0])
        self._state *= fading
        self._covariance *= np.outer(fading, fading)
        self._covariance[0, 0] = min(self._covariance[0, 0] + DRIFT**2 * interval_s, UNKNOWN**2)
        self._covariance[1, 1] += (1 - stays**2) * VIEW_SPREAD**2
        return interval_s

    def _see_irises(self, factor: float, interval_s: float) -> None:
        if math.isnan(factor):
            return
        share = min(1.0, interval_s / IRIS_TIME_S) if self._irises_seen else 1.0
        self._irises_seen = True
        if share > 0:
            self._correct(np.array([1.0, 0, -1.0]), math.log(factor), IRIS_SIGMA**2 / share)

    def _correct(self, gradient: Float64, measured: float, variance: float) -> None:
        self._state, self._covariance = _corrected(
            self._state, self._covariance, gradient, measured, variance
        )

    def _by_irises_alone(self, landmarks: Float32) -> ScaleEstimate:
        if not self._irises_seen:
            problem = IRISES_UNSEEN if has_irises(landmarks) else NO_IRISES
            return ScaleEstimate(MetricSource.NONE, math.nan, math.nan, problem)
        return self._estimate(MetricSource.IRIS, self._state, self._covariance)

    def _blended(self) -> ScaleEstimate:
        adult = _corrected(
            self._state, self._covariance, np.array([1.0, 0, 0]), 0.0, ADULT_SPREAD**2
        )
        source = MetricSource.IRIS if self._irises_seen else MetricSource.CANONICAL
        return self._estimate(source, *adult)

    @staticmethod
    def _estimate(source: MetricSource, state: Float64, covariance: Float64) -> ScaleEstimate:
        # v is the pose's error, and in the pose's own covariance as long as nothing measures it.
        sigma = math.sqrt(covariance[0, 0])
        return ScaleEstimate(source, math.exp(state[0] + state[1]), sigma)


def _corrected(
    state: Float64, covariance: Float64, gradient: Float64, measured: float, variance: float
) -> tuple[Float64, Float64]:
    """Return a Kalman filter's state and covariance after a scalar measurement."""
    gain = covariance @ gradient
    total = float(gradient @ gain) + variance
    innovation = measured - float(gradient @ state)
    return state + gain * (innovation / total), covariance - np.outer(gain, gain) / total
