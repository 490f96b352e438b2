"""How a quantity changes over a run: robust regression over its cycles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Two-sided 95 %.
NORMAL_QUANTILE = 1.96


@dataclass(frozen=True)
class Trend:
    """A line through the values of some cycles.

    Attributes:
        slope: Change per unit of time.
        low: Lower end of its 95 % confidence interval.
        high: Upper end.
        span: Time from the first value to the last.
    """

    slope: float
    low: float
    high: float
    span: float


def trend_of(times: np.ndarray, values: np.ndarray) -> Trend:
    """Return the Theil-Sen slope, which up to 29 % outliers leave as it is, and its interval.

    Args:
        times: (N,) increasing.
        values: (N,) of any unit.

    Raises:
        ValueError: If there are fewer than two values.

    Source: Sen 1968, "Estimates of the regression coefficient based on Kendall's tau". Values of
    neighbouring cycles that depend on each other make the true interval wider.
    """
    count = len(values)
    if count < 2:
        raise ValueError('a trend needs two values')
    first, second = np.triu_indices(count, 1)
    slopes = np.sort((values[second] - values[first]) / (times[second] - times[first]))
    deviation = NORMAL_QUANTILE * np.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = max(0, int((len(slopes) - deviation) / 2))
    span = float(times[-1] - times[0])
    return Trend(float(np.median(slopes)), float(slopes[low]), float(slopes[-1 - low]), span)
