"""How long a benchmark may take, and what its parts took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class TimeLimit:
    """A limit for all parts together.

    Attributes:
        limit_s: For everything.
        took_s: What each part took so far.
        not_reached: Parts that were not begun, or cut, with how far they came.
    """

    limit_s: float
    now: Callable[[], float] = time.monotonic
    took_s: dict[str, float] = field(default_factory=dict)
    not_reached: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._end_s = self.now() + self.limit_s

    @property
    def left_s(self) -> float:
        """What is left, not below zero."""
        return max(self._end_s - self.now(), 0.0)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Note how long a part takes."""
        started_s = self.now()
        try:
            yield
        finally:
            self.took_s[name] = self.took_s.get(name, 0.0) + self.now() - started_s

    def cut(self, what: str) -> None:
        """Note that the limit ended something, or kept it from beginning."""
        self.not_reached.append(f'{what}: the limit of {self.limit_s:.0f} s was reached')

    def share(self, part: float) -> TimeLimit:
        """Return a limit from now on, of a part of the whole one; notes are kept together."""
        limit_s = min(part * self.limit_s, self.left_s)
        return TimeLimit(limit_s, self.now, self.took_s, self.not_reached)
