"""A street: people who come nearer from far away, and others who show their backs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from composed_pictures import backgrounds
from identity_heads import Head, back_of_head, load_heads, resized
from identity_paths import shaking
from identity_scenarios import SceneAssets, capture_times
from identity_scenes import Obstacle, Path, Person, Scene

STREET_WH = (1920, 1080)
STREETS = ((6, 'coffee'), (7, 'rocket'), (8, 'grass'))
SECONDS = 3.0
# Size of a face at the start, brows to chin, and how many times as large it is at the end.
START_PX, GROWTH = (20.0, 50.0), (1.1, 1.8)
# Of the path, relative to the image, and how far a step lifts the head, in face sizes.
BAND, DRIFT = (0.25, 0.7), 0.12
STEP_HZ, STEP = 1.9, 0.08
BACKS = 3


def streets(assets: SceneAssets) -> Iterator[Scene]:
    """6 to 8 people come nearer at 1080p, the nearest in front; three others turn their backs."""
    for count, name in STREETS:
        background = next(
            each for each in backgrounds(assets.pictures, STREET_WH) if name in each.name
        )
        yield Scene(
            'street, 1920x1080',
            f'{count} people',
            background.rgb,
            _walkers(assets, count),
            capture_times(SECONDS),
            shake=shaking(1.5),
        )


def _walkers(assets: SceneAssets, count: int) -> list[Person | Obstacle]:
    random = np.random.default_rng(count)
    heads = load_heads(assets.pictures, count + BACKS)
    sizes = np.sort(np.geomspace(*START_PX, count + BACKS) * random.uniform(0.9, 1.1, len(heads)))
    turned = set(random.choice(len(heads), BACKS, replace=False).tolist())
    # One lane each, so that people pass in front of each other only at its edges.
    lanes = random.permutation(len(heads))
    layers: list[Person | Obstacle] = []
    for number, (head, size) in enumerate(zip(heads, sizes.tolist(), strict=True)):
        path = _walk(random, (lanes[number] + 0.5) / len(heads), size)
        if number in turned:
            layers.append(Obstacle(back_of_head(resized(head, size)), path))
        else:
            layers.append(_coming(random, head, path, size))
    return layers


def _walk(random: np.random.Generator, lane: float, size_px: float) -> Path:
    start = np.array(STREET_WH) * (lane, random.uniform(*BAND))
    drift = np.array(STREET_WH) * random.uniform(-DRIFT, DRIFT, 2) * (1, 0.3)
    phase = random.uniform(0, 2 * np.pi)

    def path(t: float) -> tuple[float, float]:
        x, y = start + drift * t / SECONDS
        return float(x), float(y + STEP * size_px * np.sin(2 * np.pi * STEP_HZ * t + phase))

    return path


def _coming(random: np.random.Generator, head: Head, path: Path, size_px: float) -> Person:
    growth = random.uniform(*GROWTH)
    return Person(
        resized(head, growth * size_px),
        path,
        size_px,
        growth=lambda t: float(growth ** (t / SECONDS)),
    )
