"""The trade-off of the filters as curves; usage: trade_off_plot.py REPORT.json OUTPUT."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

COLOURS = {'one_euro': 'tab:orange', 'rigid': 'tab:blue'}
DEFAULTS = ('beta 80', 'noise_margin 1.4')


def main() -> None:
    """Draw steadiness at rest against error in motion, one curve per filter."""
    report = json.loads(Path(sys.argv[1]).read_text())
    mpl.rcParams['svg.hashsalt'] = 'facemesh_ros'  # the same figures give the same file
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout='constrained')
    for kind in dict.fromkeys(point['filter'] for point in report['trade_offs']):
        draw(axes, kind, [each for each in report['trade_offs'] if each['filter'] == kind])
    jitter = mean_of(report, 'none', ['still'], 'jitter')
    axes.plot(jitter, 1, 'ks', label='none')
    axes.axhline(1, color='0.8', zorder=0)
    axes.set(
        xscale='log',
        yscale='log',
        xlabel='jitter at rest, % of the distance between the outer eye corners',
        ylabel='error in motion, of the unfiltered',
    )
    axes.legend(title='lower left is better')
    figure.savefig(sys.argv[2], metadata={'Date': None} if sys.argv[2].endswith('.svg') else None)


def draw(axes: Any, kind: str, points: list[dict[str, Any]]) -> None:
    """Draw one filter's curve, its default filled."""
    jitters, errors = ([point[part] for point in points] for part in ('jitter', 'error'))
    axes.plot(jitters, errors, 'o-', color=COLOURS[kind], mfc='white', ms=4, label=kind)
    for point in points:
        if point['setting'] in DEFAULTS:
            axes.plot(point['jitter'], point['error'], 'o', color=COLOURS[kind], ms=8)
            axes.annotate(
                point['setting'], (point['jitter'], point['error']), (6, 6),
                textcoords='offset points', fontsize=8,
            )  # fmt: skip


def mean_of(report: dict[str, Any], kind: str, motions: list[str], part: str) -> float:
    """Return the mean of one part of the scores of a filter."""
    return fmean(
        row['score'][part]
        for row in report['motions']
        if row['filter'] == kind and row['motion'] in motions
    )


if __name__ == '__main__':
    main()
