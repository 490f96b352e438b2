"""Synthetic motions of a face as functions of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from face_warps import Expression

BLINK_S = 0.1
BLINK_EVERY_S = 1.37
# A stop, and the time from one to the next.
STOP_S, STOP_EVERY_S = 1.0, 1.5


@dataclass(frozen=True)
class Pose:
    """Pose and deformation of a face at one time.

    Attributes:
        shift_xy: In distances between outer eye corners.
        scale: 1 at rest.
        roll_rad: Positive clockwise.
        expression: Deformation of the face.
    """

    shift_xy: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    roll_rad: float = 0.0
    expression: Expression = field(default_factory=Expression)


Motion = Callable[[float], Pose]


def wave(time_s: float, period_s: float) -> float:
    """Sine of amplitude 1 that starts at 0."""
    return float(np.sin(2 * np.pi * time_s / period_s))


def step(time_s: float, duration_s: float) -> float:
    """Minimum-jerk rise from 0 to 1, as arms and heads move."""
    part = np.clip(time_s / duration_s, 0, 1)
    return float(part**3 * (10 - 15 * part + 6 * part**2))


def still(_: float) -> Pose:
    """No motion."""
    return Pose()


def slow(time_s: float) -> Pose:
    """Sway by 0.3, at up to 0.5 per second."""
    return Pose((0.3 * wave(time_s, 4.0), 0.1 * wave(time_s, 3.1)))


def zoom(time_s: float) -> Pose:
    """Change of size by a quarter."""
    return Pose(scale=1.25 ** wave(time_s, 3.0))


def roll(time_s: float) -> Pose:
    """Roll by 20 degrees."""
    return Pose(roll_rad=np.radians(20) * wave(time_s, 2.5))


def pan(time_s: float) -> Pose:
    """Swing by 1.2, at up to 3.8 per second, about a face's width in 0.4 s."""
    return Pose((1.2 * wave(time_s, 2.0), 0.15 * wave(time_s, 1.0)))


def stop_and_go(time_s: float) -> Pose:
    """Rest for a second, move by 0.8 in half a second, rest, move back."""
    whole, part = divmod(time_s, STOP_EVERY_S)
    moved = step(part - STOP_S, STOP_EVERY_S - STOP_S)
    return Pose((0.8 * (moved if whole % 2 == 0 else 1 - moved) - 0.4, 0.0))


def turn(time_s: float) -> Pose:
    """Yaw by 15 degrees and pitch by 6."""
    yaw, pitch = np.radians(15) * wave(time_s, 2.7), np.radians(6) * wave(time_s, 1.9)
    return Pose(expression=Expression(yaw_rad=yaw, pitch_rad=pitch))


def fast_turn(time_s: float) -> Pose:
    """Yaw by 18 degrees in 0.3 s, with the shift of the head, wait, and back."""
    whole, part = divmod(time_s, 1.2)
    moved = step(part - 0.9, 0.3)
    aside = moved if whole % 2 == 0 else 1 - moved
    return Pose((0.25 * aside, 0.0), expression=Expression(yaw_rad=np.radians(18) * aside))


def speech(time_s: float) -> Pose:
    """Open and close the mouth as in speech, three to six times a second."""
    syllable = 0.5 - 0.5 * np.cos(2 * np.pi * (4.5 * time_s + 0.35 * wave(time_s, 1.7)))
    loudness = 0.65 + 0.35 * wave(time_s, 1.13)
    return Pose(expression=Expression(mouth_opening=0.16 * loudness * syllable))


def blinks(time_s: float) -> Pose:
    """Close and open the eyes within 100 ms."""
    part = time_s % BLINK_EVERY_S
    closed = 0.5 - 0.5 * np.cos(2 * np.pi * min(part / BLINK_S, 1.0))
    return Pose(expression=Expression(eye_closing=closed))


def lively(time_s: float) -> Pose:
    """All together: sway, roll, yaw, pitch, speech and blinks."""
    pose, mouth = slow(time_s), speech(time_s).expression.mouth_opening
    eyes = blinks(time_s).expression.eye_closing
    expression = replace(turn(0.7 * time_s).expression, mouth_opening=mouth, eye_closing=eyes)
    return replace(pose, roll_rad=0.3 * roll(time_s).roll_rad, expression=expression)


MOTIONS: dict[str, Motion] = {
    motion.__name__: motion
    for motion in (
        *(still, slow, zoom, roll, pan, stop_and_go, turn, fast_turn),
        *(speech, blinks, lively),
    )
}
