"""The node through ROS, as curves and bars; usage: ros_plot.py REPORT.json OUTPUT."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

COLOURS = {'VGA': 'tab:blue', '720p': 'tab:green', '1080p': 'tab:orange'}
Row = dict[str, Any]


def main() -> None:
    """Draw latency and rate by cameras, and what an image takes beside the networks."""
    rows = json.loads(Path(sys.argv[1]).read_text())['rows']
    mpl.rcParams['svg.hashsalt'] = 'facemesh_ros'  # the same figures give the same file
    figure, (latency, rate, rest) = plt.subplots(1, 3, figsize=(12, 3.8), layout='constrained')
    raw = [row for row in rows if row['setting']['transport'] == 'raw']
    several = [row for row in raw if not particular(row)]
    for size, colour in COLOURS.items():
        for shared, style in ((True, 'o-'), (False, 's--')):
            draw_cameras(latency, rate, several, size, shared, (colour, style))
    latency.set(xlabel='cameras', ylabel='stamp to published, median to p95, ms', yscale='log')
    rate.set(xlabel='cameras', ylabel='slowest camera, Hz', ylim=(0, None))
    rate.axhline(30, color='0.8', zorder=0)
    for axes in (latency, rate):
        axes.set_xscale('log', base=2)
        axes.set_xticks([1, 2, 4, 8], ['1', '2', '4', '8'])
    rate.legend(fontsize=7, title='raw images, one core', title_fontsize=7)
    draw_rest(rest, [row for row in raw if row['setting']['cameras'] == 1])
    figure.savefig(sys.argv[2], metadata={'Date': None} if sys.argv[2].endswith('.svg') else None)


def particular(row: Row) -> str:
    """Return what sets a row apart from the defaults."""
    setting = row['setting']
    known = f'max_faces {setting["max_faces"]}' if setting['max_faces'] else ''
    return known or 'markers' * setting['markers']


def draw_cameras(
    latency: Any, rate: Any, rows: list[Row], size: str, shared: bool, look: tuple[str, str]
) -> None:
    """Draw one size's curves; one camera is the same on one node and on its own."""
    colour, style = look
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
    latency.errorbar(cameras, medians, errors, fmt=style, color=colour, ms=4, lw=1, capsize=2)
    rates = [row['rates_hz'][0] for row in chosen]
    rate.plot(cameras, rates, style, color=colour, ms=4, lw=1, label=label)


def draw_rest(axes: Any, rows: list[Row]) -> None:
    """Draw a bar of stages for each setting."""
    names = [', '.join(filter(None, [row['setting']['size'], particular(row)])) for row in rows]
    left = [0.0] * len(rows)
    for stage in dict.fromkeys(name for row in rows for name in row['work']['stages']):
        widths = [row['work']['stages'].get(stage, 0.0) for row in rows]
        axes.barh(names, widths, left=left, label=stage)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.invert_yaxis()
    axes.set(xlabel='an image beside the networks, ms')
    axes.legend(fontsize=7, ncols=4, loc='lower center', bbox_to_anchor=(0.5, 1.0))


if __name__ == '__main__':
    main()
