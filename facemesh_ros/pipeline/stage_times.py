"""How long the stages of the pipeline take, measured outside: the pipeline reads no clock."""

from __future__ import annotations

import time
from collections import defaultdict, deque
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

    def stage(self, name: str) -> TimedStage:
        """Time what runs inside."""
        return TimedStage(self, name)

    def record(self, name: str, duration_ms: float) -> None:
        """Keep a duration that was measured elsewhere."""
        self.last_ms[name] = duration_ms
        self._windows[name].append(duration_ms)

    def medians_ms(self) -> dict[str, float]:
        """Return the median of each stage over its last runs, in order of first use."""
        return {name: median(window) for name, window in list(self._windows.items())}


class TimedStage:
    """A run of a stage; a generator would take twice as long, several times an image."""

    __slots__ = ('_name', '_started_s', '_times')

    def __init__(self, times: StageTimes, name: str) -> None:
        self._times, self._name, self._started_s = times, name, 0.0

    def __enter__(self) -> None:
        self._started_s = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._times.record(self._name, 1e3 * (time.perf_counter() - self._started_s))
