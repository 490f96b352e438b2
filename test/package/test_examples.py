"""The examples in the docstrings run and print what they say."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ('consumer', 'geometry', 'detection', 'tracking', 'smoothing')
WITH_EXAMPLES = [
    path
    for room in ROOMS
    for path in sorted((ROOT / 'facemesh_ros' / room).glob('*.py'))
    if '>>> ' in path.read_text()
]


@pytest.mark.parametrize('path', WITH_EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_of_a_module_hold(path):
    module = import_module('.'.join(path.relative_to(ROOT).with_suffix('').parts))
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


def test_geometry_filters_and_detection_have_examples():
    assert {path.parent.name for path in WITH_EXAMPLES} >= {'geometry', 'detection', 'smoothing'}
