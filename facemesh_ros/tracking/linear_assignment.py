"""Who is who: the pairing of least total cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.types import Float64

Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]


def linear_assignment(costs: Float64, alone: float) -> Pairs:
    """Pair rows with columns, each used once at most, at the least total cost.

    Args:
        costs: (N, M), 0 and up; infinite where two must not be paired.
        alone: What a row costs that stays alone; no pair that costs more is made.

    Returns:
        (K,) rows, ascending, and (K,) their columns.

    Source: the Hungarian method by shortest augmenting paths (Jonker and Volgenant, 1987).
    """
    if not costs.size:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    allowed = np.where(costs <= alone, costs, np.inf)
    rows = np.flatnonzero(allowed.min(axis=1) <= alone)
    columns = allowed.argmin(axis=1)[rows]
    if len(set(columns.tolist())) == len(rows):  # then the best of each row is the best of all
        return rows, columns
    count, others = costs.shape
    # Each row may also take a column of its own, which stands for staying alone.
    own = np.full((count, count), np.inf)
    np.fill_diagonal(own, alone)
    columns = _assigned(np.concatenate([allowed, own], axis=1))
    rows = np.flatnonzero(columns < others)
    return rows, columns[rows]


def _assigned(costs: Float64) -> NDArray[np.intp]:
    """Return the column of each row; there must be a finite one for each."""
    count, width = costs.shape
    row_prices, column_prices = np.zeros(count), np.zeros(width)
    row_of = np.full(width, -1, np.intp)
    for row in range(count):
        _augment(costs, row, row_of, row_prices, column_prices)
    columns = np.empty(count, np.intp)
    taken = np.flatnonzero(row_of >= 0)
    columns[row_of[taken]] = taken
    return columns


def _augment(
    costs: Float64,
    start: int,
    row_of: NDArray[np.intp],
    row_prices: Float64,
    column_prices: Float64,
) -> None:
    """Give one more row a column along the cheapest chain of exchanges, prices kept up to date."""
    width = costs.shape[1]
    lengths, before = np.full(width, np.inf), np.full(width, -1, np.intp)
    settled = np.zeros(width, bool)
    row, column, length = start, -1, 0.0
    while True:
        detour = length + costs[row] - row_prices[row] - column_prices
        shorter = ~settled & (detour < lengths)
        lengths[shorter], before[shorter] = detour[shorter], column
        column = int(np.where(settled, np.inf, lengths).argmin())
        length = float(lengths[column])
        if row_of[column] < 0:
            break
        settled[column] = True
        row = int(row_of[column])
    row_prices[start] += length
    row_prices[row_of[settled]] += length - lengths[settled]
    column_prices[settled] -= length - lengths[settled]
    while column >= 0:
        previous = int(before[column])
        row_of[column] = row_of[previous] if previous >= 0 else start
        column = previous
