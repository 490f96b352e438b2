"""How long the stages of the pipeline take, measured outside: the pipeline reads no clock."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

WINDOW = 60


class StageTimes:
    """Keeps the last durations of each named stage.

    Attributes:
        last_ms: Last duration of each stage, ms.
    """

    def __init__(self) -> None:
        self.last_ms: dict[str, float] = {}
        self._windows: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=WINDOW))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.record(name, 1e3 * (time.perf_counter() - start))

    def record(self, name: str, duration_ms: float) -> None:
        """Keep a duration that was measured elsewhere."""
        self.last_ms[name] = duration_ms
        self._windows[name].append(duration_ms)

    def medians_ms(self) -> dict[str, float]:
        """Return the median of each stage over its last runs, in order of first use."""
        return {name: median(window) for name, window in list(self._windows.items())}
