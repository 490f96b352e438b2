"""All scenes: people who cross, are hidden, leave, come back and walk about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.identities.heads import Head, board, heads
from benchmarks.identities.paths import (
    MIDDLE,
    leaving,
    shaking,
    standing,
    straight,
    to_and_fro,
    wandering,
)
from benchmarks.identities.scenes import IMAGE_WH, Float64, Person, Scene, Thing
from benchmarks.measuring.composed import backgrounds
from benchmarks.measuring.pictures import Picture

SIZE_PX = 100.0
RATE_HZ = 30.0
# Images for which a face is hidden; up to ten no id may change.
HIDDEN_IMAGES = (1, 2, 3, 5, 7, 10, 15, 20)
# Face sizes per second, of each of two who cross.
SPEEDS = (0.5, 1.0, 2.0, 4.0)
AWAY_S = (0.2, 0.5, 0.8, 1.5)
BACKGROUND, BOARD = 'coffee', 'grass'


@dataclass(frozen=True)
class Studio:
    """What scenes are made of."""

    people: Sequence[Head]
    background: NDArray[np.uint8]
    board: Picture

    def pair(self, number: int) -> tuple[Head, Head]:
        """Return two different people."""
        count = len(self.people)
        return self.people[number % count], self.people[(number + 1) % count]


def studio(pictures: Sequence[Picture]) -> Studio:
    """Cut out what scenes are made of."""
    behind = next(each for each in backgrounds(pictures) if BACKGROUND in each.name)
    width, height = IMAGE_WH
    return Studio(
        heads(pictures, 6),
        behind.rgb[:height, :width],
        next(each for each in pictures if BOARD in each.name),
    )


def scenes(where: Studio) -> Iterator[Scene]:
    """Return all scenes."""
    yield from crossings(where)
    yield from returns_from_crossing(where)
    yield from blinks(where)
    yield from occlusions(where)
    yield from exits(where)
    yield from crowds(where)


def every(seconds: float, rate_hz: float = RATE_HZ) -> Float64:
    """Return when images are taken."""
    return np.arange(round(seconds * rate_hz)) / rate_hz


def crossings(where: Studio) -> Iterator[Scene]:
    """Two walk past each other: either before the other, as large or larger, slow to fast."""
    for number, speed in enumerate(SPEEDS):
        for order, ratio, apart in ((1, 1.0, 0.0), (-1, 1.0, 0.25), (1, 1.4, 0.0), (-1, 1.4, 0.1)):
            name = f'{speed:g} sizes/s, {ratio:g} times as large, {apart:g} apart'
            scene = crossing(where, number, order * speed, ratio, apart)
            yield replace(scene, family='crossing', name=name)
    base = crossing(where, 1, 1.5, 1.0, 0.0)
    yield replace(base, family='crossing, 10 Hz', times_s=every(base.times_s[-1], 10))
    slow = crossing(where, 2, 0.7, 1.2, 0.1)
    yield replace(slow, family='crossing, 10 Hz', name='slow', times_s=every(slow.times_s[-1], 10))
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


def crossing(where: Studio, number: int, speed: float, ratio: float, apart: float) -> Scene:
    """Two walk past each other, the nearer one to the right if `speed` is positive.

    Args:
        where: What it is made of.
        number: Who.
        speed: Of each, in `SIZE_PX` per s.
        ratio: How much larger the nearer one is.
        apart: How much lower, in `SIZE_PX`.
    """
    one, other = where.pair(number)
    middle_s = max(1.0, 2.2 / abs(speed))
    velocity = speed * SIZE_PX
    below = (MIDDLE[0], MIDDLE[1] + apart * SIZE_PX)
    layers = (
        Person(one, straight(MIDDLE, (-velocity, 0), middle_s), SIZE_PX),
        Person(other, straight(below, (velocity, 0), middle_s), SIZE_PX * ratio),
    )
    name = f'{speed:g} sizes/s'
    return Scene('crossing', name, where.background, layers, every(2 * middle_s))


def returns_from_crossing(where: Studio) -> Iterator[Scene]:
    """Two meet, one before the other, and go back where they came from."""
    for number, near in enumerate((0.0, 0.25, 0.5)):
        one, other = where.pair(number)
        y, gap = MIDDLE[1], near * SIZE_PX / 2
        layers = (
            Person(one, to_and_fro((150, y), (MIDDLE[0] - gap, y), 1.6, 0.3), SIZE_PX),
            Person(other, to_and_fro((490, y), (MIDDLE[0] + gap, y), 1.6, 0.3), SIZE_PX),
        )
        yield Scene('meet and turn back', f'{near:g}', where.background, layers, every(3.2))


def blinks(where: Studio) -> Iterator[Scene]:
    """A thing is before a face of two for some images, there at once and gone at once."""
    for images in HIDDEN_IMAGES:
        hidden_s = images / RATE_HZ
        for speed in (0.0, 1.0):
            thing = Thing(
                board(where.board, (260, 200)),
                standing((230, 220)),
                lambda t, hidden_s=hidden_s: 0.99 <= t < 0.99 + hidden_s,
            )
            one, other = where.pair(images)
            walk = straight((230, 240), (speed * SIZE_PX, 0), 1 + hidden_s / 2)
            beside = straight((480, 240), (0.3 * SIZE_PX, 0), 1)
            layers = (Person(one, walk, SIZE_PX), Person(other, beside, SIZE_PX), thing)
            yield Scene(
                family_of('covered', images), f'{images} images, {speed:g} sizes/s',
                where.background, layers, every(2.0 + hidden_s),
            )  # fmt: skip


def family_of(name: str, images: int) -> str:
    """Tell apart what is asked for from what is only reported."""
    return f'{name}, up to 10 images' if images <= 10 else f'{name}, longer'


def occlusions(where: Studio) -> Iterator[Scene]:
    """A thing moves past a face, and a face behind a thing, out on the other side or back."""
    for images in HIDDEN_IMAGES:
        hidden_s = images / RATE_HZ
        one, other = where.pair(images)
        aside = Person(other, standing((520, 330)), 0.8 * SIZE_PX)
        speed = 1.5 * SIZE_PX
        # As wide as the face and what passes while it is to be hidden.
        pillar = board(where.board, (round(0.85 * SIZE_PX + speed * hidden_s), 480))
        middle_s = 1.2 + hidden_s / 2
        behind = Person(one, straight((280, 240), (speed, 0), middle_s), SIZE_PX)
        moving = Thing(pillar, straight((280, 240), (-speed, 0), middle_s))
        for name, layers in (
            ('a pillar', (behind, aside, Thing(pillar, lambda _: (280, 240)))),
            ('a thing passes', (Person(one, standing((280, 240)), SIZE_PX), aside, moving)),
        ):
            yield Scene(
                family_of('behind a thing', images), f'{name}, {images} images', where.background,
                layers, every(2 * middle_s),
            )  # fmt: skip
        back = to_and_fro((280 - speed * middle_s, 240), (280, 240), middle_s, 0.05)
        # Where less than `HIDDEN` of the face shows for as long as it is to be hidden.
        wall = Thing(
            board(where.board, (300, 480)),
            lambda _, hidden_s=hidden_s: (280 - 17 - 0.75 * SIZE_PX * hidden_s + 150, 240),
        )
        yield Scene(
            family_of('behind a thing', images), f'back, {images} images', where.background,
            (Person(one, back, SIZE_PX), aside, wall), every(2 * middle_s),
        )  # fmt: skip


def exits(where: Studio) -> Iterator[Scene]:
    """One of two leaves over the border and comes back."""
    for number, away_s in enumerate(AWAY_S):
        one, other = where.pair(number)
        y = MIDDLE[1]
        for name, place, beyond in (
            ('left', (80, y), (-80, y)),
            ('below', (320, 380), (320, 580)),
        ):
            layers = (
                Person(one, leaving(place, beyond, away_s), SIZE_PX),
                Person(other, standing((470, 200)), SIZE_PX),
            )
            when = 'within' if away_s < 1 else 'after'
            yield Scene(
                f'leave and return {when} a second', f'{name}, {away_s:g} s', where.background,
                layers, every(2.8 + away_s),
            )  # fmt: skip


def crowds(where: Studio) -> Iterator[Scene]:
    """Six walk about, the larger ones before the smaller ones."""
    width, height = IMAGE_WH
    for seed in range(3):
        layers = [
            Person(head, wandering(10 * seed + number, (40, 80), (width - 40, height - 80)), size)
            for number, (head, size) in enumerate(
                zip(where.people, np.linspace(60, 110, 6).tolist(), strict=True)
            )
        ]
        scene = Scene('six walk about', str(seed), where.background, layers, every(10))
        yield scene
        if seed == 0:
            yield replace(scene, family='six walk about, 10 Hz', times_s=every(10, 10))
