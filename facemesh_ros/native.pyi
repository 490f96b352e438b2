"""Loops over pixels and landmarks, in C++ (src/native), with Python's lock released.

Who calls a function says what it does; errors of shapes are ValueError. Threads that share an
object take turns.
"""

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.types import Float32, Float64, Int32, UInt8

def affine_samples(maps: Float64, size: int) -> tuple[Float32, Float32]: ...
def sample_maps(
    image: UInt8,
    maps: Float64,
    size: int,
    scale: float,
    low: float,
    is_black_outside: bool,
    is_blue_first: bool,
) -> Float32: ...
def sample_positions(
    image: UInt8,
    grid: Int32,
    scale: float,
    low: float,
    is_black_outside: bool,
    is_blue_first: bool,
) -> Float32: ...

class RigidFilter:
    """The state of `smoothing.rigid.RigidFilter`, for faces of one number of landmarks."""

    def __init__(
        self,
        fit: Float64,
        extents_m: Float64,
        eye_distance_m: float,
        group_of_landmark: UInt8,
        noise: Float64,
        at_rest: Float64,
        noise_margin: float,
        rest_time_s: float,
    ) -> None: ...
    def reset(self) -> None: ...
    def update(self, ids: NDArray[np.int64], landmarks: Float32, stamp_ns: int) -> Float32: ...

class OneEuroFilter:
    """MediaPipe's filter, for every face and with true intervals; src/native/one_euro.hpp."""

    def __init__(self, min_cutoff_hz: float, beta: float, derivative_cutoff_hz: float) -> None: ...
    def reset(self) -> None: ...
    def update(self, ids: NDArray[np.int64], landmarks: Float32, stamp_ns: int) -> Float32: ...

class JitterMeter:
    """Root mean square of raw minus filtered landmarks of each track over the last second.

    Of (N, L, 3) px it takes x and y, and returns (N,) px.
    """

    def __init__(self) -> None: ...
    def reset(self) -> None: ...
    def update(
        self, ids: NDArray[np.int64], raw: Float32, filtered: Float32, stamp_ns: int
    ) -> Float32: ...
