"""What a node said of itself on /diagnostics while it was recorded."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np

OK, WARN, ERROR, STALE = range(4)
LEVEL_NAMES = {OK: 'OK', WARN: 'warning', ERROR: 'error', STALE: 'inactive'}
# How the node's statuses end (ros/diagnostics/stream_status.py), and its times.
_OURS, _TIME = ': faces', re.compile(r'(.+) \(ms\)$')


class StreamDiagnostics:
    """The statuses of one camera.

    Attributes:
        levels: How many statuses were of each level.
        problems: Texts of statuses that are not OK, numbers aside, with how often they came.
        too_old: The node's counter of images beyond `max_image_age`, at the end.
    """

    def __init__(self) -> None:
        self.levels: Counter[int] = Counter()
        self.problems: Counter[str] = Counter()
        self.too_old = 0
        self._texts: dict[str, str] = {}
        self._times_ms: dict[str, list[float]] = {}

    def add(self, status: Any) -> None:
        """Take a DiagnosticStatus."""
        level = _level_of(status.level)
        self.levels[level] += 1
        if level != OK:
            # What differs only in its numbers is the same problem.
            kind = re.sub(r'\d+(\.\d+)?', '#', status.message)
            self.problems[self._texts.setdefault(kind, status.message)] += 1
        for pair in status.values:
            if stage := _TIME.match(pair.key):
                self._times_ms.setdefault(stage[1], []).append(_number(pair.value))
            elif pair.key == 'images too old':
                self.too_old = int(_number(pair.value, 0.0))

    def stage_times_ms(self) -> dict[str, float]:
        """Return the median of each stage's times, the longest first."""
        medians = {name: float(np.nanmedian(ms)) for name, ms in self._times_ms.items() if ms}
        return dict(sorted(medians.items(), key=lambda one: -one[1]))


class Diagnostics:
    """The statuses of all cameras of this package's nodes."""

    def __init__(self) -> None:
        self._by_topic: dict[str, StreamDiagnostics] = {}

    def add(self, msg: Any) -> None:
        """Take a DiagnosticArray, also of other nodes."""
        for status in msg.status:
            if status.name.endswith(_OURS):
                self._by_topic.setdefault(status.hardware_id, StreamDiagnostics()).add(status)

    def of(self, stream: str, streams: int) -> StreamDiagnostics | None:
        """Return those of a stream, by its name or one that has most words in common with it.

        They are under the topic of the images; a stream whose images were not recorded has that
        of the faces. The only one there is belongs to the only stream, whatever it is called.
        """
        known = self._by_topic
        if stream in known:
            return known[stream]
        if streams == 1 and len(known) == 1:
            return next(iter(known.values()))
        words = set(stream.split('/')) - {''}
        likeness = sorted((len(words & set(topic.split('/'))), topic) for topic in known)
        counts = [count for count, _ in likeness] or [0]
        is_clear = counts[-1] > 0 and (len(counts) == 1 or counts[-1] > counts[-2])
        return known[likeness[-1][1]] if is_clear else None


def _level_of(level: Any) -> int:
    """Return a level, which is a byte in some classes of messages."""
    return level[0] if isinstance(level, (bytes, bytearray)) else int(level)


def _number(text: str, unknown: float = float('nan')) -> float:
    try:
        return float(text)
    except ValueError:
        return unknown
