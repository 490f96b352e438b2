"""How the eyes of one person rest, learnt while a face is followed."""

from __future__ import annotations

from facemesh_ros import native
from facemesh_ros.attributes.drawn_irises import DrawnIrises

# How long one look lasts: images within it say the same.
LOOK_S = 2.0


class RestingEyes(native.RestingEyes):
    """Where the irises of one person rest against the mean person's, and how open the eyes are.

    Eyes look ahead on average, so the mean m of n looks, of variance v = (d² + σ²) / n + l², says
    it: b = m p / (p + v), of variance p v / (p + v), where p is the variance of people, d that of
    looks, σ² the noise of one, and l what a mean of many looks may be aside. Lids that are closer
    than .55 of what is usual of this person in the last ten seconds are a blink.
    """

    def __init__(self, drawn: DrawnIrises) -> None:
        super().__init__(drawn.numbers)
