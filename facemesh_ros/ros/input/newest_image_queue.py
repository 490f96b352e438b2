"""A camera's newest image, left where it is while nobody has time for it."""

from __future__ import annotations

import math
import time
from threading import Condition
from typing import Generic, Protocol, TypeVar

from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.input.arrivals import MIN_PERIOD_S, Arrival, SequenceGaps, ArrivalRate, Supplied

Item = TypeVar('Item')


class Supply(Protocol[Supplied]):
    """Where items come from; calls `NewestImageQueue.put` with each while it delivers."""

    def deliver(self, wanted: bool) -> None:
        """Deliver items from now on, or leave them where they are, where newer replace older."""

    def take(self) -> Arrival[Supplied] | None:
        """Return an item that was left, the oldest first; None if there is none."""


class NewestImageQueue(Generic[Item]):
    """Holds the newest item, and takes no others that would only be replaced.

    To take an image out of the middleware costs milliseconds if it is large. So once one arrives
    before the last is done with, further ones are left there until there is time for the newest.
    How many those were is known by their numbers; where nobody counts, all are taken.

    Attributes:
        counts: What is received, dropped and lost is counted there.
        continuity: What is missing between the items that came.
        rhythm: How often they come.
        enabled: Whether items are taken in.
    """

    def __init__(self, counts: ImageCounts) -> None:
        """Begin empty; as long as it draws from nothing, all items come by `put`."""
        self.counts, self.continuity, self.rhythm = counts, SequenceGaps(), ArrivalRate()
        self.enabled = True
        self._supply: Supply[Item] | None = None
        self._delivering, self._complete = True, True
        self._waiting: Arrival[Item] | None = None
        self._busy, self._ended = False, False
        self._last_s, self._period_s = 0.0, math.inf
        self._changed = Condition()

    def draw_from(self, supply: Supply[Item]) -> None:
        """Take what does not come by `put` from there."""
        self._supply = supply

    def put(self, arrival: Arrival[Item]) -> None:
        """Take in an item; returns at once."""
        with self._changed:
            if self._ended or not self.enabled:
                return
            self._count(arrival)
            early = self._busy or self._waiting is not None
            self.counts.dropped += self._waiting is not None
            self._waiting = arrival
            if early and arrival.number is not None:
                self._deliver(False)
            self._changed.notify()

    def enable(self, wanted: bool) -> None:
        """Take in items, or none of those that come from now on."""
        with self._changed:
            self.enabled = wanted
            self.continuity.restart()
            self._deliver(True)

    @property
    def is_left(self) -> bool:
        """Whether what comes is left where it is, so that nobody knows if anything does."""
        return not self._delivering

    def wait(self) -> bool:
        """Wait until there is, or should be, an item; False if there will be none."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._ended or self._waiting is not None or not self._delivering
            )
            return not self._ended

    def newest_s(self) -> float:
        """When the newest item came, s; of one that was left, when it should have come."""
        if self._delivering:
            return self._last_s
        periods = (time.time() - self._last_s) // self._period_s
        return self._last_s + (periods * self._period_s if periods > 0 else 0.0)

    def take(self) -> Item | None:
        """Return the newest item to work on, None if there is none; `finish` must follow."""
        with self._changed:
            if not self._delivering:
                self._take_newer()
            arrival, self._waiting = self._waiting, None
            self._busy = arrival is not None
            return None if arrival is None or self._ended else arrival.item

    def finish(self, *, crowded: bool = False) -> None:
        """The last item taken is done with; `crowded` tells that others wait for their turns."""
        with self._changed:
            missing = not self._busy
            self._busy = False
            if self._waiting is not None:
                return  # its turn will look for newer ones
            due = crowded or time.time() >= self._last_s + self._period_s
            if missing or not due or math.isinf(self._period_s):
                self._deliver(True)

    def end(self) -> None:
        """Forget what waits; there will be no more."""
        with self._changed:
            self._ended = True
            self._supply = None  # which holds this by its `put`
            self._changed.notify()

    def _take_newer(self) -> None:
        """Take what was left, where the user may have asked to keep more than the newest."""
        while self._supply and (newer := self._supply.take()) is not None:
            self._count(newer)
            self.counts.dropped += self._waiting is not None
            self._waiting = newer

    def _count(self, arrival: Arrival[Item]) -> None:
        """Count an item and those before it that nobody took."""
        self.rhythm.note()
        missing = self.continuity
        missing.note(arrival)
        if arrival.number is not None and not math.isnan(missing.passed_s):
            self._period_s = max(MIN_PERIOD_S, missing.passed_s / (missing.skipped + 1))
        replaced = missing.replaced
        if replaced is None:  # lost or replaced? While they were left, they were replaced.
            replaced = 0 if self._complete else missing.skipped
        self.counts.received += 1 + replaced
        self.counts.dropped += replaced
        self.counts.lost += missing.lost or 0
        self._last_s = arrival.at_s
        self._complete = self._delivering

    def _deliver(self, wanted: bool) -> None:
        if self._supply and wanted != self._delivering:
            self._delivering = wanted
            self._complete = False
            self._supply.deliver(wanted)
