"""How large one tracked face is: by depth image, irises, and the spread of adults."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from facemesh_ros.attributes.depth_scale import WAY_OUT, UnusableDepthError, fit_depth
from facemesh_ros.attributes.iris_scale import has_irises, scale_from_irises
from facemesh_ros.attributes.pose_covariance import RANGE_SIGMA
from facemesh_ros.attributes.posed_face import PosedFace
from facemesh_ros.attributes.size_filter import (
    ADULT_SPREAD,
    VIEW_TIME_S,
    SizeFilter,
)
from facemesh_ros.geometry.canonical_face import IRIS_LANDMARKS, MESH_LANDMARKS, SELLION
from facemesh_ros.geometry.eye_landmarks import EYE_CORNERS
from facemesh_ros.types import DepthImage, Float32, Float64, Frame, MetricSource

NS_PER_S = 1e9
MAX_SIGMAS = 4.0
CANONICAL_SIGMA = math.hypot(ADULT_SPREAD, RANGE_SIGMA)
# So long a depth image may contradict what was measured before until it is believed.
PATIENCE_S = 0.5
# A depth image that is in its place stays there for so long.
CHECK_PLACE_S = 0.5
RELIEF_TIME_S = 0.3
# Irises' errors last (`size_filter.IRIS_TIME_S`): a look in so long says as much as one per image.
IRISES_EVERY_S = 0.1

NO_IRISES = (
    'metric_mode is iris, but the landmark model has no irises: '
    'set landmark_model to v2 or attention, or metric_mode to auto'
)
IRISES_UNSEEN = (
    'metric_mode is iris, but no open eyes with irises of 8 px and more were seen within 20° of '
    "the face's axis yet: come nearer and look at the camera, or set metric_mode to auto"
)
NO_DEPTH = (
    'metric_mode is depth, but there is no depth image of this moment: publish one that is '
    'registered to the camera image as depth/image_raw (`facemesh run --depth`), or set '
    'metric_mode to auto'
)
IMPLAUSIBLE = (
    'by the depth image a face is much smaller or larger than people are: it is in other units or '
    f'not registered, or the face is a picture; {WAY_OUT}'
)
CONTRADICTED = (
    'by the depth image a face has suddenly another size than until now: it is of another moment '
    f'or not registered; {WAY_OUT}'
)
NO_RELIEF = np.zeros(MESH_LANDMARKS)
NO_RELIEF.setflags(write=False)


@dataclass(frozen=True, slots=True)
class ScaleEstimate:
    """How large a face is.

    Attributes:
        source: What says so; NONE if nothing does.
        factor: By which the assumed metres are too small; NaN if unknown.
        sigma: Relative standard deviation of the range, by size and pose together.
        relief: (468,) by what share of its range each landmark is farther still.
        problem: Why the source is worse than asked for; empty if it is not.
    """

    source: MetricSource
    factor: float
    sigma: float
    relief: Float64
    problem: str = ''

    @property
    def position_factor(self) -> float:
        """By which the assumed position of the sellion is too near."""
        if self.relief is NO_RELIEF:
            return self.factor
        return self.factor * (1 + float(self.relief[SELLION]))

    def scaled_landmarks(self, landmarks_m: Float64) -> Float64:
        """Return landmarks (L, 3) of the assumed size where they are; irises go with eyes."""
        factors = self.factor * (1 + self.relief)
        if len(landmarks_m) > MESH_LANDMARKS:
            outer, inner = factors.take(EYE_CORNERS.T)
            of_irises = ((outer + inner) / 2).repeat(IRIS_LANDMARKS // 2)
            factors = np.concatenate([factors, of_irises])
        scaled: Float64 = landmarks_m * factors[:, None]
        return scaled


class FaceScale:
    """The size of one face over time, see `SizeFilter`."""

    def __init__(self) -> None:
        self._mode = ''
        self._stamp_ns: int | None = None
        self._forget()

    def _forget(self) -> None:
        self._filter = SizeFilter()
        self._relief = NO_RELIEF
        self._contradicted_s = 0.0
        self._unchecked_s = math.inf
        self._unlooked_s = 0.0

    def update(
        self, landmarks: Float32, face: PosedFace, frame: Frame, metric_mode: str
    ) -> ScaleEstimate:
        """Return the size of the face in the next frame.

        The source says what this frame's metres rest on: DEPTH that its own depth image was used,
        IRIS that irises have been seen, now or before. A size that depth has taught stays with the
        face, whatever the source is later, and sigma tells how well it is known.

        Args:
            landmarks: (L, 3) px.
            face: The same, posed at an adult's mean size.
            frame: Its depth image and stamp are used.
            metric_mode: 'auto', 'canonical', 'iris' or 'depth'.
        """
        if metric_mode == 'canonical':
            return ScaleEstimate(MetricSource.CANONICAL, 1.0, CANONICAL_SIGMA, NO_RELIEF)
        if metric_mode != self._mode:
            self._mode, self._stamp_ns = metric_mode, None
            self._forget()
        interval_s = self._step(frame.stamp_ns)
        if metric_mode != 'depth':
            self._see_irises(landmarks, face, interval_s)
        if metric_mode == 'iris':
            return self._by_irises(landmarks)
        if frame.depth is None:
            return self._without_depth(NO_DEPTH if metric_mode == 'depth' else '')
        try:
            self._see_depth(landmarks, face, frame, frame.depth, interval_s)
        except UnusableDepthError as error:
            return self._without_depth(str(error))
        size = self._filter.size(of_adult=metric_mode == 'auto')
        return ScaleEstimate(MetricSource.DEPTH, math.exp(size.mean), size.sigma, self._relief)

    def _step(self, stamp_ns: int) -> float:
        """Move on to a frame; return the time since the last one, infinite at first."""
        before_ns, self._stamp_ns = self._stamp_ns, stamp_ns
        if before_ns is None:
            return math.inf
        interval_s = max((stamp_ns - before_ns) / NS_PER_S, 0.0)
        self._filter.step(interval_s)
        if self._relief is not NO_RELIEF:
            self._relief = self._relief * math.exp(-interval_s / VIEW_TIME_S)
        return interval_s

    def _see_irises(self, landmarks: Float32, face: PosedFace, interval_s: float) -> None:
        self._unlooked_s += interval_s
        if self._filter.irises_seen and self._unlooked_s < IRISES_EVERY_S:
            return
        factor = scale_from_irises(landmarks, face)
        if not math.isnan(factor):
            self._filter.see_irises(math.log(factor), self._unlooked_s)
        self._unlooked_s = 0.0

    def _see_depth(
        self,
        landmarks: Float32,
        face: PosedFace,
        frame: Frame,
        depth: DepthImage,
        interval_s: float,
    ) -> None:
        self._unchecked_s += interval_s
        check_place = self._unchecked_s > CHECK_PLACE_S
        fit = fit_depth(landmarks, face, frame, depth, check_place=check_place)
        self._check_size(math.log(fit.factor), interval_s)
        if check_place:
            self._unchecked_s = 0.0
        self._filter.see_depth(math.log(fit.factor))
        share = 1 - math.exp(-interval_s / RELIEF_TIME_S)
        relief = fit.relief_m / np.sqrt(_squares(face.landmarks_m[:MESH_LANDMARKS]))
        before = relief if self._relief is NO_RELIEF else self._relief
        self._relief = before + share * (relief - before)

    def _check_size(self, size: float, interval_s: float) -> None:
        """Refuse a size that people do not have, and for a moment one that this face had not."""
        if abs(size) > MAX_SIGMAS * CANONICAL_SIGMA:
            raise UnusableDepthError(IMPLAUSIBLE)
        if self._filter.surprise(size) < MAX_SIGMAS:
            self._contradicted_s = 0.0
            return
        self._contradicted_s += interval_s
        if self._contradicted_s < PATIENCE_S:
            raise UnusableDepthError(CONTRADICTED)
        self._forget()

    def _by_irises(self, landmarks: Float32) -> ScaleEstimate:
        if not self._filter.irises_seen:
            return _unknown(IRISES_UNSEEN if has_irises(landmarks) else NO_IRISES)
        size = self._filter.size(of_adult=False)
        return ScaleEstimate(MetricSource.IRIS, math.exp(size.mean), size.sigma, NO_RELIEF)

    def _without_depth(self, problem: str) -> ScaleEstimate:
        if self._mode == 'depth':
            return _unknown(problem)
        size = self._filter.size(of_adult=True)
        source = MetricSource.IRIS if self._filter.irises_seen else MetricSource.CANONICAL
        return ScaleEstimate(source, math.exp(size.mean), size.sigma, self._relief, problem)


def _squares(vectors: Float64) -> Float64:
    squares: Float64 = np.einsum('ij,ij->i', vectors, vectors)
    return squares


def _unknown(problem: str) -> ScaleEstimate:
    return ScaleEstimate(MetricSource.NONE, math.nan, math.nan, NO_RELIEF, problem)


# Of what has no size.
UNKNOWN_SCALE = _unknown('')
