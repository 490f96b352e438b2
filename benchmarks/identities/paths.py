"""Ways through the image, px by s."""

from __future__ import annotations

import numpy as np

from benchmarks.identities.scenes import IMAGE_WH, Path

MIDDLE = (IMAGE_WH[0] / 2, IMAGE_WH[1] / 2)


def standing(place: tuple[float, float] = MIDDLE) -> Path:
    """Stay at a place, but for the breath that everybody draws."""
    return lambda t: (place[0] + np.sin(1.7 * t), place[1] + 1.5 * np.sin(2.3 * t))


def straight(place: tuple[float, float], velocity: tuple[float, float], at_s: float) -> Path:
    """Walk evenly and be at a place at a time."""
    x, y = velocity
    return lambda t: (place[0] + x * (t - at_s), place[1] + y * (t - at_s))


def to_and_fro(
    away: tuple[float, float], near: tuple[float, float], turn_s: float, sharpness_s: float
) -> Path:
    """Come from `away`, be near at a time, and go back, slowing down within a while."""

    def path(t: float) -> tuple[float, float]:
        nearness = 1 - min(1.0, (np.hypot(t - turn_s, sharpness_s) - sharpness_s) / turn_s)
        x, y = (far + nearness * (close - far) for far, close in zip(away, near, strict=True))
        return float(x), float(y)

    return path


def leaving(place: tuple[float, float], beyond: tuple[float, float], out_s: float) -> Path:
    """Stand at a place, go beyond the border for a time, and come back to it."""
    leave_s, walk_s = 1.0, 0.4

    def path(t: float) -> tuple[float, float]:
        gone = np.interp(
            t, [leave_s, leave_s + walk_s, leave_s + walk_s + out_s, leave_s + 2 * walk_s + out_s],
            [0, 1, 1, 0],
        )  # fmt: skip
        x, y = (near + gone * (far - near) for near, far in zip(place, beyond, strict=True))
        return float(x), float(y)

    return path


def wandering(seed: int, low: tuple[float, float], high: tuple[float, float]) -> Path:
    """Walk about at random within limits."""
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
    """Shake as a camera in a hand or on a walking robot."""
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, 4)

    def path(t: float) -> tuple[float, float]:
        x = np.sin(2 * np.pi * 2.3 * t + phases[0]) + 0.6 * np.sin(2 * np.pi * 5.1 * t + phases[1])
        y = np.sin(2 * np.pi * 3.1 * t + phases[2]) + 0.6 * np.sin(2 * np.pi * 6.3 * t + phases[3])
        return float(amplitude_px * x), float(amplitude_px * y)

    return path
