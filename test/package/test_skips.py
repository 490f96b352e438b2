"""A run of the tests says how many it left out, why, and what to do about it."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WANTS_PICTURES = 'test/benchmarks/test_ground_truth.py::test_counts_are_those_of_the_manifest'
WANTS_MODELS = 'test/models/test_archives.py'


def run_tests(*names, **variables):
    environment = {**os.environ, 'FACEMESH_REQUIRE_DATA': '', **variables}
    command = [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', *names]
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    ).stdout


def test_the_end_tells_what_was_wanted_and_the_way_to_it(tmp_path):
    nowhere = str(tmp_path / 'nowhere')
    said = run_tests(
        WANTS_PICTURES, WANTS_MODELS, FACEMESH_DATA=nowhere, FACEMESH_MODEL_DIR=nowhere
    )
    end = said.splitlines()[-4:]
    count, total = map(int, re.search(r'(\d+) of (\d+) tests', end[0]).groups())
    assert 1 < count <= total
    told = {line.split(':')[0].split(' ', 1)[1]: line for line in map(str.strip, end[1:3])}
    pictures = told['wanted the test pictures, which are not published with the code']
    assert pictures.startswith('1 ')
    assert 'set FACEMESH_DATA to their folder' in pictures
    models = told['wanted other models']
    assert models.startswith(f'{count - 1} ')
    assert 'facemesh models fetch' in models


def test_a_run_that_leaves_nothing_out_tells_nothing():
    said = run_tests('test/tracking/test_face_ids.py')
    assert 'skipped' not in said
