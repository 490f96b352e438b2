"""Loops over pixels and landmarks, in C++ (src/native), with Python's lock released.

Who calls a function says what it does; errors of shapes are ValueError. Threads that share an
object take turns.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.types import Float32, Float64, Int32, UInt8

def count_above(values: UInt8, level: int) -> int: ...
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
def project_landmarks(landmarks: Float32, maps: Float64) -> Float32: ...
def rois_from_landmarks(
    landmarks: Float32, offsets: Float64 | None, right_eye: int, left_eye: int, scale: float
) -> tuple[Float32, Float32, Float32]: ...
def image_from_crop(
    centres: Float32, sizes_wh: Float32, rotations_rad: Float32, input_size: int
) -> Float64: ...
def tight_boxes(landmarks: Float32) -> Float32: ...
def are_all_below(arrays: Sequence[Float32], limit: float) -> bool:
    """Return whether all magnitudes are less than a limit; no NaN is."""

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

class ShapeTables:
    """Shapes of people and their rigid landmarks; see `attributes.identity.shape_tables`."""

    def __init__(
        self,
        rigid: NDArray[np.intp],
        weights: Float64,
        normals: Float64,
        mean_m: Float64,
        modes_m: Float64,
        eyeballs_m: Float64,
        eyeball_modes_m: Float64,
    ) -> None: ...

class FaceIdentity:
    """What the views of one track say of this person's shape; see `attributes.identity`.

    Attributes:
        coefficients: (K,) see `ShapeModel`; 0 is the mean.
        shape_m: (468, 3) the shape that they make, face axes.
    """

    def __init__(self, shapes: ShapeTables) -> None: ...
    @property
    def coefficients(self) -> Float64: ...
    @property
    def shape_m(self) -> Float64: ...

def pose_faces(
    people: Sequence[FaceIdentity],
    landmarks: Float32,
    rays: Float64,
    learn: NDArray[np.bool_],
    correction: tuple[float, float, float, float],
    settled: float = ...,
    last_step: float = ...,
    max_passes: int = ...,
) -> tuple[NDArray[np.bool_], Float64, Float64, Float64, Float64, Float64, Float64, Float64]: ...
def turn_back(
    rotation: Float64, position_m: Float64, correction: tuple[float, float, float, float]
) -> tuple[Float64, Float64]: ...
def pose_covariances(
    rotations: Float64, positions_m: Float64, range_sigmas: Float64
) -> Float64: ...
def place_faces(
    rotations: Float64,
    positions_m: Float64,
    landmarks_m: Float64,
    factors: Float64,
    position_factors: Float64,
    range_sigmas: Float64,
) -> tuple[Float32, Float64, Float64]: ...

class RestingEyes:
    """How the eyes of one person rest; see `attributes.resting_eyes`."""

    def __init__(self, drawn: tuple[float, ...]) -> None: ...

def estimate_gazes(
    eyes: Sequence[RestingEyes],
    landmarks: Float32,
    rotations: Float64,
    positions_m: Float64,
    shapes_m: Float64,
    rays: Float64,
    eyeballs_m: Float64,
    drawn: tuple[float, ...],
    stamp_ns: int,
) -> tuple[Float64, Float64]: ...
def iris_displacements(
    rotations: Float64,
    positions_m: Float64,
    shapes_m: Float64,
    rays: Float64,
    eyeballs_m: Float64,
    drawn: tuple[float, ...],
) -> tuple[Float64, Float64]: ...
def face_traits(
    image: UInt8, order: tuple[int, ...], points: Float32, parts: NDArray[np.intp]
) -> tuple[Float64, Float32, Float32, Float32]: ...
def moved_boxes(boxes: Float32, offsets: Float64) -> Float32: ...
def advance_ages(
    ages: NDArray[np.uint32], look_ages: NDArray[np.uint32], unseen_s: Float64, interval_s: float
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], Float64]: ...
def average_appearances(mean: Float32, now: Float32, weight: float) -> Float32: ...
def are_unambiguous(
    expected: Float32, observed: Float32, gate: float, containment: float
) -> bool: ...
def appearance_changes(before: Float32, now: Float32) -> tuple[Float32, Float32]: ...
def predict_motion(
    velocities: Float64,
    mean_velocities: Float64,
    variances: Float64,
    offsets: Float64,
    misses: NDArray[np.int64],
    interval_s: float,
    model: tuple[float, float, float, float],
) -> tuple[Float64, Float64, Float64, Float64]: ...
def correct_motion(
    velocities: Float64,
    mean_velocities: Float64,
    variances: Float64,
    before: Float64,
    offsets: Float64,
    now: Float64,
    model: tuple[float, float, float, float],
) -> tuple[Float64, Float64, Float64]: ...
def overlaps(boxes: Float32, others: Float32) -> tuple[Float32, Float32]: ...
def cells_differ(
    cells: UInt8,
    others: UInt8,
    boxes: Float32,
    x: float,
    y: float,
    cell: float,
    max_change: int,
) -> bool: ...
def faces_cdr(
    begun: bytes,
    names: Sequence[str],
    states: UInt8,
    ages: NDArray[np.uint32],
    scores: Float32,
    look_scores: Float32,
    look_ages: NDArray[np.uint32],
    presences: Float32,
    boxes: Float32,
    centres: Float32,
    sizes_wh: Float32,
    rotations_rad: Float32,
    landmarks: Float32,
    sources: UInt8,
    landmarks_m: Float32,
    poses: Float64,
    gazes_left: Float32,
    gazes_right: Float32,
    gaze_sigmas_rad: Float32,
    errors_px: Float32,
    jitters_px: Float32,
    blendshapes: Float32,
) -> bytes: ...
def plane_from_pixels(
    pixels: Float32 | Float64, fx: float, fy: float, cx: float, cy: float
) -> NDArray[np.complex128]: ...
def pinhole_rays(plane: NDArray[np.complex128]) -> Float64: ...
