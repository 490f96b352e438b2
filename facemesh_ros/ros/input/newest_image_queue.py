"""Newest-image queue: while the worker is busy, newer images stay in the middleware."""

from __future__ import annotations

import math
import time
from threading import Condition
from typing import Generic, Protocol, TypeVar

from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.input.arrivals import (
    MIN_PERIOD_S,
    Arrival,
    ArrivalRate,
    ItemT,
    SequenceGaps,
)

Item = TypeVar('Item')


class GatedSource(Protocol[ItemT]):
    """A subscription that calls `NewestImageQueue.put` with each item while its gate is open."""

    def set_open(self, is_open: bool) -> None:
        """Deliver items from now on, or leave them in the middleware, newer replacing older."""

    def take(self) -> Arrival[ItemT] | None:
        """Return the oldest item in the middleware, None if there is none; the gate is closed."""


class NewestImageQueue(Generic[Item]):
    """Holds one item, the newest; depth 1, newer ones replace it.

    Taking a large image out of the middleware costs milliseconds. So once an image arrives before
    the last one is processed, the gate of the subscription is closed and further images stay
    there, where newer replace older, until the worker takes the newest. Gaps in the sequence
    numbers then give how many were replaced; where there are no numbers, the gate stays open.

    Attributes:
        counts: Counters of received, dropped and lost images.
        gaps: What is missing between the items that arrived.
        rate: How often they arrive.
        enabled: Whether items are accepted.
    """

    def __init__(self, counts: ImageCounts) -> None:
        self.counts, self.gaps, self.rate = counts, SequenceGaps(), ArrivalRate()
        self.enabled = True
        self._source: GatedSource[Item] | None = None
        # Whether the gate is open, and whether it has been ever since the last item was counted.
        self._gate_open, self._gate_stayed_open = True, True
        self._waiting: Arrival[Item] | None = None
        self._busy, self._closed = False, False
        self._last_s, self._period_s = 0.0, math.inf
        self._changed = Condition()

    def connect(self, source: GatedSource[Item]) -> None:
        """Set whose gate is closed while the worker is busy; without one, all items are `put`."""
        self._source = source

    def put(self, arrival: Arrival[Item]) -> None:
        """Add an item; returns at once."""
        with self._changed:
            if self._closed or not self.enabled:
                return
            early = self._busy or self._waiting is not None
            self._replace(arrival)
            if early and arrival.sequence_number is not None:
                self._set_gate(False)
            self._changed.notify()

    def enable(self, enabled: bool) -> None:
        """Accept items from now on, or refuse them; what is so already stays, and is counted."""
        with self._changed:
            if enabled == self.enabled:
                return
            self.enabled = enabled
            self.gaps.reset()
            self._set_gate(True)

    @property
    def is_gated(self) -> bool:
        """Whether images are left in the middleware now, so that arrivals cannot be seen."""
        return not self._gate_open

    def wait(self) -> bool:
        """Wait until an item is here or may be in the middleware; False once closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._waiting is not None or not self._gate_open
            )
            return not self._closed

    def newest_s(self) -> float:
        """Return when the newest item arrived, s; while the gate is closed, when it was due."""
        if self._gate_open:
            return self._last_s
        periods = (time.time() - self._last_s) // self._period_s
        return self._last_s + (periods * self._period_s if periods > 0 else 0.0)

    def take(self) -> Item | None:
        """Return the newest item to process, None if there is none; `finish` must follow."""
        with self._changed:
            if not self._gate_open:
                self._take_waiting()
            arrival, self._waiting = self._waiting, None
            self._busy = arrival is not None
            return None if arrival is None or self._closed else arrival.item

    def finish(self, *, others_waiting: bool = False) -> None:
        """End the processing of the last item; `others_waiting`: other workers wait for a turn."""
        with self._changed:
            missing = not self._busy
            self._busy = False
            if self._waiting is not None:
                return  # the next `take` fetches newer ones
            due = others_waiting or time.time() >= self._last_s + self._period_s
            if missing or not due or math.isinf(self._period_s):
                self._set_gate(True)

    def close(self) -> None:
        """Drop the waiting item and refuse all further ones."""
        with self._changed:
            self._closed = True
            self._source = None  # which refers to this by its callback
            self._changed.notify()

    def _take_waiting(self) -> None:
        """Take what waits in the middleware: more than one where `qos_overrides` say so.

        What arrives meanwhile is left there: a camera that is faster than its images can be taken
        would keep the worker here for ever.
        """
        started_s = time.time()
        while self._source and (newer := self._source.take()) is not None:
            self._replace(newer)
            if newer.received_s >= started_s:
                return

    def _replace(self, arrival: Arrival[Item]) -> None:
        """Let an item wait in place of the one that did, and count what is missing before it."""
        self.rate.update()
        gaps = self.gaps
        gaps.update(arrival)
        if arrival.sequence_number is not None and not math.isnan(gaps.interval_s):
            self._period_s = max(MIN_PERIOD_S, gaps.interval_s / (gaps.skipped + 1))
        replaced = gaps.replaced
        if replaced is None:  # lost or replaced? Replaced if the gate was closed.
            replaced = 0 if self._gate_stayed_open else gaps.skipped
        self.counts.received += 1 + replaced
        self.counts.dropped += replaced + (self._waiting is not None)
        self.counts.lost += gaps.lost or 0
        self._last_s = arrival.received_s
        self._gate_stayed_open = self._gate_open
        self._waiting = arrival

    def _set_gate(self, is_open: bool) -> None:
        if self._source and is_open != self._gate_open:
            self._gate_open = is_open
            self._gate_stayed_open = False
            self._source.set_open(is_open)
