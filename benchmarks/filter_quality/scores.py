"""Scores of filtered landmarks: jitter, lag, error, and how much of fast motions remains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from face_motions import BLINK_EVERY_S, BLINK_S, STOP_EVERY_S, STOP_S
from face_warps import EYES, LOWER_LIP
from filter_quality.sequences import MotionSequence, with_model_bias
from scipy.signal import butter, sosfiltfilt

from facemesh_ros.geometry.canonical_face import (
    LEFT_EYE_OUTER_CORNER,
    RIGHT_EYE_OUTER_CORNER,
    UPPER_LIP,
)
from facemesh_ros.types import Float32, Float64

WARM_UP_S = 2.0
REFERENCE_CUTOFF_HZ, REFERENCE_ORDER = 3.0, 2
# Quantiles of the speed of a clip's images.
RESTING, MOVING = 0.1, 0.5
SPEED_WINDOW = 9
# When after a stop an offset is looked for, over how long, and from when on the unfiltered
# landmarks have settled.
OFFSET_AT_S, OFFSET_OVER_S, SETTLED_S = 0.5, 0.14, 0.35
# Second differences of white noise have six times its variance.
NOISE_GAIN = 6


@dataclass(frozen=True)
class Score:
    """One filter on one known motion; lengths in % of the distance between the outer eye corners.

    Attributes:
        jitter: Standard deviation over time at rest; second differences in motion.
        lag_frames: Delay of the result, images.
        error: Root mean square.
        kept: Amplitude of the mouth's opening or of blinks relative to unfiltered; None else.
        stop: Error over the stops of stop_and_go; None else.
        offset: Mean of the landmarks 0.5 s after a stop, against the mean of the unfiltered ones
            over the rest of that stop; None else.
    """

    jitter: float
    lag_frames: float
    error: float
    kept: float | None
    stop: float | None = None
    offset: float | None = None


@dataclass(frozen=True)
class ClipScore:
    """One filter on a real clip, against the raw landmarks smoothed forward and backward.

    Attributes:
        jitter: Second differences in the tenth of the images with the least motion, median, in %
            of the distance between the outer eye corners, scaled as for white noise.
        lag_frames: Delay in the faster half of the images.
        error: Root mean square in that half, %.
        blinking: Variation of the eyes' opening relative to unfiltered.
        still: What forward and backward smoothing takes from the result itself in the tenth of
            the images with the least motion, root mean square, %.
        in_place: The same without the face's shift in the image.
    """

    jitter: float
    lag_frames: float
    error: float
    blinking: float
    still: float
    in_place: float


def score(motion: str, sequence: MotionSequence, filtered: Float32) -> Score:
    """Return the score of filtered landmarks (F, L, 3)."""
    shared = with_model_bias(sequence, filtered)
    settled = sequence.times_s >= WARM_UP_S
    unit = eye_distance(shared.truth) / 100
    all_errors = (filtered[..., :2] - shared.truth) / unit
    raw_errors = (sequence.raw[..., :2] - shared.truth) / unit
    errors = all_errors[settled]
    speeds = (np.gradient(shared.truth, axis=0) / unit)[settled]
    return Score(
        jitter=rms(errors - errors.mean(axis=0)) if motion == 'still' else jitter(errors),
        lag_frames=lag(errors, speeds),
        error=rms(errors),
        kept=_kept(motion, sequence, filtered),
        **(_stops(sequence.times_s, all_errors, raw_errors) if motion == 'stop_and_go' else {}),
    )


def _stops(times_s: Float64, errors: Float64, raw_errors: Float64) -> dict[str, float]:
    """Return the error over the stops of stop_and_go, and the offset that a stop leaves."""
    number, part = np.divmod(times_s, STOP_EVERY_S)
    stops, offsets = [], []
    for stop in np.unique(number[times_s >= WARM_UP_S]):
        rests = (number == stop) & (part < STOP_S)
        if not (number == stop)[-1]:
            late = rests & (np.abs(part - OFFSET_AT_S) < OFFSET_OVER_S / 2)
            stops.append(rms(errors[rests]))
            expected = raw_errors[rests & (part > SETTLED_S)].mean(axis=0)
            offsets.append(rms((errors[late].mean(axis=0) - expected)[None]))
    return {'stop': float(np.mean(stops)), 'offset': float(np.mean(offsets))}


def _kept(motion: str, sequence: MotionSequence, filtered: Float32) -> float | None:
    if motion == 'speech':
        return float(np.std(mouth_opening(filtered)) / np.std(mouth_opening(sequence.raw)))
    if motion in ('blinks', 'lively'):
        return blink_depth(filtered, sequence.times_s) / blink_depth(
            sequence.raw, sequence.times_s
        )
    return None


def clip_score(raw: Float32, filtered: Float32, rate_hz: float) -> ClipScore:
    """Return the score of filtered landmarks (F, L, 3) of a clip."""
    sections = butter(REFERENCE_ORDER, REFERENCE_CUTOFF_HZ, fs=rate_hz, output='sos')
    reference = sosfiltfilt(sections, raw[..., :2].astype(np.float64), axis=0)
    unit = eye_distance(reference) / 100
    errors = (filtered[..., :2] - reference) / unit
    speeds = np.gradient(reference, axis=0) / unit
    speed = np.convolve(
        np.sqrt((speeds**2).sum(axis=2).mean(axis=1)), np.ones(SPEED_WINDOW), 'same'
    )
    inner = np.zeros(len(raw), bool)
    inner[round(rate_hz) : -SPEED_WINDOW] = True
    slowest, middle = np.quantile(speed[inner], (RESTING, MOVING))
    at_rest, moving = inner & (speed <= slowest), inner & (speed > middle)
    own = filtered[..., :2].astype(np.float64) / unit
    rough = (own - sosfiltfilt(sections, own, axis=0))[at_rest]
    seconds = np.zeros_like(errors)
    seconds[1:-1] = np.diff(filtered[..., :2].astype(np.float64), 2, axis=0) / unit
    squares = (seconds[at_rest] ** 2).sum(axis=2).mean(axis=1)
    return ClipScore(
        jitter=float(np.sqrt(np.median(squares) / NOISE_GAIN)),
        lag_frames=lag(errors[moving], speeds[moving]),
        error=rms(errors[moving]),
        blinking=float(np.std(eye_opening(filtered)) / np.std(eye_opening(raw))),
        still=rms(rough),
        in_place=rms(rough - rough.mean(axis=1, keepdims=True)),
    )


def rms(errors: Float64) -> float:
    """Return the root mean square length of (F, L, 2)."""
    return float(np.sqrt((errors**2).sum(axis=2).mean()))


def jitter(errors: Float64) -> float:
    """Root mean square of second differences, scaled as for white noise."""
    return rms(np.diff(errors, 2, axis=0)) / NOISE_GAIN**0.5


def lag(errors: Float64, speeds: Float64) -> float:
    """Delay in images that explains errors best, by least squares; 0 without motion."""
    power = (speeds**2).sum()
    return float(-(errors * speeds).sum() / power) if power > 1 else 0.0


def eye_distance(landmarks: Float64) -> float:
    """Return the mean distance of the outer eye corners, px."""
    eyes = landmarks[:, LEFT_EYE_OUTER_CORNER, :2] - landmarks[:, RIGHT_EYE_OUTER_CORNER, :2]
    return float(np.linalg.norm(eyes, axis=1).mean())


def eye_opening(landmarks: Float32) -> Float64:
    """Return the distance between the lids, mean of both eyes, (F,) px."""
    gaps = [landmarks[:, upper, :2] - landmarks[:, lower, :2] for upper, lower, *_ in EYES]
    return np.asarray(np.linalg.norm(gaps, axis=2).mean(axis=0))


def mouth_opening(landmarks: Float32) -> Float64:
    """Return the distance between the lips, (F,) px."""
    lips = landmarks[:, UPPER_LIP, :2] - landmarks[:, LOWER_LIP, :2]
    return np.asarray(np.linalg.norm(lips, axis=1))


def blink_depth(landmarks: Float32, times_s: Float64) -> float:
    """Return the mean amplitude of blinks, px."""
    opening, depths = eye_opening(landmarks), []
    for start_s in np.arange(BLINK_EVERY_S, times_s[-1] - 3 * BLINK_S, BLINK_EVERY_S):
        before = (times_s > start_s - 3 * BLINK_S) & (times_s < start_s)
        during = (times_s >= start_s) & (times_s <= start_s + BLINK_S)
        depths.append(np.median(opening[before]) - opening[during].min())
    return float(np.mean(depths))
