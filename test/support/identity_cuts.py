"""Scenes that jump: cuts to another person, to nobody, and to other places.

What an id does there is clear: it never goes to another person, nor stays where nobody is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from composed_pictures import backgrounds
from identity_heads import Head, back_of_head, blob, opaque, resized, textured
from identity_paths import MIDDLE, standing
from identity_scenarios import SIZE_PX, SceneAssets, capture_times
from identity_scenes import IMAGE_WH, Obstacle, Person, Scene
from numpy.typing import NDArray

CUT_S, SECONDS = 0.6, 1.8
LEFT, RIGHT = (200.0, 240.0), (440.0, 240.0)
JUMPS = (0.4, 0.8, 1.5, 2.5)
NEXT_BACKGROUND = 'chelsea'
FADE_S = (0.0, 0.6)
# Size and offset, in sizes, of the person after a cut.
AFTER = ((1.0, 0.0), (1.3, 0.5))
THINGS = ('scikitimage__coffee.png', 'scikitimage__rocket.jpg', 'scikitimage__grass.png')
Layer = Person | Obstacle


def cuts(assets: SceneAssets) -> Iterator[Scene]:
    """Yield scenes with one cut."""
    there = _next_shot(assets)
    for number in range(len(assets.people)):
        one, other = assets.pair(number)
        ratio, aside = AFTER[number % len(AFTER)]
        place = (MIDDLE[0] + aside * SIZE_PX, MIDDLE[1])
        layers = (_before(one), there, _after(other, place, ratio))
        name = f'{number}, {ratio:g} times as large'
        yield _scene('cut to another person', name, assets, layers)
        shots = (_before(one), there) if number % 2 else (_before(one),)
        yield _scene('cut to nobody', str(number), assets, shots)
    yield from _changed_places(assets)
    yield from _jumps(assets)


def _changed_places(assets: SceneAssets) -> Iterator[Scene]:
    for number in range(0, len(assets.people), 2):
        one, other = assets.pair(number)
        layers = [
            Person(head, jumping(before, after), SIZE_PX)
            for head, before, after in ((one, LEFT, RIGHT), (other, RIGHT, LEFT))
        ]
        yield _scene('cut, two change places', str(number), assets, layers)


def _jumps(assets: SceneAssets) -> Iterator[Scene]:
    for number, sizes in enumerate(JUMPS):
        one, other = assets.pair(number)
        place = (LEFT[0], LEFT[1] + sizes * SIZE_PX / np.sqrt(2))
        layers = [
            Person(one, jumping(LEFT, place), SIZE_PX),
            Person(other, jumping(RIGHT, (RIGHT[0] + sizes * SIZE_PX / 2, RIGHT[1])), SIZE_PX),
        ]
        yield _scene('cut, both jump', f'{sizes:g} sizes', assets, layers)


def jumping(
    before: tuple[float, float], after: tuple[float, float]
) -> Callable[[float], tuple[float, float]]:
    """Stand at one place until the cut, at another from then on."""
    first, second = standing(before), standing(after)
    return lambda t: first(t) if before_cut(t) else second(t)


def before_cut(t: float) -> bool:
    """Whether a time is of the first shot."""
    return t < CUT_S


def _before(head: Head) -> Person:
    return Person(head, standing(), SIZE_PX, shown=before_cut)


def _after(head: Head, place: tuple[float, float], ratio: float) -> Person:
    return Person(head, standing(place), ratio * SIZE_PX, shown=lambda t: not before_cut(t))


def _next_shot(assets: SceneAssets) -> Obstacle:
    """Return the other background, which hides everything of the first shot."""
    picture = next(
        each for each in backgrounds(assets.pictures, IMAGE_WH) if NEXT_BACKGROUND in each.name
    )
    return Obstacle(opaque(picture.rgb), lambda _: MIDDLE, shown=lambda t: not before_cut(t))


def _scene(family: str, name: str, assets: SceneAssets, layers: Sequence[Layer]) -> Scene:
    return Scene(family, name, assets.background, layers, capture_times(SECONDS))


def objects(assets: SceneAssets) -> Iterator[Scene]:
    """A face that was followed turns into something that is none, at once or within a second."""
    things = [each for each in assets.pictures if each.name in THINGS]
    for number, head in enumerate(assets.people):
        sized = resized(head, SIZE_PX)
        for family, rgba in (
            ('a head turns its back', back_of_head(sized)),
            ('a face becomes a blob', blob(sized)),
            ('a face becomes a thing', textured(sized, things[number % len(things)])),
        ):
            fade_s = FADE_S[number % len(FADE_S)]
            layers = (Person(head, standing(), SIZE_PX), _instead(sized, rgba, fade_s))
            yield _scene(family, f'{number}, within {fade_s:g} s', assets, layers)


def _instead(head: Head, rgba: NDArray[np.float32], fade_s: float) -> Obstacle:
    """Return an image of a head's size that hides it, from the cut on."""
    shift = np.array(rgba.shape[1::-1]) / 2 - head.box_xyxy.reshape(2, 2).mean(axis=0)
    path = standing((MIDDLE[0] + shift[0], MIDDLE[1] + shift[1]))

    def shown(t: float) -> float:
        return float(np.clip((t - CUT_S) / fade_s, 0, 1)) if fade_s else float(t >= CUT_S)

    return Obstacle(rgba, path, shown)
