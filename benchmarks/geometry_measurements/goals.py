"""Goals: what is to be reached, whether it is, and how others stand at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from common.report import Column, Table

COLUMNS: list[Column] = [
    *(('on', '{on}'), ('measure', '{measure}'), ('n', '{n}'), ('ours', '{ours:.3g} {unit}')),
    *(('goal', '{goal} {unit}'), ('reached', '{verdict}')),
    *(('canonical PnP', '{pnp:.3g}'), ('MediaPipe 1.2.2', '{mediapipe:.3g}')),
    ('ours / MediaPipe', '{ratio:.2f}'),
]


@dataclass(frozen=True)
class Goal:
    """One measure with its limits.

    Attributes:
        on: What it was measured on.
        measure: Name of the measure.
        n: How many single values are in it.
        ours: What was measured; None or NaN if nothing could be.
        low: Limit; None if any value is low enough.
        high: Limit; None if any value is high enough. Without limits, a peer's measure that could
            not be had, the goal is not reached.
        unit: Of all of them.
        pnp: The same measure of the canonical face by PnP, where it applies.
        mediapipe: The same measure of MediaPipe, where it applies.
    """

    on: str
    measure: str
    n: int
    ours: float | None
    low: float | None = None
    high: float | None = None
    unit: str = ''
    pnp: float | None = None
    mediapipe: float | None = None

    @property
    def is_reached(self) -> bool:
        """Whether it is within the limits; None and NaN never are, nor are they limits."""
        if self.ours is None or self.low is self.high is None:
            return False
        above = self.low is None or self.ours >= self.low
        return above and (self.high is None or self.ours <= self.high)

    def _ratio(self) -> float | None:
        if self.ours is None or not self.mediapipe or self.low is not None:
            return None
        return self.ours / self.mediapipe

    def _limits(self) -> str | None:
        if self.low is not None and self.high is not None:
            return f'{self.low:g} to {self.high:g}'
        if self.low is not None:
            return f'at least {self.low:g}'
        return None if self.high is None else f'at most {self.high:g}'

    def row(self) -> dict[str, Any]:
        """Return it as a row of the table."""
        return {
            **vars(self),
            'goal': self._limits(),
            'verdict': 'yes' if self.is_reached else 'NO',
            'ratio': self._ratio(),
        }


def goal_table(goals: Sequence[Goal]) -> Table:
    """Return the table of all goals."""
    return Table('goals', 'Goals', COLUMNS, [goal.row() for goal in goals])
