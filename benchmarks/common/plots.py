"""Plots of reports; usage: plots.py streams|ros|steadiness REPORT.json OUTPUT."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

MODEL_COLORS = {'v2': 'tab:blue', 'attention': 'tab:orange', 'mesh': 'tab:green'}
SIZE_COLORS = {'VGA': 'tab:blue', '720p': 'tab:green', '1080p': 'tab:orange'}
FILTER_COLORS = {'one_euro': 'tab:orange', 'rigid': 'tab:blue'}
FILTER_DEFAULTS = ('beta 80', 'noise_margin 1.4')
Row = dict[str, Any]
Report = dict[str, Any]


def draw_streams(report: Report) -> Any:
    """Draw our processor time relative to the peer's, and each image's by the number of faces."""
    figure, (ratios, times) = plt.subplots(1, 2, figsize=(11, 4), layout='constrained')
    rows = [row for row in report['rows'] if row['setting'] == 'all faces known']
    for model, color in MODEL_COLORS.items():
        of_model = [row for row in rows if row['model'] == model]
        compared = [row for row in of_model if row['peer']]
        found = [row['cpu_ratio'] for row in compared]
        overall = [one['overall'] for one in found]
        reach = [
            [max(one['overall'] - one['lowest'], 0) for one in found],
            [max(one['highest'] - one['overall'], 0) for one in found],
        ]
        scenes = [row['scene'] for row in compared]
        ratios.errorbar(overall, scenes, xerr=reach, fmt='o', color=color, ms=4, lw=1, label=model)
        at_vga = [row for row in of_model if row['scene'].startswith('VGA')]
        for side, style in (('ours', 'o-'), ('peer', 's--')):
            own = [row for row in at_vga if row[side]]
            faces = [int(row['scene'].split(', ')[1].split()[0]) for row in own]
            label = f'{model}, {own[0][side]["system"] if own and side == "peer" else side}'
            cpu_ms = [row[side]['cpu_ms'] for row in own]
            times.plot(faces, cpu_ms, style, color=color, ms=4, lw=1, label=label)
    ratios.axvline(1, color='0.6', zorder=0)
    ratios.invert_yaxis()
    ratios.set(xlabel="our processor time relative to MediaPipe's, all faces known")
    times.set(xlabel='faces, VGA', ylabel='processor time of an image, ms', xlim=(0, None))
    times.set_ylim(0, None)
    for axes in (ratios, times):
        axes.legend(fontsize=8)
    return figure


def draw_ros(report: Report) -> Any:
    """Draw latency and rate by cameras, and the time of an image outside of inference."""
    figure, (latency, rate, rest) = plt.subplots(1, 3, figsize=(12, 3.8), layout='constrained')
    raw = [row for row in report['rows'] if row['setting']['transport'] == 'raw']
    several = [row for row in raw if not row['special']]
    for size, color in SIZE_COLORS.items():
        for shared, style in ((True, 'o-'), (False, 's--')):
            _draw_cameras(latency, rate, several, size, shared, (color, style))
    latency.set(xlabel='cameras', ylabel='stamp to published, median to p95, ms', yscale='log')
    rate.set(xlabel='cameras', ylabel='slowest camera, Hz', ylim=(0, None))
    rate.axhline(30, color='0.8', zorder=0)
    for axes in (latency, rate):
        axes.set_xscale('log', base=2)
        axes.set_xticks([1, 2, 4, 8], ['1', '2', '4', '8'])
    rate.legend(fontsize=7, title='raw images, one core', title_fontsize=7)
    single = [row for row in raw if row['setting']['cameras'] == 1]
    names = [', '.join(filter(None, [row['setting']['size'], row['special']])) for row in single]
    left = [0.0] * len(single)
    for stage in dict.fromkeys(name for row in single for name in row['stages']):
        widths = [row['stages'].get(stage, 0.0) for row in single]
        rest.barh(names, widths, left=left, label=stage)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    rest.invert_yaxis()
    rest.set(xlabel='an image outside of inference, ms')
    rest.legend(fontsize=7, ncols=4, loc='lower center', bbox_to_anchor=(0.5, 1.0))
    return figure


def _draw_cameras(
    latency: Any, rate: Any, rows: list[Row], size: str, shared: bool, line: tuple[str, str]
) -> None:
    """Draw one size's curves; a single camera is the same with one node and with its own."""
    color, style = line
    chosen = [
        row
        for row in rows
        if row['setting']['size'] == size
        and (row['setting']['shared'] == shared or row['setting']['cameras'] == 1)
    ]
    if len(chosen) < 2:
        return
    cameras = [row['setting']['cameras'] for row in chosen]
    medians, p95s = ([row['published'][part] for row in chosen] for part in ('median', 'p95'))
    above = [high - low for low, high in zip(medians, p95s, strict=True)]
    label = f'{size}, {"one node for all" if shared else "a node each"}'
    errors = [[0] * len(above), above]
    latency.errorbar(cameras, medians, errors, fmt=style, color=color, ms=4, lw=1, capsize=2)
    rates = [row['slowest_hz'] for row in chosen]
    rate.plot(cameras, rates, style, color=color, ms=4, lw=1, label=label)


def draw_steadiness(report: Report) -> Any:
    """Draw jitter at rest against error in motion, one curve per filter."""
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout='constrained')
    for kind in dict.fromkeys(point['filter'] for point in report['trade_offs']):
        points = [point for point in report['trade_offs'] if point['filter'] == kind]
        jitters, errors = ([point[part] for point in points] for part in ('jitter', 'error'))
        color = FILTER_COLORS[kind]
        axes.plot(jitters, errors, 'o-', color=color, mfc='white', ms=4, label=kind)
        for point in points:
            if point['setting'] in FILTER_DEFAULTS:
                at = (point['jitter'], point['error'])
                axes.plot(*at, 'o', color=color, ms=8)
                axes.annotate(point['setting'], at, (6, 6), textcoords='offset points', fontsize=8)
    at_rest = [
        row['score']['jitter']
        for row in report['motions']
        if (row['filter'], row['motion']) == ('none', 'still')
    ]
    axes.plot(fmean(at_rest), 1, 'ks', label='none')
    axes.axhline(1, color='0.8', zorder=0)
    axes.set(
        xscale='log',
        yscale='log',
        xlabel='jitter at rest, % of the distance between the outer eye corners',
        ylabel='error in motion, relative to unfiltered',
    )
    axes.legend(title='lower left is better')
    return figure


def main() -> None:
    """Draw one plot."""
    _, kind, report, output = sys.argv
    mpl.rcParams['svg.hashsalt'] = 'facemesh_ros'  # the same figures give the same file
    draw = {'streams': draw_streams, 'ros': draw_ros, 'steadiness': draw_steadiness}[kind]
    figure = draw(json.loads(Path(report).read_text()))
    figure.savefig(output, metadata={'Date': None} if output.endswith('.svg') else None)


if __name__ == '__main__':
    main()
