"""Modules of a benchmark find each other beside its script, as `./run bench` starts it."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / 'benchmarks'))
