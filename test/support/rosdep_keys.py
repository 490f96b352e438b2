"""Which packages rosdep's keys are, per distribution: the table beside this file."""

from __future__ import annotations

import csv
from pathlib import Path

TABLE = Path(__file__).with_suffix('.tsv')


def packages_of_keys() -> dict[str, dict[str, str]]:
    """Return the package of each key by distribution; `pip:` marks pip's, `-` is none."""
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith('#')]
    return {row.pop('key'): row for row in csv.DictReader(lines, delimiter='\t')}
