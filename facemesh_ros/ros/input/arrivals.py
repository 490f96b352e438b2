"""Gaps in the sequence numbers of arriving images, and their rate."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Generic, TypeVar

ItemT = TypeVar('ItemT', covariant=True)

# No camera is faster.
MIN_PERIOD_S = 1e-3
# Images that a machine which was busy may deliver at once: of common cameras, seconds.
MAX_BURST = 100.0
# For this long after a number that was not greater than the one before it, the numbers may be
# those of several publishers: what is missing between them is believed if no further one follows.
DISORDER_S = 10.0
RATE_WINDOW = 6


@dataclass(frozen=True, slots=True)
class Arrival(Generic[ItemT]):
    """An item as it arrived.

    Attributes:
        item: The item.
        received_s: When it arrived, s.
        sequence_number: The publisher's count of messages; None where the middleware has none.
        lost_total: Messages lost by the middleware until this one was taken; None where it does
            not report them.
    """

    item: ItemT
    received_s: float
    sequence_number: int | None = None
    lost_total: int | None = None

    def without_item(self) -> Arrival[None]:
        """Return what is known of it, to be kept for longer than an image may be."""
        return Arrival(None, self.received_s, self.sequence_number, self.lost_total)


class SequenceGaps:
    """Messages missing between the last two arrivals, divided into lost and replaced.

    Example: after numbers 4 and 8 with one message reported lost, `skipped` is 3, `lost` is 1 and
    `replaced` is 2.

    Attributes:
        interval_s: Time between the last two, s; NaN if the last one is the first.
        skipped: Sequence numbers between the last two; 0 where numbers are unknown or mixed.
        lost: Messages lost between them; None where the middleware does not report losses.
        replaced: Messages replaced by newer ones before they were taken from the middleware: those
            skipped and not lost; None if unknown. For `DISORDER_S` after a step back they are
            kept, and added to those of the next arrival after it.
        steps_back: How often a number was not greater than the one before it. A camera that
            restarts makes one such step, two publishers on one topic make many.
        are_numbered: Whether the last arrival had a number.
    """

    def __init__(self) -> None:
        self.interval_s, self.skipped, self.steps_back = math.nan, 0, 0
        self.lost: int | None = None
        self.replaced: int | None = None
        self.are_numbered = False
        self._last: Arrival[object] | None = None
        self._disorder_s, self._passed = -math.inf, math.inf
        self._lost_early, self._possible, self._doubtful = 0, 0.0, 0

    def reset(self) -> None:
        """Forget the last arrival: nothing is missing before the next one."""
        self._last = None

    def update(self, arrival: Arrival[object]) -> None:
        """Compare an arrival with the last one."""
        last, self._last = self._last, arrival.without_item()
        self.are_numbered = arrival.sequence_number is not None
        self.interval_s, self.skipped, self.lost, self.replaced = math.nan, 0, None, None
        if last is None:
            self._lost_early, self._possible = 0, 0.0
            return
        self.interval_s = arrival.received_s - last.received_s
        step = self._step(last, arrival)
        skipped = 0 if step is None else max(0, self._believable(step) - 1)
        if in_order := arrival.received_s >= self._disorder_s + DISORDER_S:
            self._passed = math.inf
        self.skipped = skipped if in_order else 0
        if last.lost_total is not None and arrival.lost_total is not None:
            self.lost = max(0, arrival.lost_total - last.lost_total)
            self._doubtful += 0 if step is None else self._not_lost(skipped, self.lost)
            self.replaced = self._doubtful if in_order else 0
            self._doubtful -= self.replaced

    def _step(self, last: Arrival[object], arrival: Arrival[object]) -> int | None:
        """Return the difference of both numbers; None unless they may be of one publisher."""
        if last.sequence_number is None or arrival.sequence_number is None:
            return None
        step = arrival.sequence_number - last.sequence_number
        if step > 0:
            # Past the number before the last step back, it may be from that publisher again.
            return None if last.sequence_number <= self._passed < arrival.sequence_number else step
        self.steps_back += 1
        self._disorder_s, self._passed = arrival.received_s, last.sequence_number
        self._lost_early, self._possible, self._doubtful = 0, 0.0, 0
        return None

    def _believable(self, step: int) -> int:
        """Return as much of a step as one camera can have sent; another one's number is any."""
        possible = max(0.0, self._possible + self.interval_s / MIN_PERIOD_S)
        believed = min(step, int(possible))
        self._possible = min(MAX_BURST, possible - believed)
        return believed

    def _not_lost(self, skipped: int, lost: int) -> int:
        """Return how many of those skipped were not lost.

        When an arrival is taken, losses behind it may be counted already. So losses in excess of
        those skipped are carried over to the next arrival.
        """
        lost += self._lost_early
        self._lost_early = max(0, lost - skipped)
        return max(0, skipped - lost)


class ArrivalRate:
    """The period of the last arrivals, by the monotonic clock."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque(maxlen=RATE_WINDOW)

    def update(self) -> None:
        """Record an arrival."""
        self._times_s.append(time.monotonic())

    def since_last_s(self) -> float | None:
        """Return the time since the last arrival, s; None before the first."""
        times_s = list(self._times_s)
        return time.monotonic() - times_s[-1] if times_s else None

    def period_s(self) -> float:
        """Return the median time between arrivals, s; 0 before the second."""
        intervals_s = [later - earlier for earlier, later in pairwise(list(self._times_s))]
        return median(intervals_s) if intervals_s else 0.0
