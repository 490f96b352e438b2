"""Newest-image queue: images stay in the middleware until the worker takes the newest."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
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
from facemesh_ros.ros.input.waiting_messages import taken

Item = TypeVar('Item')


class GatedSource(Protocol[ItemT]):
    """A subscription that calls `NewestImageQueue.put` with each item while its gate is open.

    The gate is closed at first.
    """

    @property
    def kept(self) -> int:
        """How many items the middleware keeps at most."""

    def set_open(self, is_open: bool) -> None:
        """Deliver items from now on, or leave them in the middleware, newer replacing older."""

    def wait(self) -> bool:
        """Wait until an item is in the middleware; False if `wake` came before."""

    def wake(self) -> None:
        """End a `wait`, or the next one."""

    def take(self) -> Arrival[ItemT] | None:
        """Return the oldest item in the middleware, None if there is none; the gate is closed."""


class NewestImageQueue(Generic[Item]):
    """Where a worker gets one item at a time, the newest.

    Taking a large image out of the middleware costs milliseconds, and the executor's thread, which
    answers services, is not to spend them. So images stay there, where newer replace older, until
    the worker has time for one and takes it itself. Gaps in the sequence numbers then give how
    many were replaced. Where there are no numbers the gate is opened: the executor delivers each
    image, and the newest waits here.

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
        self._delivered, self._waits = True, False
        self._waiting: Arrival[Item] | None = None
        self._closed = False
        self._last_s, self._period_s = 0.0, math.inf
        self._changed = Condition()

    def connect(self, source: GatedSource[Item]) -> None:
        """Set where items are taken from; without one, all items are `put`."""
        self._source, self._delivered = source, False

    def put(self, arrival: Arrival[Item]) -> None:
        """Add an item that was delivered; returns at once."""
        with self._changed:
            if self._closed or not self.enabled:
                return
            self._replace(arrival, delivered=True)
            self._changed.notify()
        if not self._delivered:  # delivered while the gate was being closed
            self._wake()
        self._deliver_from_now_on(arrival.sequence_number is None)

    def enable(self, enabled: bool) -> None:
        """Accept items from now on, or none; one that waits here already stays, and is counted."""
        if enabled == self.enabled:
            return
        if enabled and self._source and not self._delivered:
            for _ in _waiting_in(self._source):
                pass  # of before
        with self._changed:
            self.enabled = enabled
            self.gaps.reset()
            self._changed.notify()
        self._wake()

    @property
    def sees_arrivals(self) -> bool:
        """Whether an image that arrives now is seen at once, as the worker waits for it."""
        return self._delivered or self._waits

    def wait(self) -> bool:
        """Wait until an item is here or in the middleware; False once closed."""
        self._waits = True
        try:
            while self._wait_for_turn():
                source = self._source
                if self._waiting is not None or (source is not None and source.wait()):
                    return True
            return False
        finally:
            self._waits = False

    def _wait_for_turn(self) -> bool:
        """Wait until an item is here or may be taken from the middleware; False once closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._closed
                    or self._waiting is not None
                    or (self.enabled and not self._delivered)
                )
            )
            return not self._closed

    def newest_s(self) -> float:
        """Return when the newest item arrived, s; of one in the middleware, when it was due."""
        if self._delivered:
            return self._last_s
        periods = (time.time() - self._last_s) // self._period_s
        return self._last_s + (periods * self._period_s if periods > 0 else 0.0)

    def take(self) -> Item | None:
        """Return the newest item to process, None if there is none."""
        source = self._source
        if source is not None and self.enabled and not self._delivered:
            for arrival in _waiting_in(source):
                with self._changed:
                    self._replace(arrival, delivered=False)
                self._deliver_from_now_on(arrival.sequence_number is None)
        with self._changed:
            newest, self._waiting = self._waiting, None
            return None if newest is None or self._closed else newest.item

    def close(self) -> None:
        """Drop the waiting item and refuse all further ones."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._wake()
        self._source = None  # which refers to this by its callback

    def _replace(self, arrival: Arrival[Item], *, delivered: bool) -> None:
        """Let an item wait in place of the one that did, and count what is missing before it."""
        self.rate.update()
        gaps = self.gaps
        gaps.update(arrival)
        if arrival.sequence_number is not None and not math.isnan(gaps.interval_s):
            self._period_s = max(MIN_PERIOD_S, gaps.interval_s / (gaps.skipped + 1))
        replaced = gaps.replaced
        if replaced is None:  # lost or replaced? Replaced if it was left in the middleware.
            replaced = 0 if delivered else gaps.skipped
        self.counts.received += 1 + replaced
        self.counts.dropped += replaced + (self._waiting is not None)
        self.counts.lost += gaps.lost or 0
        self._last_s = arrival.received_s
        self._waiting = arrival

    def _deliver_from_now_on(self, delivered: bool) -> None:
        source = self._source
        if source is None or delivered == self._delivered:
            return
        self._delivered = delivered
        source.set_open(delivered)
        with self._changed:
            self._changed.notify()

    def _wake(self) -> None:
        if (source := self._source) is not None:
            source.wake()


def _waiting_in(source: GatedSource[Item]) -> Iterator[Arrival[Item]]:
    """Take what waits in the middleware: more than one where `qos_overrides` say so."""
    return taken(source.take, source.kept)
