"""Records of a soak: CSV files that grow as it runs, so that an interrupted one can be shown."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from soak_measurements.proc_samples import HELD

COLUMNS = {
    # One line every few seconds; `s` since the start.
    'samples': ('s', 'cycle', 'phase', *HELD, 'machine_cores'),
    # One line per cycle, of what is in use while no image is under way.
    'counts': ('s', 'cycle', 'phase', 'heap_mib', 'python_blocks'),
    # One line per message of faces.
    'answers': ('s', 'cycle', 'phase', 'latency_ms', 'faces', 'dropped', 'lost', 'failed'),
    # One line per stretch in which every image sent must be accounted for.
    'balances': ('s', 'cycle', 'phase', 'sent', 'answered', 'dropped', 'lost', 'failed'),
    # One line per call of a service.
    'calls': ('s', 'cycle', 'phase', 'service', 'ms'),
}


class Records(ExitStack):
    """Writes the lines of a soak into its folder."""

    def __init__(self, folder: Path) -> None:
        """Begin new files."""
        super().__init__()
        self._files = {}
        for name, columns in COLUMNS.items():
            file = self.enter_context((folder / f'{name}.csv').open('w', newline='', buffering=1))
            self._files[name] = csv.writer(file)
            self._files[name].writerow(columns)

    def add(self, name: str, *cells: Any) -> None:
        """Write a line of one of the files."""
        self._files[name].writerow(
            [f'{cell:.3f}' if isinstance(cell, float) else cell for cell in cells]
        )


def read_records(folder: Path) -> dict[str, np.ndarray]:
    """Return the complete lines of all files, by the file's name, as structured arrays.

    Raises:
        OSError: If a file is missing.
    """
    return {name: _table(folder / f'{name}.csv') for name in COLUMNS}


def _table(file: Path) -> np.ndarray:
    with file.open(newline='') as lines:
        columns, *rows = csv.reader(lines)
    complete = [tuple(row) for row in rows if len(row) == len(columns)]
    text = {'phase': 'U16', 'service': 'U32'}
    return np.array(complete, [(name, text.get(name, float)) for name in columns])
