"""The tables of steadiness."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from measuring.markdown import table
from measuring.report import Report
from steady.scores import ClipScore, Score


@dataclass(frozen=True)
class MotionRow:
    """One filter on one motion of one picture."""

    picture: str
    motion: str
    filter: str
    score: Score


@dataclass(frozen=True)
class ClipRow:
    """One filter on one clip."""

    clip: str
    filter: str
    score: ClipScore


@dataclass(frozen=True)
class CostRow:
    """What one image costs, ms."""

    filter: str
    faces: int
    ms: float


@dataclass(frozen=True)
class TradeOff:
    """One filter with one value of one setting, means over the pictures.

    Attributes:
        filter: Which.
        setting: Name and value of what is varied.
        jitter: At rest, %.
        error: In motion, of the unfiltered, mean over the motions.
    """

    filter: str
    setting: str
    jitter: float
    error: float


@dataclass(frozen=True)
class SteadinessReport(Report):
    """Filters on motions and clips, and what they cost; the trade-off is for the plot."""

    motions: list[MotionRow] = field(default_factory=list)
    clips: list[ClipRow] = field(default_factory=list)
    costs: list[CostRow] = field(default_factory=list)
    trade_offs: list[TradeOff] = field(default_factory=list)

    def tables(self) -> Iterator[tuple[str, str]]:
        """Yield each table with its title."""
        percent = '% of the distance between the outer eye corners, means over the pictures'
        yield f'Known motion; jitter and error in {percent}', self._motion_table()
        truth = 'the raw landmarks smoothed forward and back'
        yield f'Clips, against {truth}', self._clip_table()
        yield 'One image, ms', self._cost_table()

    def _motion_table(self) -> str:
        rows = []
        for motion, name in dict.fromkeys((row.motion, row.filter) for row in self.motions):
            scores = self._scores(motion, name)
            raw = self._scores(motion, 'none')
            means = [_mean(getattr(each, part) for each in scores) for part in _PARTS]
            ratio = _mean(a.error / b.error for a, b in zip(scores, raw, strict=True))
            jitter, lag, error, kept = means
            rows.append(
                [motion, name, f'{jitter:.3f}', f'{lag:+.2f}', f'{error:.2f}', f'{ratio:.2f}',
                 '' if math.isnan(kept) else f'{kept:.2f}']
            )  # fmt: skip
        head = ['motion', 'filter', 'jitter', 'lag, images', 'error', 'of unfiltered', 'kept']
        return table(head, rows)

    def _scores(self, motion: str, name: str) -> list[Score]:
        return [row.score for row in self.motions if (row.motion, row.filter) == (motion, name)]

    def _clip_table(self) -> str:
        raw = {row.clip: row.score.error for row in self.clips if row.filter == 'none'}
        rows = [
            [row.clip, row.filter, f'{row.score.jitter:.3f}', f'{row.score.lag_frames:+.2f}',
             f'{row.score.error:.2f}', f'{row.score.error / raw[row.clip]:.3f}',
             f'{row.score.blinking:.2f}']
            for row in self.clips
        ]  # fmt: skip
        head = ['clip', 'filter', 'jitter', 'lag, images', 'error', 'of unfiltered', 'eyes kept']
        return table(head, rows)

    def _cost_table(self) -> str:
        rows = [[row.filter, str(row.faces), f'{row.ms:.3f}'] for row in self.costs]
        return table(['filter', 'faces', 'ms'], rows)


_PARTS = ('jitter', 'lag_frames', 'error', 'kept')


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return math.fsum(listed) / len(listed)
