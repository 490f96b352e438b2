"""Streams beside MediaPipe, as dots; usage: stream_plot.py REPORT.json OUTPUT."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

COLOURS = {'v2': 'tab:blue', 'attention': 'tab:orange', 'mesh': 'tab:green'}
Row = dict[str, Any]


def main() -> None:
    """Draw our time as a part of the peer's, and each image's time by the number of faces."""
    rows = json.loads(Path(sys.argv[1]).read_text())['rows']
    mpl.rcParams['svg.hashsalt'] = 'facemesh_ros'  # the same figures give the same file
    figure, (ratios, times) = plt.subplots(1, 2, figsize=(11, 4), layout='constrained')
    compared = [row for row in rows if row['cpu_ratio'] and row['setting'] == 'all faces known']
    draw_ratios(ratios, compared)
    draw_times(times, [row for row in rows if row['setting'] == 'all faces known'])
    figure.savefig(sys.argv[2], metadata={'Date': None} if sys.argv[2].endswith('.svg') else None)


def draw_ratios(axes: Any, rows: list[Row]) -> None:
    """Draw a dot, with the range of single rounds, for each stream."""
    for model, colour in COLOURS.items():
        own = [row for row in rows if row['model'] == model]
        found = [row['cpu_ratio'] for row in own]
        overall = [one['overall'] for one in found]
        reach = [
            [max(one['overall'] - one['lowest'], 0) for one in found],
            [max(one['highest'] - one['overall'], 0) for one in found],
        ]
        scenes = [row['scene'] for row in own]
        axes.errorbar(overall, scenes, xerr=reach, fmt='o', color=colour, ms=4, lw=1, label=model)
    axes.axvline(1, color='0.6', zorder=0)
    axes.invert_yaxis()
    axes.set(xlabel="our processor time as a part of MediaPipe's, all faces known")
    axes.legend(fontsize=8)


def draw_times(axes: Any, rows: list[Row]) -> None:
    """Draw what an image takes, by faces, at VGA."""
    for model, colour in COLOURS.items():
        for side in dict.fromkeys(row['side'] for row in rows if row['model'] == model):
            own = [
                row
                for row in rows
                if (row['model'], row['side']) == (model, side) and row['scene'].startswith('VGA')
            ]
            ours = side.startswith('facemesh_ros')
            axes.plot(
                [int(row['scene'].split(', ')[1].split()[0]) for row in own],
                [row['cpu_ms'] for row in own],
                'o-' if ours else 's--',
                color=colour,
                ms=4,
                lw=1,
                label=f'{model}, {"ours" if ours else side}',
            )
    axes.set(xlabel='faces, VGA', ylabel='processor time of an image, ms', xlim=(0, None))
    axes.set_ylim(0, None)
    axes.legend(fontsize=8)


if __name__ == '__main__':
    main()
