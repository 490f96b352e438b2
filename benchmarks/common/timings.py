"""Statistics of durations that several systems took in turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Durations = Sequence[float]
Block = Mapping[str, Any]  # see `serving.measure_block`


@dataclass(frozen=True)
class Spread:
    """Distribution of durations: number, median, 95th and 99th percentile, maximum."""

    n: int
    median: float
    p95: float
    p99: float
    largest: float


def spread(durations: Durations) -> Spread:
    """Summarise durations; raises ValueError if there are none."""
    if not len(durations):
        raise ValueError('no durations')
    return Spread(len(durations), *np.percentile(durations, (50, 95, 99, 100)).tolist())


@dataclass(frozen=True)
class Ratio:
    """Durations of one system relative to another's, measured in turn with them.

    Attributes:
        overall: Ratio of the medians of all durations; below 1 the first system is faster.
        lowest: Lowest ratio of the medians of two blocks of one round.
        highest: Highest such ratio.
    """

    overall: float
    lowest: float
    highest: float


def ratio(first: Sequence[Durations], second: Sequence[Durations]) -> Ratio:
    """Compare two systems by their blocks, one block of each system per round.

    Raises:
        ValueError: If the systems have different numbers of blocks, or none.
    """
    by_round = [np.median(a) / np.median(b) for a, b in zip(first, second, strict=True)]
    overall = np.median(np.concatenate(first)) / np.median(np.concatenate(second))
    return Ratio(float(overall), float(min(by_round)), float(max(by_round)))


def timing_items(own: Sequence[Block], peer: Sequence[Block] | None, faces: int) -> dict[str, Any]:
    """Return the items of a row that compares a system's blocks with its peer's.

    Args:
        own: Blocks of the system.
        peer: Blocks of its peer in the same rounds; None if there is none.
        faces: True faces of each image.

    Returns:
        wall_ms (`Spread`), cpu_ms (median), faces_found, faces_shown, peak_mib, and ratio and
        cpu_ratio: ours / peer by wall and by processor time, None without a peer.
    """
    counts = joined(own, 'faces')
    wall, cpu = (
        peer and ratio([block[name] for block in own], [block[name] for block in peer])
        for name in ('wall_ms', 'cpu_ms')
    )
    return {
        'wall_ms': spread(joined(own, 'wall_ms')),
        'cpu_ms': spread(joined(own, 'cpu_ms')).median,
        'faces_found': sum(counts),
        'faces_shown': faces * len(counts),
        'peak_mib': max(block['peak_mib'] for block in own),
        'ratio': wall,
        'cpu_ratio': cpu,
    }


def stage_spreads(own: Sequence[Block]) -> dict[str, Spread]:
    """Return the durations of each stage in the images that run it; `other` is outside of all.

    Empty for systems that do not report stages.
    """
    images: list[dict[str, float]] = joined(own, 'stages_ms')
    names = dict.fromkeys(name for stages in images for name in stages)
    found = {name: spread([stages[name] for stages in images if name in stages]) for name in names}
    if found:
        walls = joined(own, 'wall_ms')
        others = [wall - sum(each.values()) for wall, each in zip(walls, images, strict=True)]
        found['other'] = spread(others)
    return found


def joined(blocks: Iterable[Block], name: str) -> list[Any]:
    """Return a measured quantity of all blocks."""
    return [value for block in blocks for value in block[name]]
