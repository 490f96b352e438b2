"""Paths of faces and obstacles through the image: position in px as a function of time in s."""

from __future__ import annotations

import numpy as np
from identity_scenes import IMAGE_WH, Path

MIDDLE = (IMAGE_WH[0] / 2, IMAGE_WH[1] / 2)


def standing(position: tuple[float, float] = MIDDLE) -> Path:
    """Stay at a position, with a slight sway."""
    return lambda t: (position[0] + np.sin(1.7 * t), position[1] + 1.5 * np.sin(2.3 * t))


def straight(position: tuple[float, float], velocity: tuple[float, float], at_s: float) -> Path:
    """Move at constant velocity (px/s) through a position at a given time."""
    x, y = velocity
    return lambda t: (position[0] + x * (t - at_s), position[1] + y * (t - at_s))


def to_and_fro(
    away: tuple[float, float], near: tuple[float, float], turn_s: float, sharpness_s: float
) -> Path:
    """Come from `away`, reach `near` at `turn_s`, and return; a smooth turn of `sharpness_s`."""

    def path(t: float) -> tuple[float, float]:
        nearness = 1 - min(1.0, (np.hypot(t - turn_s, sharpness_s) - sharpness_s) / turn_s)
        x, y = (far + nearness * (close - far) for far, close in zip(away, near, strict=True))
        return float(x), float(y)

    return path


def leaving(position: tuple[float, float], beyond: tuple[float, float], out_s: float) -> Path:
    """Stand at a position, leave the image for a time, and come back."""
    leave_s, walk_s = 1.0, 0.4

    def path(t: float) -> tuple[float, float]:
        gone = np.interp(
            t, [leave_s, leave_s + walk_s, leave_s + walk_s + out_s, leave_s + 2 * walk_s + out_s],
            [0, 1, 1, 0],
        )  # fmt: skip
        x, y = (near + gone * (far - near) for near, far in zip(position, beyond, strict=True))
        return float(x), float(y)

    return path


def wandering(seed: int, low: tuple[float, float], high: tuple[float, float]) -> Path:
    """Wander at random within limits."""
    random = np.random.default_rng(seed)
    rates, phases = random.uniform(0.5, 1.6, (2, 2)), random.uniform(0, 2 * np.pi, (2, 2))

    def path(t: float) -> tuple[float, float]:
        part = (
            0.5 + 0.3 * np.sin(rates[0] * t + phases[0]) + 0.2 * np.sin(rates[1] * t + phases[1])
        )
        x, y = np.array(low) + part * np.subtract(high, low)
        return float(x), float(y)

    return path


def shaking(amplitude_px: float, seed: int = 1) -> Path:
    """Shake as a hand-held camera or one on a walking robot does."""
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, 4)

    def path(t: float) -> tuple[float, float]:
        x = np.sin(2 * np.pi * 2.3 * t + phases[0]) + 0.6 * np.sin(2 * np.pi * 5.1 * t + phases[1])
        y = np.sin(2 * np.pi * 3.1 * t + phases[2]) + 0.6 * np.sin(2 * np.pi * 6.3 * t + phases[3])
        return float(amplitude_px * x), float(amplitude_px * y)

    return path
