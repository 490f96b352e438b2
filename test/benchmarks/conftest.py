"""Modules of a benchmark find each other as when `./run bench` starts its script."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT / 'benchmarks'), str(ROOT / 'tools')]
