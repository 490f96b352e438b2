"""Scenes in which ids are hard to keep: people cross, are occluded, leave, return and wander."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from composed_pictures import backgrounds
from identity_heads import Head, load_heads, obstacle_image
from identity_paths import (
    MIDDLE,
    leaving,
    shaking,
    standing,
    straight,
    to_and_fro,
    wandering,
)
from identity_scenes import IMAGE_WH, Float64, Obstacle, Person, Scene
from numpy.typing import NDArray
from sample_pictures import Picture

SIZE_PX = 100.0
RATE_HZ = 30.0
# Images for which a face is hidden; up to ten its id must be kept.
HIDDEN_IMAGES = (1, 2, 3, 5, 7, 10, 15, 20)
# Speeds of two people who cross, in face sizes per second.
SPEEDS = (0.5, 1.0, 2.0, 4.0)
AWAY_S = (0.2, 0.5, 0.8, 1.5)
BACKGROUND, OBSTACLE = 'coffee', 'grass'


@dataclass(frozen=True)
class SceneAssets:
    """Images that scenes are composed of."""

    people: Sequence[Head]
    background: NDArray[np.uint8]
    obstacle: Picture
    pictures: Sequence[Picture]

    def pair(self, number: int) -> tuple[Head, Head]:
        """Return two different heads."""
        count = len(self.people)
        return self.people[number % count], self.people[(number + 1) % count]


def load_assets(pictures: Sequence[Picture]) -> SceneAssets:
    """Cut heads, background and obstacle out of pictures."""
    background = next(each for each in backgrounds(pictures) if BACKGROUND in each.name)
    width, height = IMAGE_WH
    return SceneAssets(
        load_heads(pictures, 6),
        background.rgb[:height, :width],
        next(each for each in pictures if OBSTACLE in each.name),
        pictures,
    )


def capture_times(seconds: float, rate_hz: float = RATE_HZ) -> Float64:
    """Return the capture times of a steady rate, s."""
    return np.arange(round(seconds * rate_hz)) / rate_hz


def crossings(assets: SceneAssets) -> Iterator[Scene]:
    """Two people walk past each other: slow to fast, equally large or not, either one in front."""
    for number, speed in enumerate(SPEEDS):
        for order, ratio, apart in ((1, 1.0, 0.0), (-1, 1.0, 0.25), (1, 1.4, 0.0), (-1, 1.4, 0.1)):
            name = f'{speed:g} sizes/s, {ratio:g} times as large, {apart:g} apart'
            scene = crossing(assets, number, order * speed, ratio, apart)
            yield replace(scene, family='crossing', name=name)
    base = crossing(assets, 1, 1.5, 1.0, 0.0)
    yield replace(base, family='crossing, 10 Hz', times_s=capture_times(base.times_s[-1], 10))
    slow = crossing(assets, 2, 0.7, 1.2, 0.1)
    yield replace(
        slow, family='crossing, 10 Hz', name='slow', times_s=capture_times(slow.times_s[-1], 10)
    )
    random = np.random.default_rng(5)
    kept = base.times_s[random.uniform(size=len(base.times_s)) > 0.4]
    yield replace(base, family='crossing, drops and jitter', name='drops', times_s=kept)
    errors = random.uniform(-0.01, 0.01, len(base.times_s))
    yield replace(
        base, family='crossing, drops and jitter', name='stamps off', stamp_errors_s=errors
    )
    yield replace(base, family='crossing, camera shakes', shake=shaking(0.08 * SIZE_PX))
    yield replace(
        slow, family='crossing, camera shakes', name='slow', shake=shaking(0.12 * SIZE_PX)
    )
    yield replace(base, family='crossing, dim light', light=0.15)


def crossing(assets: SceneAssets, number: int, speed: float, ratio: float, apart: float) -> Scene:
    """Two people walk past each other, the nearer one to the right if `speed` is positive.

    Args:
        assets: Images to compose.
        number: Index of the pair of heads.
        speed: Of each, in `SIZE_PX` per s.
        ratio: Size of the nearer one relative to the other.
        apart: Vertical distance in `SIZE_PX`.
    """
    one, other = assets.pair(number)
    middle_s = max(1.0, 2.2 / abs(speed))
    velocity = speed * SIZE_PX
    below = (MIDDLE[0], MIDDLE[1] + apart * SIZE_PX)
    layers = (
        Person(one, straight(MIDDLE, (-velocity, 0), middle_s), SIZE_PX),
        Person(other, straight(below, (velocity, 0), middle_s), SIZE_PX * ratio),
    )
    name = f'{speed:g} sizes/s'
    return Scene('crossing', name, assets.background, layers, capture_times(2 * middle_s))


def returns_from_crossing(assets: SceneAssets) -> Iterator[Scene]:
    """Two people meet, one in front of the other, and turn back."""
    for number, near in enumerate((0.0, 0.25, 0.5)):
        one, other = assets.pair(number)
        y, gap = MIDDLE[1], near * SIZE_PX / 2
        layers = (
            Person(one, to_and_fro((150, y), (MIDDLE[0] - gap, y), 1.6, 0.3), SIZE_PX),
            Person(other, to_and_fro((490, y), (MIDDLE[0] + gap, y), 1.6, 0.3), SIZE_PX),
        )
        yield Scene(
            'meet and turn back', f'{near:g}', assets.background, layers, capture_times(3.2)
        )


def sudden_occlusions(assets: SceneAssets) -> Iterator[Scene]:
    """An obstacle covers one of two faces for some images, appearing and vanishing at once."""
    for images in HIDDEN_IMAGES:
        hidden_s = images / RATE_HZ
        for speed in (0.0, 1.0):
            obstacle = Obstacle(
                obstacle_image(assets.obstacle, (260, 200)),
                standing((230, 220)),
                lambda t, hidden_s=hidden_s: 0.99 <= t < 0.99 + hidden_s,
            )
            one, other = assets.pair(images)
            walk = straight((230, 240), (speed * SIZE_PX, 0), 1 + hidden_s / 2)
            beside = straight((480, 240), (0.3 * SIZE_PX, 0), 1)
            layers = (Person(one, walk, SIZE_PX), Person(other, beside, SIZE_PX), obstacle)
            yield Scene(
                family_of('suddenly covered', images), f'{images} images, {speed:g} sizes/s',
                assets.background, layers, capture_times(2.0 + hidden_s),
            )  # fmt: skip


def family_of(name: str, images: int) -> str:
    """Separate what is required from what is only reported."""
    return f'{name}, up to 10 images' if images <= 10 else f'{name}, longer'


def occlusions(assets: SceneAssets) -> Iterator[Scene]:
    """An obstacle moves past a face; a face moves behind an obstacle and out or back again."""
    for images in HIDDEN_IMAGES:
        hidden_s = images / RATE_HZ
        one, other = assets.pair(images)
        aside = Person(other, standing((520, 330)), 0.8 * SIZE_PX)
        speed = 1.5 * SIZE_PX
        # As wide as the face plus its path while it is hidden.
        pillar = obstacle_image(assets.obstacle, (round(0.85 * SIZE_PX + speed * hidden_s), 480))
        middle_s = 1.2 + hidden_s / 2
        behind = Person(one, straight((280, 240), (speed, 0), middle_s), SIZE_PX)
        moving = Obstacle(pillar, straight((280, 240), (-speed, 0), middle_s))
        for name, layers in (
            ('a pillar', (behind, aside, Obstacle(pillar, lambda _: (280, 240)))),
            ('a board passes', (Person(one, standing((280, 240)), SIZE_PX), aside, moving)),
        ):
            yield Scene(
                family_of('behind an obstacle', images), f'{name}, {images} images',
                assets.background, layers, capture_times(2 * middle_s),
            )  # fmt: skip
        back = to_and_fro((280 - speed * middle_s, 240), (280, 240), middle_s, 0.05)
        # Placed so that less than `HIDDEN` of the face is visible for the wanted time.
        wall = Obstacle(
            obstacle_image(assets.obstacle, (300, 480)),
            lambda _, hidden_s=hidden_s: (280 - 17 - 0.75 * SIZE_PX * hidden_s + 150, 240),
        )
        yield Scene(
            family_of('behind an obstacle', images), f'back, {images} images', assets.background,
            (Person(one, back, SIZE_PX), aside, wall), capture_times(2 * middle_s),
        )  # fmt: skip


def exits(assets: SceneAssets) -> Iterator[Scene]:
    """One of two people leaves the image and comes back."""
    for number, away_s in enumerate(AWAY_S):
        one, other = assets.pair(number)
        y = MIDDLE[1]
        for name, position, beyond in (
            ('left', (80, y), (-80, y)),
            ('below', (320, 380), (320, 580)),
        ):
            layers = (
                Person(one, leaving(position, beyond, away_s), SIZE_PX),
                Person(other, standing((470, 200)), SIZE_PX),
            )
            when = 'within' if away_s < 1 else 'after'
            yield Scene(
                f'leave and return {when} a second', f'{name}, {away_s:g} s', assets.background,
                layers, capture_times(2.8 + away_s),
            )  # fmt: skip


def crowds(assets: SceneAssets) -> Iterator[Scene]:
    """Six people wander, the larger ones in front of the smaller ones."""
    width, height = IMAGE_WH
    for seed in range(3):
        layers = [
            Person(head, wandering(10 * seed + number, (40, 80), (width - 40, height - 80)), size)
            for number, (head, size) in enumerate(
                zip(assets.people, np.linspace(60, 110, 6).tolist(), strict=True)
            )
        ]
        scene = Scene('six people wander', str(seed), assets.background, layers, capture_times(10))
        yield scene
        if seed == 0:
            yield replace(scene, family='six people wander, 10 Hz', times_s=capture_times(10, 10))
