"""Goals of the node beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from common.report import Table
from ros_graph.session import Start
from ros_graph.settings import RATE_HZ

REST_MS = {'VGA': 1.0, '1080p': 1.5}
MARKERS_MS = 0.3
# Without the images in shared memory, which belongs to the cameras' processes.
MEMORY_MB = {'one camera': 250, 'several cameras': 350}
# Results a second of each of so many raw cameras of 1080p in one node.
MANY_CAMERAS, RESULTS_HZ = 8, 10.0
START_S = 1.5
# With more dropped images than this share, the machine is overloaded.
OVERLOAD = 0.05
FAIR_SHARE = 0.9
MIB_IN_MB = 2**20 / 1e6
COLUMNS = [(name, f'{{{name}}}') for name in ('goal', 'wanted', 'measured', 'met')]
Rows = Sequence[dict[str, Any]]
Line = tuple[str, str, str, bool]


def goal_table(rows: Rows, starts: Sequence[Start]) -> Table:
    """Return a row for each goal, from rows of `session_row` and start-up times."""
    lines = [*_time_lines(rows), *_memory_lines(rows), *_start_lines(starts)]
    lines += [*_result_lines(rows), *_load_lines(rows)]
    found = [
        {'goal': goal, 'wanted': wanted, 'measured': measured, 'met': 'yes' if met else '**no**'}
        for goal, wanted, measured, met in lines
    ]
    return Table('goals', 'Goals', COLUMNS, found)


def _time_lines(rows: Rows) -> Iterator[Line]:
    """Yield the time of an image outside of inference, and of markers."""
    for row in rows:
        setting, rest = row['setting'], row['rest_cpu']
        wanted = REST_MS.get(setting['size'])
        if setting['cameras'] == 1 and not setting['markers'] and wanted is not None:
            special = f', {row["special"]}' * bool(row['special'])
            name = f'outside of inference, {setting["size"]} {setting["transport"]}{special}'
            # As processor time, which other load hardly changes.
            yield name, f'{wanted} ms', f'{rest:.2f} ms', rest <= wanted
    for row in rows:
        if row['setting']['markers']:
            ms = row['stages'].get('markers', float('inf'))
            name = f'markers, {row["setting"]["size"]} {row["setting"]["transport"]}'
            yield name, f'{MARKERS_MS} ms', f'{ms:.2f} ms', ms <= MARKERS_MS


def _memory_lines(rows: Rows) -> Iterator[Line]:
    """Yield the peak memory of a node with one camera, and with several."""
    for (name, wanted), shared in zip(MEMORY_MB.items(), (False, True), strict=True):
        chosen = [row for row in rows if row['setting']['shared'] == shared]
        chosen = [row for row in chosen if not row['setting']['markers']]
        if chosen:
            largest = max(chosen, key=lambda row: float(row['memory'].own))
            memory = largest['memory']
            own, shared_mb = memory.own * MIB_IN_MB, memory.shared * MIB_IN_MB
            measured = f'{own:.0f} MB and {shared_mb:.0f} shared, {largest["name"]}'
            yield f'memory, {name}', f'{wanted} MB', measured, own <= wanted


def _result_lines(rows: Rows) -> Iterator[Line]:
    """Yield the results a second of many large cameras in one node."""
    for row in rows:
        setting = row['setting']
        kind = setting['cameras'], setting['size'], setting['transport'], setting['shared']
        if kind == (MANY_CAMERAS, '1080p', 'raw', True):
            measured = f'{row["slowest_hz"]:.1f} to {row["fastest_hz"]:.1f} Hz'
            is_met = row['slowest_hz'] >= RESULTS_HZ
            yield f'results, {row["name"]}', f'{RESULTS_HZ:g} Hz', measured, is_met


def _start_lines(starts: Sequence[Start]) -> Iterator[Line]:
    """Yield the time from start to the first landmarks."""
    if starts:
        longest, half = max(it.wall_s for it in starts), median(it.wall_s for it in starts)
        cpu_s = median(it.cpu_s for it in starts)
        measured = (
            f'{half:.2f} s, at most {longest:.2f} s of {len(starts)}; processor {cpu_s:.2f} s'
        )
        yield 'start to first landmarks', f'{START_S} s', measured, longest <= START_S


def _load_lines(rows: Rows) -> Iterator[Line]:
    """Yield each camera's share, and the age of results, under overload.

    An image is at most one period old when its camera's turn comes, as newer ones replace it.
    """
    for row in rows:
        if row['dropped'] < OVERLOAD * row['sent'] or row['setting']['cameras'] == 1:
            continue
        slowest, fastest, published = row['slowest_hz'], row['fastest_hz'], row['published']
        measured = f'{slowest:.1f} to {fastest:.1f} Hz'
        met = slowest >= FAIR_SHARE * fastest
        yield f'share, {row["name"]}', f'{FAIR_SHARE:.0%}', measured, met
        bound_ms = 1e3 / RATE_HZ + row['image']
        wanted = f'a period and an image, {bound_ms:.0f} ms'
        measured = f'{published.median:.0f} ms, p95 {published.p95:.0f} ms'
        yield f'latency, {row["name"]}', wanted, measured, published.p95 <= bound_ms
