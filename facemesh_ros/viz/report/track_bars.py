"""Bars of ids over time, and the table of them."""

from __future__ import annotations

import numpy as np

from facemesh_ros.viz.report.charts import time_axis
from facemesh_ros.viz.report.curves import WIDTH
from facemesh_ros.viz.report.markup import Html, joined, tag
from facemesh_ros.viz.report.series import COASTING, TENTATIVE, TRACKED
from facemesh_ros.viz.report.statistics import StreamStatistics, TrackStatistics
from facemesh_ros.viz.report.tables import table
from facemesh_ros.viz.report.words import clock_text, counted, duration_text, number_text

MAX_BARS, MAX_ROWS = 24, 24
# Between two images that are farther apart the bar is broken.
BREAK_S = 0.5
_STATES = {TRACKED: 'seen', COASTING: 'expected', TENTATIVE: 'not confirmed'}


def bars(stream: StreamStatistics, span: tuple[float, float]) -> Html:
    """Return a bar for each of the longest tracks, in the order in which they began."""
    tracks = stream.confirmed
    shown = sorted(tracks[:MAX_BARS], key=lambda track: track.first_s)
    if not shown:
        return Html('')
    rows: list[Html] = []
    for track in shown:
        rows += [tag('span', track.id), _bar(track, span)]
    others = len(stream.tracks) - len(shown)
    left_out = tag('p', f'Not shown: {counted(others, "shorter one")}.', class_='note')
    keys = [
        tag('span', tag('i', class_=colour), name, class_='key')
        for colour, name in (('c0', 'seen'), ('c1', 'expected'), ('k0', 'not confirmed'))
    ]
    return joined(
        [
            tag('span', *keys, class_='legend note'),
            tag('div', *rows, tag('span', ''), time_axis(span), class_='tracks'),
            left_out if others else Html(''),
        ]
    )


def _bar(track: TrackStatistics, span: tuple[float, float]) -> Html:
    times, states = track.series.times, track.series.states
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    ends = np.append(times[1:], times[-1] + usual)
    ends = np.where(ends - times > BREAK_S, times + usual, ends)
    paths = []
    for state in (TENTATIVE, TRACKED, COASTING):
        chosen = states == state
        path = _rectangles(times[chosen], ends[chosen], span)
        paths.append(tag('path', d=path, class_=f's{state}') if path else Html(''))
    share = ', '.join(
        f'{name} {100 * float(np.mean(states == state)):.0f} %'
        for state, name in _STATES.items()
        if np.any(states == state)
    )
    described = (
        f'{track.id} from {clock_text(track.first_s)} to {clock_text(track.last_s)}: {share}'
    )
    return tag(
        'svg',
        *paths,
        viewBox=f'0 0 {WIDTH} 1',
        preserveAspectRatio='none',
        role='img',
        aria_label=described,
    )


def _rectangles(begins: np.ndarray, ends: np.ndarray, span: tuple[float, float]) -> str:
    """Return an SVG path of the columns in which something is, at least one for each."""
    scale = WIDTH / (span[1] - span[0])
    first = np.clip(np.floor((begins - span[0]) * scale), 0, WIDTH - 1).astype(int)
    last = np.clip(np.ceil((ends - span[0]) * scale), 1, WIDTH).astype(int)
    steps = np.zeros(WIDTH + 1, int)
    np.add.at(steps, first, 1)
    np.add.at(steps, np.maximum(last, first + 1), -1)
    filled = np.concatenate([[False], np.cumsum(steps[:-1]) > 0, [False]])
    edges = np.flatnonzero(np.diff(filled.astype(int)))
    return ''.join(f'M{begin} 0H{end}V1H{begin}z' for begin, end in edges.reshape(-1, 2).tolist())


def track_table(stream: StreamStatistics) -> Html:
    """Return the numbers of the longest tracks."""
    heads = ('id', 'from', 'for', 'expected', 'presence', 'distance', 'blinks', 'jitter at rest')
    rows = [
        (
            track.id,
            clock_text(track.first_s),
            duration_text(track.span_s),
            f'{100 * track.coasting_share:.1f} %',
            _median(track, 'presence'),
            _median(track, 'distance', ' m'),
            str(track.blinks.count) if track.blinks.observed_s else '',
            f'{100 * track.rest_jitter[1]:.2f} %' if np.isfinite(track.rest_jitter[1]) else '',
        )
        for track in stream.confirmed[:MAX_ROWS]
    ]
    return table(heads, rows) if rows else Html('')


def _median(track: TrackStatistics, column: str, unit: str = '') -> str:
    values = track.series.column(column)
    known = values[np.isfinite(values)]
    return f'{number_text(float(np.median(known)))}{unit}' if len(known) else ''
