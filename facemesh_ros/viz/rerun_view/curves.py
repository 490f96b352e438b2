"""What is shown over time, and under which names."""

from __future__ import annotations

from typing import NamedTuple


class Curves(NamedTuple):
    """A plot.

    Attributes:
        name: What stands above it.
        entity: Its branch below a stream's curves.
        numbers: Those of `ShownFace.numbers` that it shows of each face; none of a stream's own.
    """

    name: str
    entity: str
    numbers: tuple[str, ...] = ()


FACES = Curves('faces in the picture', 'faces')
TIMES = Curves('latency, ms', 'latency')
OF_FACES = (
    Curves('presence (0 to 1)', 'presence', ('presence',)),
    Curves('jitter taken away, px', 'jitter', ('jitter, px',)),
    Curves('distance, m', 'distance', ('distance, m',)),
    Curves(
        'head, °',
        'head',
        ('turned to its left, °', 'nodded up, °', 'tilted clockwise, °'),
    ),
    Curves('eyes and mouth (height / width)', 'openings', ('left eye', 'right eye', 'mouth')),
)
