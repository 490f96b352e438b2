"""Images as they come: when, how often, and which are missing between them."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Generic, TypeVar

Supplied = TypeVar('Supplied', covariant=True)

# Shorter periods are no camera's.
MIN_PERIOD_S = 1e-3
# For so long after a number that is no successor, numbers count as those of several publishers.
DISORDER_S = 10.0
RHYTHM_ARRIVALS = 6


@dataclass(frozen=True, slots=True)
class Arrival(Generic[Supplied]):
    """An item as it came.

    Attributes:
        item: The item.
        at_s: When it came, s.
        number: One more than that of the one sent before it; None where nobody counts.
        lost: How many the middleware had lost until it was taken; None where it does not tell.
    """

    item: Supplied
    at_s: float
    number: int | None = None
    lost: int | None = None


class SequenceGaps:
    """Tells what is missing between each arrival and the one before it.

    Attributes:
        passed_s: What lies between the last two, s; NaN where there is nothing before the last.
        skipped: How many numbers lie between the last two; 0 where numbers tell nothing.
        lost: How many were lost between them; None where the middleware does not tell.
        replaced: How many were replaced by newer ones before they were taken out of the
            middleware: those skipped and not lost; None where nobody knows.
        steps_back: How often a number was not greater than the one before it. A camera that
            starts anew makes one such step, two publishers on one topic make many.
    """

    def __init__(self) -> None:
        """Begin with an arrival that has nothing before it."""
        self.passed_s, self.skipped, self.steps_back = math.nan, 0, 0
        self.lost: int | None = None
        self.replaced: int | None = None
        self._last: Arrival[object] | None = None
        self._disorder_s = -math.inf
        self._lost_early = 0

    def restart(self) -> None:
        """Forget the last arrival: what is missing before the next one was not wanted."""
        self._last = None

    def note(self, arrival: Arrival[object]) -> None:
        """Compare an arrival with the last one."""
        last, self._last = self._last, arrival
        self.passed_s, self.skipped, self.lost, self.replaced = math.nan, 0, None, None
        if last is None:
            self._lost_early = 0
            return
        self.passed_s = arrival.at_s - last.at_s
        ordered = self._in_order(last, arrival)
        if ordered:
            possible = int(self.passed_s / MIN_PERIOD_S)
            self.skipped = max(0, min(_between(last, arrival), possible - 1))
        if last.lost is not None and arrival.lost is not None:
            self.lost = max(0, arrival.lost - last.lost)
            self.replaced = self._not_lost(self.lost) if ordered else 0

    def _in_order(self, last: Arrival[object], arrival: Arrival[object]) -> bool:
        """Whether the numbers of both are taken for those of one publisher."""
        if last.number is None or arrival.number is None:
            return False
        if arrival.number <= last.number:
            self.steps_back += 1
            self._disorder_s, self._lost_early = arrival.at_s, 0
            return False
        return arrival.at_s >= self._disorder_s + DISORDER_S

    def _not_lost(self, lost: int) -> int:
        """Return how many of those skipped were not lost.

        Losses behind an arrival may be counted already when it is taken. So what is more than
        was skipped belongs to the next one.
        """
        lost += self._lost_early
        self._lost_early = max(0, lost - self.skipped)
        return max(0, self.skipped - lost)


def _between(last: Arrival[object], arrival: Arrival[object]) -> int:
    return (arrival.number or 0) - (last.number or 0) - 1


class ArrivalRate:
    """How often images come, by a clock that nobody sets."""

    def __init__(self) -> None:
        """Begin without any."""
        self._times_s: deque[float] = deque(maxlen=RHYTHM_ARRIVALS)

    def note(self) -> None:
        """An image has come."""
        self._times_s.append(time.monotonic())

    def silent_s(self) -> float | None:
        """Return how long ago the last image came, s; None if there was none."""
        times_s = list(self._times_s)
        return time.monotonic() - times_s[-1] if times_s else None

    def usual_s(self) -> float:
        """Return what usually lies between two images, s; 0 while nobody knows."""
        intervals_s = [later - earlier for earlier, later in pairwise(list(self._times_s))]
        return median(intervals_s) if intervals_s else 0.0
