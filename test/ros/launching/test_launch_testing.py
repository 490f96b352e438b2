"""The launch test of test/launch_testing runs, where launch_testing exists."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / 'launch_testing' / 'demo_faces.py'
PATIENCE_S = 120.0


def test_the_launch_test_passes(ros, model_store, tmp_path):
    launch_test = shutil.which('launch_test')
    if not launch_test:
        pytest.skip('launch_test comes with a ROS installation')
    done = subprocess.run(
        [launch_test, str(FILE)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={**os.environ, 'ROS_LOG_DIR': str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'skipped' not in done.stdout + done.stderr
