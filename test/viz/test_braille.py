"""Lines in Braille characters: where Unicode has the dots."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.viz.braille import braille_lines


def drawn(ends, rows=2):
    segments = np.array([ends], np.float32)
    return braille_lines(segments, (10.0, 20.0), 8.0, rows)


@pytest.mark.parametrize(
    ('ends', 'lines'),
    [
        # Dots 1 and 4 are the first row, 7 and 8 the last one, 1 2 3 7 the left column.
        ([(10.5, 20.5), (17.5, 20.5)], ['⠉⠉⠉⠉', '⠀⠀⠀⠀']),
        ([(10.5, 27.5), (17.5, 27.5)], ['⠀⠀⠀⠀', '⣀⣀⣀⣀']),
        ([(10.5, 20.5), (10.5, 27.5)], ['⡇⠀⠀⠀', '⡇⠀⠀⠀']),
        ([(17.5, 20.5), (17.5, 23.5)], ['⠀⠀⠀⢸', '⠀⠀⠀⠀']),
    ],
)
def test_a_line_lies_where_unicode_has_its_dots(ends, lines):
    assert drawn(ends) == lines


@given(st.lists(st.floats(width=32), min_size=4, max_size=4), st.integers(1, 12))
def test_every_line_can_be_drawn(numbers, rows):
    lines = drawn(np.reshape(numbers, (2, 2)), rows)
    assert [len(line) for line in lines] == [2 * rows] * rows
    assert all('\u2800' <= letter <= '\u28ff' for line in lines for letter in line)


def test_nothing_to_draw_in_is_refused():
    with pytest.raises(ValueError, match='nothing to draw in'):
        braille_lines(np.zeros((0, 2, 2), np.float32), (0.0, 0.0), 0.0, 5)
