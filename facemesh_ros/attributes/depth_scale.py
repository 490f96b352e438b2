"""The size of a face from a registered depth image, and where its skin is nearer or farther."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.attributes.depth_registration import find_shift, fits_elsewhere, sample
from facemesh_ros.attributes.facial_skin import FLATNESS, TILT, facial_skin
from facemesh_ros.attributes.posed_face import PosedFace
from facemesh_ros.geometry.canonical_face import UPPER_LIP
from facemesh_ros.types import DepthImage, Float32, Float64, Frame

Indices = NDArray[np.intp]

# A head whose owner looks at something moves by .1 m/s: 5 mm. Cameras of 30 Hz that are not
# synchronised are up to 33 ms apart.
MAX_STALENESS_NS = 50_000_000
NS_PER_MS = 1e6
# Cosine between skin and line of sight: beyond, a pixel spans too much depth.
MIN_FACING = 0.35
# Shares of the rigid landmarks that face the camera: of known depth; of those, alike.
MIN_KNOWN, MIN_ALIKE, MIN_LANDMARKS = 0.5, 0.6, 25
# What one landmark's depth may be off: its place on the skin, and the sensor by range² (Nguyen,
# Izadi, Lovell, 3DIMPVT 2012: a Kinect has 1.2 mm + 1.9 mm/m² (z − 0.4 m)²).
NOISE_M, NOISE_PER_M = 0.003, 0.0025
# What differs from landmark to landmark, such as the ridge of the nose.
OWN_M = 0.0035
# How far the median may be from the mean: far enough to be no prior.
OFFSET_M = 0.1
# Tukey's limit: what differs by more is hair, a hand, glasses, the edge of a hole.
REJECT_M = 0.016
# How a face in its place may differ from ours: misfit, tilt (tangent), depth of the relief; and
# shift. The sum of their squares by these is at most 0.75 without the shift and 0.9 with it on
# pictures of a scan, 1 and 1.5 on 93 % of pairs of a Kinect 2; more on all but 2 in 1000 of those
# that were shifted by 20 mm and more.
SHIFT_M, MISFIT_M, TILT_TANGENT, RELIEF, RELIEF_CHANGE = 0.008, 0.009, 0.27, 0.95, 0.5
MAX_STRANGENESS, MAX_WITH_SHIFT = 1.0, 1.5
# Lips less than this apart are a closed mouth.
CLOSED_M, LOWER_LIP = 0.003, 14

# The texts have no figures that differ from image to image, as each text is logged once.
WAY_OUT = 'metres come from elsewhere until it is right'
EMPTY = (
    'the depth image knows less than half of the face: it is too near or too far for the sensor, '
    f'or the depth image is not registered to the camera image; {WAY_OUT}'
)
OTHER_SIZE = (
    'the depth image is {depth_wh} px and the camera image {image_wh}: register it to the camera '
    f'image, as depth_image_proc does; {WAY_OUT}'
)
STALE = (
    f'the depth image is more than {MAX_STALENESS_NS / NS_PER_MS:.0f} ms from the camera image: '
    f'synchronise the cameras, or publish depth more often; {WAY_OUT}'
)
SHIFTED = (
    'the depth image shows the face beside where the camera image does: register it to the camera '
    f'image, with the right calibration and of the same moment; {WAY_OUT}'
)
NO_FACE = (
    'the depth image does not show a face where the camera image does: it is of another moment or '
    f'not registered, or the face is covered or a picture; {WAY_OUT}'
)


class UnusableDepthError(ValueError):
    """A depth image that says nothing reliable of a face; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class DepthFit:
    """What a depth image says of a face.

    Attributes:
        factor: By which the assumed metres are too small.
        relief_m: (468,) by how much, at the assumed size, each landmark is farther along its ray
            than it was assumed.
    """

    factor: float
    relief_m: Float64


@dataclass(frozen=True, slots=True)
class _Skin:
    """Skin of known depth: landmarks, errors of their assumed range (m), and which are rigid."""

    landmarks: Indices
    errors_m: Float64
    rigid: NDArray[np.bool_]


def fit_depth(
    landmarks: Float32, face: PosedFace, frame: Frame, depth: DepthImage, *, check_place: bool
) -> DepthFit:
    """Return by what factor a face is larger than assumed, from a depth image.

    With r the range measured along a landmark's ray, and R the assumed one, the factor is a
    robust mean of r / R over skin. What is left, r / factor − R, is the relief: a robust Bayesian
    fit of `FacialSkin.design_m` over all skin, and a share of what each landmark differs from it.

    Args:
        landmarks: (L, 3) px.
        face: The same, posed at an assumed size.
        frame: The camera image.
        depth: The depth image.
        check_place: Whether to look if the face would fit better beside its place; takes twice
            as long as all else.

    Raises:
        UnusableDepthError: If the depth image is of another moment or size, empty at the face, or
            does not show a face there.
    """
    _check(depth, frame)
    skin, first_factor = _measure(landmarks, face, depth)
    noise_m = NOISE_PER_M * (first_factor * _range_m(face)) ** 2
    weights, strangeness = _compare(skin, noise_m)
    if not strangeness <= _max_strangeness(face.view_angle_rad):
        raise UnusableDepthError(NO_FACE)
    if check_place:
        chosen = skin.landmarks[skin.rigid][::2]
        shift_m = find_shift(landmarks, face, depth.depth_m, chosen, first_factor)
        strangeness += float(shift_m @ shift_m) / (SHIFT_M**2 + noise_m**2)
        if not strangeness <= MAX_WITH_SHIFT or fits_elsewhere(
            landmarks, face, depth.depth_m, chosen[::2], first_factor
        ):
            raise UnusableDepthError(SHIFTED)
    farther_m, relief_m = _fit_relief(skin, weights, noise_m)
    return DepthFit(first_factor * (1 + farther_m / _range_m(face)), relief_m)


def _check(depth: DepthImage, frame: Frame) -> None:
    if abs(depth.stamp_ns - frame.stamp_ns) > MAX_STALENESS_NS:
        raise UnusableDepthError(STALE)
    height, width = depth.depth_m.shape
    if (width, height) != frame.image_wh:
        sizes = {'depth_wh': f'{width}x{height}', 'image_wh': '{}x{}'.format(*frame.image_wh)}
        raise UnusableDepthError(OTHER_SIZE.format(**sizes))


def _measure(landmarks: Float32, face: PosedFace, depth: DepthImage) -> tuple[_Skin, float]:
    """Return the skin of known depth, and the factor that its errors are relative to."""
    tables = facial_skin()
    sight = face.pose.position_m @ face.pose.rotation / _range_m(face)
    chosen = tables.skin[tables.normals @ sight < -MIN_FACING]
    rays = face.rays.take(chosen, 0)
    measured_m = sample(depth.depth_m, landmarks.take(chosen, 0)[:, :2]) / rays[:, 2]
    assumed_m = np.einsum('ij,ij->i', face.landmarks_m.take(chosen, 0), rays)
    known, rigid = np.isfinite(measured_m), tables.is_rigid.take(chosen)
    ratios = np.sort((measured_m / assumed_m)[known & rigid])
    if len(ratios) < max(MIN_LANDMARKS, MIN_KNOWN * np.count_nonzero(rigid)):
        raise UnusableDepthError(EMPTY)
    factor = float(ratios[len(ratios) // 2])
    if _is_open(face):
        known &= ~tables.is_inner_lip[chosen]
    errors_m = measured_m[known] / factor - assumed_m[known]
    return _Skin(chosen[known], errors_m, rigid[known]), factor


def _is_open(face: PosedFace) -> bool:
    """Return whether the mouth is a hole."""
    upper, lower = face.landmarks_m[[UPPER_LIP, LOWER_LIP]].tolist()
    return math.dist(upper, lower) > CLOSED_M


def _compare(skin: _Skin, noise_m: float) -> tuple[Float64, float]:
    """Return the weight of all skin by how well it agrees, (n,) in [0, 1], and how strange it is.

    Offset, tilt and depth of the relief are fitted to the rigid skin, robustly.
    """
    reject_m = math.hypot(REJECT_M, 3 * noise_m)
    design = facial_skin().low_m.take(skin.landmarks, 0)
    rigid, errors_m = design[skin.rigid], skin.errors_m[skin.rigid]
    weights = tukey(errors_m, 1.5 * reject_m)
    for _ in range(2):
        weighed = rigid.T * weights
        found = np.linalg.solve(weighed @ rigid + _LOW_PRIOR, weighed @ errors_m)
        left = errors_m - rigid @ found
        weights = tukey(left, reject_m)
    if np.count_nonzero(weights) < MIN_ALIKE * len(weights):
        raise UnusableDepthError(NO_FACE)
    misfit_m = math.sqrt(np.minimum(left**2, 1.5 * reject_m**2).sum() / len(left))
    _, to_left, up, flatter = found.tolist()
    strangeness = (
        (misfit_m / math.hypot(MISFIT_M, noise_m)) ** 2
        + (TILT / TILT_TANGENT) ** 2 * (to_left**2 + up**2)
        + ((1 - FLATNESS * flatter - RELIEF) / RELIEF_CHANGE) ** 2
    )
    return tukey(skin.errors_m - design @ found, reject_m), strangeness


def _fit_relief(skin: _Skin, weights: Float64, noise_m: float) -> tuple[float, Float64]:
    """Return by how much the face is farther, m, and each landmark besides, (468,) m."""
    design = facial_skin().design_m
    seen = design.take(skin.landmarks, 0)
    weighed = seen.T * weights
    prior = np.eye(len(weighed))
    prior[0, 0] /= OFFSET_M**2
    prior *= NOISE_M**2 + noise_m**2
    found = np.linalg.solve(weighed @ seen + prior, weighed @ skin.errors_m)
    relief_m: Float64 = design[:, 1:] @ found[1:]
    own = OWN_M**2 / (OWN_M**2 + NOISE_M**2 + noise_m**2)
    relief_m[skin.landmarks] += own * weights * (skin.errors_m - seen @ found)
    return float(found[0]), relief_m


def _max_strangeness(view_angle_rad: float) -> float:
    """Return what a face may differ by; a turned one shows less skin, and that is more tilted."""
    turned = 1 / math.sqrt(max(math.cos(view_angle_rad), 1e-6))
    return min(MAX_STRANGENESS * turned, MAX_WITH_SHIFT)


def _range_m(face: PosedFace) -> float:
    """Return the assumed distance of the sellion."""
    return float(np.sqrt(face.pose.position_m @ face.pose.position_m))


def tukey(errors: Float64, limit: float) -> Float64:
    """Return Tukey's biweight of errors, (1 − (e / limit)²)² or 0 beyond the limit."""
    weights: Float64 = np.maximum(1 - (errors / limit) ** 2, 0) ** 2
    return weights


_LOW_PRIOR = NOISE_M**2 * np.diag([1 / OFFSET_M**2, 1, 1, 1])
