"""Draws a soak; usage: plot.py FOLDER OUTPUT, in an environment that has matplotlib."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from soak_measurements.bounds import STEADY_PHASE, WARM_UP_CYCLES
from soak_measurements.records import read_records

Table = np.ndarray
BINS = 400


def main() -> None:
    """Draw one soak."""
    records = read_records(Path(sys.argv[1]))
    mpl.rcParams['svg.hashsalt'] = 'facemesh_ros'  # the same figures give the same file
    figure, axes = plt.subplots(2, 3, figsize=(13, 6.4), layout='constrained', sharex=True)
    samples = records['samples']
    _draw_memory(axes[0, 0], samples, records['counts'])
    _draw_counts(axes[0, 1], samples, records['counts'])
    _draw_shared(axes[0, 2], samples)
    _draw_latency(axes[1, 0], records['answers'])
    _draw_calls(axes[1, 1], records['calls'])
    _draw_load(axes[1, 2], samples)
    warm = samples['s'][samples['cycle'] < WARM_UP_CYCLES]
    for one in axes.flat:
        if len(warm):
            one.axvspan(0, warm[-1] / 60, color='0.93', zorder=0)
        if one.get_legend_handles_labels()[0]:
            one.legend(fontsize=7)
    for one in axes[1]:
        one.set_xlabel('minutes (grey: warm-up)')
    figure.savefig(sys.argv[2], metadata={'Date': None} if sys.argv[2].endswith('.svg') else None)


def _draw_memory(axes: Any, samples: Table, counts: Table) -> None:
    steady = samples[samples['phase'] == STEADY_PHASE]
    for name, color in (('resident', 'tab:blue'), ('private', 'tab:orange')):
        axes.plot(*_thinned(samples, f'{name}_mib'), color=color, lw=0.5, alpha=0.5)
        axes.plot(
            *_of_cycles(steady, f'{name}_mib', np.median), '.-', color=color, ms=3, label=name
        )
    axes.plot(
        counts['s'] / 60, counts['heap_mib'], '.-', color='tab:purple', ms=3, label='malloc in use'
    )
    if np.isfinite(samples['gpu_mib']).any():
        axes.plot(*_thinned(samples, 'gpu_mib'), color='tab:green', label='GPU')
    axes.set(title='memory, MiB: all samples, and the steady phases', ylim=(0, None))


def _draw_counts(axes: Any, samples: Table, counts: Table) -> None:
    steady = samples[samples['phase'] == STEADY_PHASE]
    for name, label in (('threads', 'threads'), ('descriptors', 'file descriptors')):
        axes.plot(*_of_cycles(steady, name, np.min), '.-', ms=3, label=label)
    tens = counts['python_blocks'] / 1e4
    axes.plot(counts['s'] / 60, tens, '.-', ms=3, label='Python blocks, ten thousands')
    axes.set(title='in the steady phases', ylim=(0, None))


def _draw_shared(axes: Any, samples: Table) -> None:
    steady = samples[samples['phase'] == STEADY_PHASE]
    axes.plot(*_of_cycles(steady, 'segments', np.min), '.-', ms=3, label='segments mapped')
    axes.plot(*_of_cycles(steady, 'segments_mib', np.min), '.-', ms=3, label='their size, MiB')
    axes.set(title='/dev/shm in the steady phases', ylim=(0, None))


def _draw_latency(axes: Any, answers: Table) -> None:
    steady = answers[answers['phase'] == STEADY_PHASE]
    for percent in (50, 99):
        axes.plot(
            *_of_cycles(steady, 'latency_ms', lambda values: np.percentile(values, percent)),  # noqa: B023
            '.-', ms=3, label=f'p{percent}',
        )  # fmt: skip
    axes.set(title='stamp to published in the steady phases, ms', ylim=(0, None))


def _draw_calls(axes: Any, calls: Table) -> None:
    for service in np.unique(calls['service']):
        own = calls[calls['service'] == service]
        axes.plot(own['s'] / 60, own['ms'], '.', ms=3, label=service)
    axes.set(title='service calls, ms', yscale='log')


def _draw_load(axes: Any, samples: Table) -> None:
    axes.plot(*_thinned(samples, 'machine_cores'), lw=0.7, label='all processes')
    elapsed_s = np.diff(samples['s'])
    apart = elapsed_s > 1  # a ratio of less is of the clock's ticks
    cores = np.diff(samples['cpu_s'])[apart] / elapsed_s[apart]
    axes.plot(samples['s'][1:][apart] / 60, cores, lw=0.7, label='the node')
    axes.set(title='cores in use', ylim=(0, 1.2 * np.percentile(samples['machine_cores'], 99)))


def _of_cycles(table: Table, column: str, of: Any) -> tuple[list[float], list[float]]:
    cycles = [table[table['cycle'] == cycle] for cycle in np.unique(table['cycle'])]
    minutes = [float(np.mean(rows['s'])) / 60 for rows in cycles]
    return minutes, [float(of(rows[column])) for rows in cycles]


def _thinned(table: Table, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Return minutes and the largest value of each of some hundred stretches."""
    step = max(1, len(table) // BINS)
    whole = len(table) // step * step
    values = table[column][:whole].reshape(-1, step)
    return table['s'][:whole:step] / 60, values.max(axis=1)


if __name__ == '__main__':
    main()
