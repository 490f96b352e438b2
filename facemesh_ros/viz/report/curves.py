"""Curves of any length as SVG paths of a few hundred points: lowest and highest of each column."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from facemesh_ros.types import Float64

# Of a plot, px of its own: more than a phone has and half of what a large screen has.
WIDTH, HEIGHT = 480, 200
# A line is broken where nothing is known for longer, or for three times as long as usual.
BREAK_S = 0.5


def envelope(
    times: Float64, values: Float64, span: tuple[float, float], columns: int = WIDTH
) -> tuple[Float64, Float64, Float64]:
    """Return lowest and highest value of each column of a plot, and the columns they are in.

    Args:
        times: (N,) s, ascending.
        values: (N,); those that are not finite are left out.
        span: First and last time of the plot.
        columns: Its width.

    Returns:
        (M,) columns, and in these lowest and highest.

    Example:
        >>> [one.tolist() for one in envelope(np.arange(4.0), np.array([5.0, 1, 2, 3]), (0, 4), 2)]
        [[0.0, 1.0], [1.0, 2.0], [5.0, 3.0]]
    """
    known = np.isfinite(values)
    times, values = times[known], values[known]
    if not len(times):
        return np.empty(0), np.empty(0), np.empty(0)
    first, last = span
    scale = columns / (last - first) if last > first else 0.0
    place = np.clip(np.floor((times - first) * scale), 0, columns - 1)
    order = np.argsort(place, kind='stable')
    place, values = place[order], values[order]
    starts = np.flatnonzero(np.diff(place, prepend=-1.0))
    lows, highs = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return place[starts], lows, highs


class Scale:
    """From values to the rows of a plot."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high if high > low else low + 1.0

    def rows(self, values: Float64) -> np.ndarray:
        """Return rows, (N,) whole numbers from the top; what is outside is at the border."""
        share = (values - self.low) / (self.high - self.low)
        rows: np.ndarray = np.rint(HEIGHT * (1 - np.clip(share, 0, 1))).astype(int)
        return rows


def longest_step_s(times: Float64, values: Float64) -> float:
    """Return over how long a line is drawn: what is measured every second has no breaks."""
    steps = np.diff(times[np.isfinite(values)])
    return max(BREAK_S, 3 * float(np.median(steps))) if len(steps) else BREAK_S


def path_of(columns: Float64, lows: Float64, highs: Float64, scale: Scale, longest: float) -> str:
    """Return an SVG path up and down through the lowest and highest value of each column.

    It is broken where nothing is known for more columns than the longest step.
    """
    pieces: list[str] = []
    before: tuple[int, int] | None = None
    bottoms, tops = scale.rows(lows).tolist(), scale.rows(highs).tolist()
    for column, bottom, top in zip(columns.astype(int).tolist(), bottoms, tops, strict=True):
        if before is None or column - before[0] > longest:
            pieces.append(f'M{column} {bottom}')
            # A line of no length is drawn as a dot.
            pieces.append(f'v{top - bottom}')
        else:
            # First to the nearer end, so that steep flanks are not drawn twice.
            near, far = (bottom, top) if before[1] >= (bottom + top) / 2 else (top, bottom)
            pieces.append(f'l{column - before[0]} {near - before[1]}')
            if far != near:
                pieces.append(f'v{far - near}')
            top = far
        before = column, top
    return ''.join(pieces).replace(' -', '-')


def band_of(columns: Float64, lows: Float64, highs: Float64, scale: Scale) -> str:
    """Return an SVG path around what lies between two curves, for each stretch of columns."""
    pieces = []
    for part in _stretches(columns):
        xs = columns[part].astype(int).tolist()
        upper, lower = scale.rows(highs[part]).tolist(), scale.rows(lows[part]).tolist()
        points = [*zip(xs, upper, strict=True), *zip(xs[::-1], lower[::-1], strict=True)]
        pieces.append('M' + 'L'.join(f'{x} {y}' for x, y in points) + 'z')
    return ''.join(pieces)


def _stretches(columns: Float64) -> Iterator[slice]:
    ends = np.flatnonzero(np.diff(columns) > 4) + 1
    for begin, end in zip([0, *ends.tolist()], [*ends.tolist(), len(columns)], strict=True):
        if end > begin:
            yield slice(begin, end)


def nice_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return round numbers in a range, about so many: steps of 1, 2 or 5 times a power of 10.

    Example:
        >>> nice_ticks(0.0, 1.0)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not (np.isfinite([low, high]).all() and high > low):
        return [low]
    rough = (high - low) / count
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * min(factor for factor in (1, 2, 5, 10) if factor * power >= 0.75 * rough)
    first = np.ceil(low / step - 1e-9)
    last = np.floor(high / step + 1e-9)
    return [round(float(step * number), 10) + 0.0 for number in np.arange(first, last + 1)]
