"""Blinks, from how far eyes are open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.types import Float64

# The eyes' usual opening is that of their more open images around a moment: it differs from
# person to person, and with expression and pose.
WINDOW_S, OPEN_QUANTILE = 10.0, 0.7
# Below this share of the usual opening eyes are closed, above the other they are open again. At
# 12 images per second the most closed of a blink is often only a third closed.
CLOSED, OPEN_AGAIN = 0.65, 0.75
# A blink lasts 0.1 to 0.4 s, with the way back to the threshold; longer, eyes are closed or look
# down.
MAX_BLINK_S = 0.5
# Between two images that are farther apart nothing is known.
MAX_STEP_S = 0.2
# Of smaller faces the lids are less than 2 px apart.
MIN_EYES_PX = 24.0


@dataclass(frozen=True, slots=True)
class Blinks:
    """Blinks of one face.

    Attributes:
        starts_s: (N,) when the eyes had closed.
        lengths_s: (N,) for how long.
        closures: How often eyes were closed for longer than a blink.
        observed_s: For how long the eyes were seen.
    """

    starts_s: Float64
    lengths_s: Float64
    closures: int
    observed_s: float

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self.starts_s)

    @property
    def per_minute(self) -> float:
        """How many they are per minute; NaN if eyes were not seen."""
        return 60 * self.count / self.observed_s if self.observed_s else np.nan


def blinks_in(times: Float64, openings: Float64, eyes_px: Float64) -> Blinks:
    """Find blinks: the opening falls below 65 % of what is usual and is back above 75 % soon.

    A closure that begins or ends where the eyes are not seen is none.

    Args:
        times: (N,) s, ascending.
        openings: (N,) of the eyes' width; NaN where unknown.
        eyes_px: (N,) px, distance of the eyes' outer corners.

    Example: one second at 30 Hz, in which eyes are closed for 0.2 s.
        >>> times = np.arange(30) / 30
        >>> openings = np.where((times > 0.39) & (times < 0.59), 0.05, 0.3)
        >>> found = blinks_in(times, openings, np.full(30, 100.0))
        >>> found.starts_s.round(2).tolist(), found.lengths_s.round(2).tolist()
        ([0.4], [0.2])
    """
    known = np.isfinite(openings) & (eyes_px >= MIN_EYES_PX)
    times, openings = times[known], openings[known]
    if len(times) < 2:
        return Blinks(np.empty(0), np.empty(0), 0, 0.0)
    steps = np.diff(times)
    observed_s = float(steps[steps <= MAX_STEP_S].sum())
    share = openings / usual_openings(times, openings)
    starts, lengths, closures = [], [], 0
    for first, end in _closures(share, steps > MAX_STEP_S):
        length_s = times[end] - times[first]
        if length_s <= MAX_BLINK_S:
            starts.append(times[first])
            lengths.append(length_s)
        else:
            closures += 1
    return Blinks(np.array(starts, float), np.array(lengths, float), closures, observed_s)


def usual_openings(times: Float64, openings: Float64) -> Float64:
    """Return the usual opening at each time, (N,): a quantile of the ten seconds around it."""
    centres = np.arange(times[0], times[-1] + WINDOW_S / 4, WINDOW_S / 4)
    begins = np.searchsorted(times, centres - WINDOW_S / 2)
    ends = np.searchsorted(times, centres + WINDOW_S / 2, side='right')
    levels = [
        np.quantile(openings[begin:end], OPEN_QUANTILE) if end > begin else np.nan
        for begin, end in zip(begins, ends, strict=True)
    ]
    known = np.isfinite(levels)
    usual: Float64 = np.interp(times, centres[known], np.array(levels)[known])
    return np.maximum(usual, np.finfo(float).tiny)


def _closures(share: Float64, breaks: np.ndarray) -> list[tuple[int, int]]:
    """Return first closed and first open image of each closure that is seen as a whole."""
    found, first = [], None
    is_open = False
    for index, value in enumerate(share.tolist()):
        if index and breaks[index - 1]:
            first, is_open = None, False
        if value < CLOSED and is_open:
            first, is_open = index, False
        elif value > OPEN_AGAIN:
            if first is not None:
                found.append((first, index))
            first, is_open = None, True
    return found
