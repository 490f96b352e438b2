"""How the eyes of one person rest, learnt while a face is followed."""

from __future__ import annotations

import math

from facemesh_ros.attributes.drawn_irises import DrawnIrises

NS_PER_S = 1e9
# How long one look lasts: images within it say the same.
LOOK_S = 2.0
# Eyes in the head, to its left and up: from look to look, and what somebody looks at for minutes.
LOOKS_RAD = (math.radians(13), math.radians(9))
LASTING_RAD = (math.radians(5), math.radians(4))
# Lids that are closer than this share of what is usual cover and drag down the irises of the mesh:
# a blink, not a look. A look 15° down closes them to two thirds.
BLINK = 0.55
OPENING_S = 10.0


class RestingEyes:
    """Where the irises of one person rest against the mean person's, and how open the eyes are.

    Eyes look ahead on average, so the mean m of n looks, of variance v = (d² + σ²) / n + l², says
    it: b = m p / (p + v), of variance p v / (p + v), where p is the variance of people, d that of
    looks, σ² the noise of one, and l what a mean of many looks may be aside.

    Attributes:
        offset_m: To the head's left, and up.
        variance_m2: The same.
        openings: Of the right and the left eye, between the lids, of the distance of the corners.
    """

    def __init__(self, drawn: DrawnIrises) -> None:
        self._people_m2 = [sigma_m**2 for sigma_m in drawn.person_m]
        self._looks_m2 = [(a * b) ** 2 for a, b in zip(drawn.travel_m, LOOKS_RAD, strict=True)]
        self._lasting_m2 = [(a * b) ** 2 for a, b in zip(drawn.travel_m, LASTING_RAD, strict=True)]
        self._information = [0.0, 0.0]
        self._sums = [0.0, 0.0]
        self._stamp_ns: int | None = None
        self.offset_m = [0.0, 0.0]
        self.variance_m2 = list(self._people_m2)
        self.openings = [0.0, 0.0]

    def looks_since(self, stamp_ns: int) -> float:
        """Return how many looks there were since the last image, 0 for the first image."""
        before_ns, self._stamp_ns = self._stamp_ns, stamp_ns
        if before_ns is None:
            return 0.0
        return min(max((stamp_ns - before_ns) / NS_PER_S / LOOK_S, 0.0), 1.0)

    def see_lids(self, openings: list[float], looks: float) -> list[bool]:
        """Return whether the right and the left eye are open; take in how far."""
        share = looks * LOOK_S / (OPENING_S + looks * LOOK_S)
        for eye, opening in enumerate(openings):
            usual = self.openings[eye] or opening
            self.openings[eye] = usual + share * (opening - usual)
        return [
            opening > BLINK * usual for opening, usual in zip(openings, self.openings, strict=True)
        ]

    def see_irises(self, seen_m: list[float], noise_m2: list[float], looks: float) -> None:
        """Take in where the irises are seen, to the left and up, and with what variance."""
        for axis, (at_m, noise) in enumerate(zip(seen_m, noise_m2, strict=True)):
            information = looks / (self._looks_m2[axis] + noise)
            self._information[axis] += information
            self._sums[axis] += information * at_m
            if self._information[axis]:
                mean_m = self._sums[axis] / self._information[axis]
                variance = 1 / self._information[axis] + self._lasting_m2[axis]
                share = self._people_m2[axis] / (self._people_m2[axis] + variance)
                self.offset_m[axis], self.variance_m2[axis] = share * mean_m, share * variance
