"""Crops are the same numbers whatever instructions a processor has."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

COMPILER = os.environ.get('CXX', 'c++')
# As Linux calls them; the last one is ARM's.
VECTORS = {'ssse3', 'avx2', 'asimd'}
SOURCES = Path(__file__).resolve().parents[2] / 'src' / 'native'


@pytest.mark.skipif(not shutil.which(COMPILER), reason=f'there is no {COMPILER}')
def test_all_instructions_write_the_same_rows(tmp_path) -> None:
    program = tmp_path / 'crop_rows'
    source = Path(__file__).with_name('crop_rows.cpp')
    built = ['-std=c++17', '-O3', '-ffp-contract=off', '-I', SOURCES, source, '-o', program]
    subprocess.run([COMPILER, *built], check=True)
    found = subprocess.run([program], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
    assert int(found.stdout) == 1 + len(VECTORS & able_to())


def able_to() -> set[str]:
    """What Linux says of the processor."""
    return {
        word for line in Path('/proc/cpuinfo').read_text().splitlines() for word in line.split()
    }
