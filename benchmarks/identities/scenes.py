"""Scenes: what moves where, and the images of it with its truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.identities.heads import Head

IMAGE_WH = (640, 480)
# Of a face, so much must show for it to count as seen, and no more for it to count as hidden
# or gone; between the two it is neither asked for nor wrong.
SEEN, HIDDEN = 0.7, 0.3
# A person who was hidden or gone for longer is a new one: nobody is asked to remember.
MEMORY_S = 1.0
NOISE = 3.0

Float64 = NDArray[np.float64]
Path = Callable[[float], tuple[float, float]]


@dataclass(frozen=True)
class Person:
    """A head on its way, nearer ones after those behind them.

    Attributes:
        head: Whose.
        path: Centre of the face at a time, px by s.
        size_px: Brows to chin.
    """

    head: Head
    path: Path
    size_px: float


@dataclass(frozen=True)
class Thing:
    """Something opaque before whoever comes earlier in the scene.

    Attributes:
        rgba: (H, W, 4) as of a `Head`.
        path: Its centre at a time.
        shown: Whether it is there at a time.
    """

    rgba: NDArray[np.float32]
    path: Path
    shown: Callable[[float], bool] = field(default=lambda _: True)


@dataclass(frozen=True)
class Scene:
    """Some seconds of a stream.

    Attributes:
        family: What it is about.
        name: Which of them.
        background: (H, W, 3) uint8.
        layers: From the one behind to the one before all.
        times_s: When images are taken.
        stamp_errors_s: By how much each stamp is wrong; empty for not at all.
        shake: Offset of the camera at a time, px.
        light: What is left of it.
    """

    family: str
    name: str
    background: NDArray[np.uint8]
    layers: Sequence[Person | Thing]
    times_s: Float64
    stamp_errors_s: Float64 = field(default_factory=lambda: np.empty(0))
    shake: Path = field(default=lambda _: (0.0, 0.0))
    light: float = 1.0


@dataclass(frozen=True)
class Shown:
    """One image and its truth.

    Attributes:
        rgb: (H, W, 3) uint8.
        stamp_ns: As the pipeline is told.
        people: (N,) who is there; somebody who was away for long has a new number.
        boxes_xyxy: (N, 4) px, brows to chin.
        visible: (N,) which part of each face shows, [0, 1].
    """

    rgb: NDArray[np.uint8]
    stamp_ns: int
    people: NDArray[np.int64]
    boxes_xyxy: Float64
    visible: Float64


def images_of(scene: Scene) -> Iterator[Shown]:
    """Draw a scene, always the same way."""
    random = np.random.default_rng(len(scene.name))
    noise = random.normal(0, NOISE, (IMAGE_WH[1] + 100, IMAGE_WH[0] + 100, 3)).astype(np.float32)
    errors = scene.stamp_errors_s if len(scene.stamp_errors_s) else np.zeros(len(scene.times_s))
    visits = _Visits()
    for time_s, error_s in zip(scene.times_s, errors, strict=True):
        rgb, boxes, visible = _drawn(scene, float(time_s))
        top, left = random.integers(0, 100, 2)
        rgb *= scene.light
        rgb += noise[top : top + IMAGE_WH[1], left : left + IMAGE_WH[0]]
        yield Shown(
            cv2.convertScaleAbs(np.maximum(rgb, 0)),
            round((1 + time_s + error_s) * 1e9),
            visits.numbers(visible, float(time_s)),
            boxes,
            visible,
        )


def _drawn(scene: Scene, time_s: float) -> tuple[NDArray[np.float32], Float64, Float64]:
    """Return the picture, and the box of each face and which part of it shows."""
    shake = np.array(scene.shake(time_s))
    image = scene.background.astype(np.float32)
    boxes: list[Float64] = []
    shows: list[NDArray[np.float32]] = []
    for layer in scene.layers:
        if isinstance(layer, Thing) and not layer.shown(time_s):
            continue
        rgba = layer.rgba if isinstance(layer, Thing) else layer.head.rgba
        matrix = _placed(layer, np.array(layer.path(time_s)) + shake)
        inside = _paste(image, rgba, matrix, shows)
        if isinstance(layer, Person):
            corners = layer.head.box_xyxy.reshape(2, 2) @ matrix[:, :2].T + matrix[:, 2]
            boxes.append(corners.reshape(4))
            shows.append(np.zeros(IMAGE_WH[::-1], np.float32))
            shows[-1][inside] = 1
    parts = [_part(show, box) for show, box in zip(shows, boxes, strict=True)]
    return image, np.array(boxes).reshape(-1, 4), np.array(parts)


def _paste(
    image: NDArray[np.float32],
    rgba: NDArray[np.float32],
    matrix: Float64,
    behind: Sequence[NDArray[np.float32]],
) -> tuple[slice, slice]:
    """Blend a layer in, hide with it what is behind, and return where it lies."""
    end = matrix[:, :2] @ rgba.shape[1::-1] + matrix[:, 2]
    x0, y0 = np.clip(np.floor(matrix[:, 2]), 0, IMAGE_WH).astype(int).tolist()
    x1, y1 = np.clip(np.ceil(end), 0, IMAGE_WH).astype(int).tolist()
    inside = slice(y0, y1), slice(x0, x1)
    if x0 < x1 and y0 < y1:
        local = np.column_stack([matrix[:, :2], matrix[:, 2] - (x0, y0)])
        layer = cv2.warpAffine(rgba, local, (x1 - x0, y1 - y0))
        opacity = layer[..., 3:]
        image[inside] += opacity * (layer[..., :3] - image[inside])
        for show in behind:
            show[inside] *= 1 - opacity[..., 0]
    return inside


def _placed(layer: Person | Thing, centre: Float64) -> Float64:
    """Return (2, 3) that brings a layer to its place."""
    if isinstance(layer, Thing):
        scale, middle = 1.0, np.array(layer.rgba.shape[1::-1]) / 2
    else:
        scale = layer.size_px / layer.head.size_px
        middle = layer.head.box_xyxy.reshape(2, 2).mean(axis=0)
    return np.column_stack([np.eye(2) * scale, centre - scale * middle])


def _part(show: NDArray[np.float32], box: Float64) -> float:
    """Return which part of a box shows, outside the image none of it."""
    x0, y0, x1, y1 = np.rint(box).astype(int)
    inside = show[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    return float(inside.sum() / ((x1 - x0) * (y1 - y0)))


class _Visits:
    """Numbers people, and those anew who come after having been away for long."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._last_s: dict[int, float] = {}
        self._issued = 0

    def numbers(self, visible: Float64, time_s: float) -> NDArray[np.int64]:
        for person, part in enumerate(visible.tolist()):
            away_s = time_s - self._last_s.get(person, time_s)
            if person not in self._numbers or (part > HIDDEN and away_s > MEMORY_S):
                self._issued += 1
                self._numbers[person] = self._issued
            if part > HIDDEN:
                self._last_s[person] = time_s
        return np.array([self._numbers[person] for person in range(len(visible))], np.int64)
