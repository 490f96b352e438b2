"""What is said of durations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Durations = Sequence[float]


@dataclass(frozen=True)
class Spread:
    """Where durations lie.

    Attributes:
        n: How many there are.
        median: In their unit.
        p95: 95 % are not longer.
        p99: 99 % are not longer.
    """

    n: int
    median: float
    p95: float
    p99: float


def spread(durations: Durations) -> Spread:
    """Return where durations lie; raises ValueError if there are none."""
    if not len(durations):
        raise ValueError('no durations')
    median, p95, p99 = np.percentile(durations, (50, 95, 99)).tolist()
    return Spread(len(durations), median, p95, p99)


@dataclass(frozen=True)
class Ratio:
    """How one side's durations compare with another's, which were taken in turn with them.

    Attributes:
        overall: Ratio of the medians of all durations; below 1 the first side is quicker.
        lowest: Lowest ratio of the medians of two blocks of one round.
        highest: Highest such ratio.
    """

    overall: float
    lowest: float
    highest: float


def ratio(first: Sequence[Durations], second: Sequence[Durations]) -> Ratio:
    """Compare two sides by their blocks, one block of each side per round.

    Raises:
        ValueError: If the sides have different numbers of blocks, or none.
    """
    by_round = [np.median(a) / np.median(b) for a, b in zip(first, second, strict=True)]
    overall = np.median(np.concatenate(first)) / np.median(np.concatenate(second))
    return Ratio(float(overall), float(min(by_round)), float(max(by_round)))
