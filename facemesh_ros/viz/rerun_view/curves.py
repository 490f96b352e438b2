"""What is shown over time, and under which names."""

from __future__ import annotations

import colorsys
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


def rgb_of_curve(of_face: tuple[int, int, int], index: int) -> tuple[int, int, int]:
    """Return the colour, 0 to 255, of one of up to three curves of a face in a plot.

    The first has the hue of the face; all are seen on black and on white.
    """
    hue = colorsys.rgb_to_hsv(*(part / 255 for part in of_face))[0]
    red, green, blue = colorsys.hsv_to_rgb((hue + index / 3) % 1.0, 0.75, 0.75)
    return round(255 * red), round(255 * green), round(255 * blue)
