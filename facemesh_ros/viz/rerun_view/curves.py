"""What is shown over time, and under which names."""

from __future__ import annotations

from typing import NamedTuple


class Curves(NamedTuple):
    """A plot.

    Attributes:
        title: What stands above it.
        entity: Its branch below a stream's curves.
        numbers: Those of `ShownFace.numbers` that it shows of each face.
        range: Of its vertical axis; None for what there is.
        in_metres: Whether it needs faces in metres.
    """

    title: str
    entity: str
    numbers: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    in_metres: bool = False


CURVES = 'curves'
COUNT = Curves('faces seen', 'faces')
TIMES = Curves('latency, ms', 'latency')
OF_FACES = (
    Curves('presence', 'presence', ('presence',), (0.0, 1.05)),
    Curves('jitter, px', 'jitter', ('jitter',)),
    Curves('distance, m', 'distance', ('distance',), in_metres=True),
    Curves('head, degrees', 'head', ('turned left', 'nodded up', 'tilted'), in_metres=True),
    Curves('eyes and mouth open', 'openings', ('left eye', 'right eye', 'mouth')),
)
