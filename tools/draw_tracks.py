"""Draw how tracks begin, coast and end, as the tracker itself says it of faces that are computed.

./run shell -c 'python tools/draw_tracks.py'
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from svg_sheet import BLUE, CHECKOUT, GREY, INK, ORANGE, PALE, RED, Sheet

sys.path.append(str(CHECKOUT / 'test' / 'support'))
from tracked_scene import Scene

from facemesh_ros.types import FaceState

IMAGES, RATE_HZ = 44, 30
LEFT, PX_PER_IMAGE, TOP, LANE = 16, 10.3, 108, 62
COLOURS = {
    FaceState.TENTATIVE: ORANGE,
    FaceState.TRACKED: BLUE,
    FaceState.COASTING: RED,
}
MEANINGS = {
    FaceState.TENTATIVE: 'tentative: new, not confirmed yet',
    FaceState.TRACKED: 'tracked: seen in this image',
    FaceState.COASTING: 'coasting: not seen, published where expected',
}


@dataclass(frozen=True)
class Person:
    """Somebody who stands in one place, and when the image shows them.

    Attributes:
        says: What happens.
        y_px: Where in the image.
        shown: First and last image, several times.
    """

    says: str
    y_px: float
    shown: tuple[tuple[int, int], ...]

    def is_shown(self, image: int) -> bool:
        """Return whether an image shows them."""
        return any(first <= image <= last for first, last in self.shown)


PEOPLE = (
    Person('comes, and stays', 80, ((3, IMAGES),)),
    Person('a hand before it for 4 images: same id', 200, ((1, 14), (19, IMAGES))),
    Person('away for half a second: same id', 320, ((1, 10), (26, IMAGES))),
    Person('a shadow, for one image: never confirmed', 440, ((8, 8),)),
)


def lives() -> list[dict[int, tuple[str, FaceState]]]:
    """Return of each person, by image, the id and state that the tracker publishes."""
    scene = Scene()
    published: list[dict[int, tuple[str, FaceState]]] = [{} for _ in PEOPLE]
    for image in range(1, IMAGES + 1):
        shown = [person for person in PEOPLE if person.is_shown(image)]
        faces = [scene.face_at(320, person.y_px, size=90) for person in shown]
        tracks = scene.show(*faces, dt=1 / RATE_HZ)
        states = tracks.states(scene.settings.min_birth_frames)
        for row, points in enumerate(tracks.points):
            ways = [abs(float(np.mean(points[:, 1])) - person.y_px) for person in PEOPLE]
            life = published[int(np.argmin(ways))]
            life[image] = f'f{tracks.ids[row]:05d}', FaceState(int(states[row]))
    return published


def at(image: int, lane: int) -> tuple[float, float]:
    """Return where an image of a lane is drawn, px."""
    return LEFT + PX_PER_IMAGE * (image - 0.5), TOP + LANE * lane


def draw_person(sheet: Sheet, lane: int, life: dict[int, tuple[str, FaceState]]) -> None:
    """Draw when a person is in the image, and what is published of them."""
    person = PEOPLE[lane]
    sheet.text((LEFT, TOP + LANE * lane - 15), person.says, bold=True)
    for first, last in person.shown:
        x, y = at(first, lane)
        width = at(last, lane)[0] - x + PX_PER_IMAGE
        sheet.box((x - PX_PER_IMAGE / 2, y - 9), (width, 18), PALE, radius=9)
    named = ''
    for image, (name, state) in life.items():
        sheet.dot(at(image, lane), 3.6, COLOURS[state])
        if state is FaceState.TRACKED and name != named:
            x, y = at(image, lane)
            sheet.text((x, y + 24), name, BLUE, size=13)
            named = name


def main() -> None:
    """Write the drawing."""
    sheet = Sheet(TOP + LANE * len(PEOPLE) + 116)
    sheet.text((LEFT, 26), 'The life of a track', bold=True, size=16)
    sheet.text(
        (LEFT, 48), f'{IMAGES} images at {RATE_HZ} Hz, from left to right; by default', GREY
    )
    sheet.text((LEFT, 66), 'parameters, as the tracker says it', GREY)
    for lane, life in enumerate(lives()):
        draw_person(sheet, lane, life)
    foot = TOP + LANE * len(PEOPLE) + 6
    sheet.box((LEFT, foot - 9), (24, 18), PALE, radius=9)
    sheet.text((LEFT + 34, foot + 5), 'the face is in the image', INK)
    for row, (state, meaning) in enumerate(MEANINGS.items(), start=1):
        sheet.dot((LEFT + 12, foot + 25 * row), 4.5, COLOURS[state])
        sheet.text((LEFT + 34, foot + 25 * row + 5), meaning, INK)
    sheet.save('explanation_tracks.svg')


if __name__ == '__main__':
    main()
