"""Kinds of pictures without a face, of which detectors and landmark models think otherwise."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
from composed_pictures import backgrounds
from face_covers import hands
from ground_truth import TrueFaces
from numpy.typing import NDArray
from sample_pictures import Picture

IMAGE_WH = (640, 480)
ANIMALS = ('chelsea', 'dogs')
# Bundled with scikit-image; not its coins, which show faces.
PRINT = ('text', 'page', 'clock', 'colorwheel', 'horse', 'checkerboard')
TEXTURES = ('moon', 'brick', 'gravel', 'cell', 'immunohistochemistry', 'microaneurysms')
# Of the astronaut's picture, px: the shuttle on its tower, and the flag, without her face.
ASTRONAUT, SCENERY = 'astronaut', ((300, 0, 512, 300), (0, 0, 150, 512), (0, 200, 512, 512))
# Parts of a picture, from all of it to an eighth of its width, each enlarged to an image.
PARTS, CROPS = (0.5, 0.25, 0.125), 2
DRAWINGS, HANDS = 6, 3

UInt8 = NDArray[np.uint8]
Kind = Callable[[Sequence[Picture]], Iterator[Picture]]


def animals(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield cats and dogs, whole, enlarged and turned by some degrees."""
    for picture in pictures:
        if any(name in picture.name for name in ANIMALS):
            yield from _parts(picture.name, picture.rgb, (1.0, *PARTS))
            for degrees in (-30, 30):
                yield empty(f'{picture.name}, {degrees}°', _tilted(picture.rgb, degrees))


def parts_of_pictures(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield parts of the pictures without a face, enlarged to whole images."""
    for picture in backgrounds(pictures, IMAGE_WH):
        if not any(name in picture.name for name in ANIMALS):
            yield from _parts(picture.name, picture.rgb, PARTS)


def scenery(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield what surrounds the astronaut: a shuttle, a flag, a suit."""
    for picture in pictures:
        if ASTRONAUT in picture.name:
            for x0, y0, x1, y1 in SCENERY:
                yield from _parts(
                    f'{picture.name} from {x0}, {y0}', picture.rgb[y0:y1, x0:x1], (1.0, 0.5)
                )


def print_and_things(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield letters, a clock, boards, a silhouette; `pictures` are not needed."""
    yield from _bundled(PRINT)


def textures(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield textures and what a microscope shows; `pictures` are not needed."""
    yield from _bundled(TEXTURES)


def hands_alone(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield hands of several sizes and angles before pictures without a face."""
    shown, scenes = hands(pictures), backgrounds(pictures, IMAGE_WH)
    for number, hand in enumerate(shown):
        for other in range(HANDS):
            random = np.random.default_rng((number, other))
            rgb = scenes[(number + other) % len(scenes)].rgb
            yield empty(f'hand {number}, {other}', _with_layer(rgb, hand, random))


def drawings(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield drawn circles, ellipses and lines of random sizes; `pictures` are not needed."""
    for number in range(DRAWINGS):
        random = np.random.default_rng(number)
        rgb = np.full((IMAGE_WH[1], IMAGE_WH[0], 3), random.integers(150, 256), np.uint8)
        for _ in range(40):
            centre, color = random.integers(0, IMAGE_WH, 2), random.integers(0, 256, 3)
            axes, angle = random.integers(6, 120, 2), int(random.integers(0, 180))
            thickness = int(random.choice([-1, 2, 4]))
            cv2.ellipse(
                rgb, centre.tolist(), axes.tolist(), angle, 0, 360, color.tolist(), thickness
            )
        yield empty(f'drawing {number}', rgb)


NEGATIVES: dict[str, Kind] = {
    'animals': animals,
    'hands': hands_alone,
    'letters and boards': print_and_things,
    'textures': textures,
    'drawings': drawings,
    'around the astronaut': scenery,
    'parts of pictures': parts_of_pictures,
}


def empty(name: str, rgb: UInt8) -> Picture:
    """Return a picture without a face."""
    return Picture(name, rgb, TrueFaces(np.empty((0, 4)), np.empty(0), np.empty(0, bool)))


def _bundled(names: Sequence[str]) -> Iterator[Picture]:
    if importlib.util.find_spec('skimage') is None:
        return
    from skimage import data

    for name in names:
        image = np.asarray(getattr(data, name)())
        grey = image.astype(np.uint8) * (255 if image.dtype == bool else 1)
        rgb = grey[..., :3] if grey.ndim == 3 else np.dstack([grey] * 3)
        yield from _parts(name, np.ascontiguousarray(rgb), (1.0, *PARTS[:2]))


def _parts(name: str, rgb: UInt8, parts: Sequence[float]) -> Iterator[Picture]:
    """Yield seeded crops of each size, enlarged to `IMAGE_WH`."""
    random = np.random.default_rng(len(name))
    height, width = rgb.shape[:2]
    for part in parts:
        for number in range(1 if part == 1 else CROPS):
            wh = np.maximum(np.round(part * np.array([width, height])), 16).astype(int)
            x, y = np.round(random.uniform(0, 1, 2) * ((width, height) - wh)).astype(int)
            cut = rgb[y : y + wh[1], x : x + wh[0]]
            scale = min(IMAGE_WH / wh)
            sized = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
            yield empty(f'{name}, {part:g}, {number}', np.asarray(sized, np.uint8))


def _tilted(rgb: UInt8, degrees: float) -> UInt8:
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    tilted = cv2.warpAffine(rgb, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(tilted, np.uint8)


def _with_layer(rgb: UInt8, rgba: NDArray[np.float32], random: np.random.Generator) -> UInt8:
    """Put an image over another, at a random place, angle and size."""
    height, width = rgba.shape[:2]
    scale = random.uniform(60, 250) / height
    matrix = cv2.getRotationMatrix2D(
        ((width - 1) / 2, (height - 1) / 2), random.uniform(-60, 60), scale
    )
    matrix[:, 2] += random.uniform(0.2, 0.8, 2) * IMAGE_WH - (width / 2, height / 2)
    layer = cv2.warpAffine(rgba, matrix, IMAGE_WH)
    opacity = layer[..., 3:]
    return np.round(opacity * layer[..., :3] + (1 - opacity) * rgb).clip(0, 255).astype(np.uint8)
