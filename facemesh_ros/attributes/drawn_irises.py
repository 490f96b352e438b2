"""How a landmark model draws irises against the eyeballs of a head."""

from __future__ import annotations

from dataclasses import dataclass

from facemesh_ros.geometry.shape_model import IRIS_DISTANCE_M


@dataclass(frozen=True, slots=True)
class DrawnIrises:
    """How a landmark model draws irises, against the eyeballs that are anchored to its corners.

    Attributes:
        travel_m: How far one moves to the head's left, and up, by the sine of the eye's turn. Less
            than the eye's own iris, as corners and lids of the mesh follow a look.
        rest_m: How much farther forward, and how much higher, it rests.
        view_m: How much higher it is drawn by the sine of the view from above: the mesh is drawn
            as if seen from nearer to the front.
        noise_m: Standard deviation, to the head's left and up, of both irises' mean from picture
            to picture of one person, for weights that sum up to 1.
        person_m: The same from person to person: where eyeballs lie behind the eyes' corners.
    """

    travel_m: tuple[float, float]
    rest_m: tuple[float, float]
    view_m: float
    noise_m: tuple[float, float]
    person_m: tuple[float, float]

    @property
    def numbers(self) -> tuple[float, ...]:
        """The nine numbers, in their order."""
        return (*self.travel_m, *self.rest_m, self.view_m, *self.noise_m, *self.person_m)

    @classmethod
    def exact(cls) -> DrawnIrises:
        """Return those that are where people's are."""
        exactly = (1e-4, 1e-4)
        return cls((IRIS_DISTANCE_M, IRIS_DISTANCE_M), (0.0, 0.0), 0.0, exactly, (0.0, 0.0))


# FaceMesh v2's: tools/fit_drawn_irises.py on rendered heads of many people. On portraits that look
# into the camera irises rest .9 mm higher and travel a fourth farther: taken is what serves both.
FACE_MESH = DrawnIrises(
    (0.0082, 0.0037), (0.0010, -0.0010), 0.0017, (0.00070, 0.00028), (0.00030, 0.00036)
)
