"""All scenes of the identity benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from identity_cuts import cuts, objects
from identity_scenarios import (
    SceneAssets,
    crossings,
    crowds,
    exits,
    occlusions,
    returns_from_crossing,
    sudden_occlusions,
)
from identity_scenes import Scene
from identity_street import streets


def _covered(assets: SceneAssets) -> Iterator[Scene]:
    yield from sudden_occlusions(assets)
    yield from occlusions(assets)


def _crossing(assets: SceneAssets) -> Iterator[Scene]:
    yield from crossings(assets)
    yield from returns_from_crossing(assets)


PARTS: dict[str, Callable[[SceneAssets], Iterator[Scene]]] = {
    'crossing': _crossing,
    'covered': _covered,
    'exits': exits,
    'crowd': crowds,
    'cuts': cuts,
    'objects': objects,
    'street': streets,
}
