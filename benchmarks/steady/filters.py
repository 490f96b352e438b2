"""This project's filters by themselves: over landmarks that are there, and what they cost."""

from __future__ import annotations

import time

import numpy as np

from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing.landmark_smoother import filter_from_settings
from facemesh_ros.types import Float32, Float64

NS_PER_S = 1e9
COST_ROUNDS = 5


def filtered(settings: FilterSettings, raw: Float32, times_s: Float64) -> Float32:
    """Return the landmarks (F, L, 3) of one face, filtered; where there is none (NaN) none."""
    steady, one = filter_from_settings(settings), np.array([1])
    results = [
        face if np.isnan(face).any() else steady.update(one, face[None], round(at * NS_PER_S))[0]
        for face, at in zip(raw, times_s.tolist(), strict=True)
    ]
    return np.stack(results)


def cost_ms(settings: FilterSettings, raw: Float32, times_s: Float64, faces: int) -> float:
    """Return the time that one image with this many faces takes, ms.

    It is the least of several rounds' medians: whatever else the machine does only adds to it.
    """
    ids = np.arange(1, faces + 1)
    # Each face is at another time of the motion, so that not all of them do the same at once.
    crowd = np.stack([np.roll(raw, 7 * face, axis=0) for face in range(faces)], axis=1)
    medians = []
    for _ in range(COST_ROUNDS):
        steady, spent = filter_from_settings(settings), []
        for landmarks, at in zip(crowd, times_s.tolist(), strict=True):
            began = time.perf_counter()
            steady.update(ids, landmarks, round(at * NS_PER_S))
            spent.append(time.perf_counter() - began)
        medians.append(np.median(spent))
    return float(1e3 * min(medians))
