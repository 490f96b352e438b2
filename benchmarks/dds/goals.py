"""What was wanted of the node, beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from dds.rows import RosRow
from dds.settings import RATE_HZ

REST_MS = {'VGA': 0.8, '1080p': 1.5}
MARKERS_MS = 0.3
MEMORY_MB = 250
START_S = 1.5
# Of all images; with more that are dropped, there is more work than the machine can do.
OVERLOAD = 0.05
SHARE = 0.9
MIB_IN_MB = 2**20 / 1e6


def goal_lines(
    rows: Sequence[RosRow], starts_s: Sequence[float]
) -> tuple[list[str], list[list[str]]]:
    """Return titles and a line for each goal."""
    lines = [
        *rest_lines(rows),
        *marker_lines(rows),
        *memory_lines(rows),
        *start_lines(starts_s),
        *overload_lines(rows),
    ]
    return ['goal', 'wanted', 'measured', 'met'], [
        [what, wanted, measured, 'yes' if met else '**no**']
        for what, wanted, measured, met in lines
    ]


Line = tuple[str, str, str, bool]


def rest_lines(rows: Sequence[RosRow]) -> Iterator[Line]:
    """Yield what an image takes beside the networks."""
    for row in rows:
        setting = row.setting
        wanted = REST_MS.get(setting.size)
        if setting.cameras > 1 or setting.markers or wanted is None:
            continue
        known = ', max_faces 1' if setting.max_faces else ''
        name = f'beside the networks, {setting.size} {setting.transport}{known}'
        # As processor time, which others on the machine hardly change.
        yield name, f'{wanted} ms', f'{row.work.rest_cpu:.2f} ms', row.work.rest_cpu <= wanted


def marker_lines(rows: Sequence[RosRow]) -> Iterator[Line]:
    """Yield what markers take while somebody looks."""
    for row in rows:
        if row.setting.markers:
            ms = row.work.stages.get('markers', float('inf'))
            name = f'markers, {row.setting.size} {row.setting.transport}'
            yield name, f'{MARKERS_MS} ms', f'{ms:.2f} ms', ms <= MARKERS_MS


def memory_lines(rows: Sequence[RosRow]) -> Iterator[Line]:
    """Yield the most memory of a node with one camera, and with several."""
    for name, several in (('one camera', False), ('several cameras', True)):
        chosen = [row for row in rows if row.setting.shared == several and not row.setting.markers]
        if chosen:
            largest = max(chosen, key=lambda row: row.memory.peak)
            peak, shared = (
                mib * MIB_IN_MB for mib in (largest.memory.peak, largest.memory.shared)
            )
            measured = f'{peak:.0f} MB ({shared:.0f} of it shared), {largest.setting.name}'
            yield f'memory, {name}', f'{MEMORY_MB} MB', measured, peak <= MEMORY_MB


def start_lines(starts_s: Sequence[float]) -> Iterator[Line]:
    """Yield how long the start takes."""
    if starts_s:
        middle, longest = median(starts_s), max(starts_s)
        measured = f'{middle:.2f} s, at most {longest:.2f} s of {len(starts_s)}'
        yield 'start to first landmarks', f'{START_S} s', measured, longest <= START_S


def overload_lines(rows: Sequence[RosRow]) -> Iterator[Line]:
    """Yield whether each camera gets its share, and the age of results, under overload.

    An image is at most one period old when its camera's turn comes, as a newer one replaces it.
    """
    for row in rows:
        if row.dropped < OVERLOAD * row.sent or row.setting.cameras == 1:
            continue
        slowest, quickest = row.rates_hz
        measured = f'{slowest:.1f} to {quickest:.1f} Hz'
        yield f'share, {row.setting.name}', f'{SHARE:.0%}', measured, slowest >= SHARE * quickest
        bound_ms = 1e3 / RATE_HZ + row.work.image
        wanted = f'a period and an image, {bound_ms:.0f} ms'
        measured = f'{row.published.median:.0f} ms, p95 {row.published.p95:.0f} ms'
        yield f'latency, {row.setting.name}', wanted, measured, row.published.p95 <= bound_ms
