"""Synthetic scenes of moving heads and obstacles, rendered with ground truth for tracking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from identity_heads import Head
from numpy.typing import NDArray

IMAGE_WH = (640, 480)
# Visible share of a face from which it must be tracked, and below which it counts as hidden or
# gone; between the two, results are ignored.
VISIBLE, HIDDEN = 0.7, 0.3
# A person hidden or gone for longer may get a new id.
MEMORY_S = 1.0
NOISE = 3.0

Float64 = NDArray[np.float64]
Path = Callable[[float], tuple[float, float]]


@dataclass(frozen=True)
class Person:
    """A moving head.

    Attributes:
        head: Its image.
        path: Centre of the face, px, as a function of time in s.
        size_px: Height from brows to chin.
        shown: Opacity at a time, 0 where it is not there.
        growth: Size at a time relative to `size_px`, of one who comes nearer or goes away.
    """

    head: Head
    path: Path
    size_px: float
    shown: Callable[[float], float] = field(default=lambda _: 1.0)
    growth: Callable[[float], float] = field(default=lambda _: 1.0)


@dataclass(frozen=True)
class Obstacle:
    """An opaque rectangle in front of all earlier layers of the scene.

    Attributes:
        rgba: (H, W, 4) as of a `Head`.
        path: Its centre, px, as a function of time.
        shown: Opacity at a time, 0 where it is not there.
    """

    rgba: NDArray[np.float32]
    path: Path
    shown: Callable[[float], float] = field(default=lambda _: 1.0)


@dataclass(frozen=True)
class Scene:
    """A sequence of images.

    Attributes:
        family: Group of scenes, for the table.
        name: Name within the family.
        background: (H, W, 3) uint8.
        layers: From the farthest to the nearest.
        times_s: Capture times.
        stamp_errors_s: Error of each stamp; empty for none.
        shake: Offset of the camera, px, as a function of time.
        light: Brightness, 1 for unchanged.
    """

    family: str
    name: str
    background: NDArray[np.uint8]
    layers: Sequence[Person | Obstacle]
    times_s: Float64
    stamp_errors_s: Float64 = field(default_factory=lambda: np.empty(0))
    shake: Path = field(default=lambda _: (0.0, 0.0))
    light: float = 1.0

    @property
    def image_wh(self) -> tuple[int, int]:
        """Width and height of its images, px."""
        height, width = self.background.shape[:2]
        return width, height


@dataclass(frozen=True)
class SceneImage:
    """One image and its ground truth.

    Attributes:
        rgb: (H, W, 3) uint8.
        stamp_ns: Stamp of the frame.
        people: (N,) true identities; a person who was away for long gets a new one.
        boxes_xyxy: (N, 4) px, brows to chin.
        visible: (N,) visible share of each face, [0, 1].
    """

    rgb: NDArray[np.uint8]
    stamp_ns: int
    people: NDArray[np.int64]
    boxes_xyxy: Float64
    visible: Float64


def render_scene(scene: Scene) -> Iterator[SceneImage]:
    """Render a scene; the same scene gives the same images."""
    random = np.random.default_rng(len(scene.name))
    width, height = scene.image_wh
    noise = random.normal(0, NOISE, (height + 100, width + 100, 3)).astype(np.float32)
    errors = scene.stamp_errors_s if len(scene.stamp_errors_s) else np.zeros(len(scene.times_s))
    identities = _TrueIdentities()
    for time_s, error_s in zip(scene.times_s, errors, strict=True):
        rgb, boxes, visible = _drawn(scene, float(time_s))
        top, left = random.integers(0, 100, 2)
        rgb *= scene.light
        rgb += noise[top : top + height, left : left + width]
        yield SceneImage(
            cv2.convertScaleAbs(np.maximum(rgb, 0)),
            round((1 + time_s + error_s) * 1e9),
            identities.update(visible, float(time_s)),
            boxes,
            visible,
        )


def _drawn(scene: Scene, time_s: float) -> tuple[NDArray[np.float32], Float64, Float64]:
    """Return the image, the box of each face, and the visible share of each."""
    shake = np.array(scene.shake(time_s))
    image = scene.background.astype(np.float32)
    boxes: list[Float64] = []
    masks: list[NDArray[np.float32]] = []
    for layer in scene.layers:
        opacity = layer.shown(time_s)
        if isinstance(layer, Obstacle) and not opacity:
            continue
        rgba = layer.rgba if isinstance(layer, Obstacle) else layer.head.rgba
        matrix = _image_from_layer(layer, np.array(layer.path(time_s)) + shake, time_s)
        inside = _paste(image, rgba, opacity, matrix, masks)
        if isinstance(layer, Person):
            corners = layer.head.box_xyxy.reshape(2, 2) @ matrix[:, :2].T + matrix[:, 2]
            boxes.append(corners.reshape(4))
            masks.append(np.zeros(image.shape[:2], np.float32))
            masks[-1][inside] = opacity
    parts = [_visible_share(mask, box) for mask, box in zip(masks, boxes, strict=True)]
    return image, np.array(boxes).reshape(-1, 4), np.array(parts)


def _paste(
    image: NDArray[np.float32],
    rgba: NDArray[np.float32],
    shown: float,
    matrix: Float64,
    masks: Sequence[NDArray[np.float32]],
) -> tuple[slice, slice]:
    """Blend a layer in, reduce the visibility of those masks it, and return its region."""
    image_wh = image.shape[1::-1]
    end = matrix[:, :2] @ rgba.shape[1::-1] + matrix[:, 2]
    x0, y0 = np.clip(np.floor(matrix[:, 2]), 0, image_wh).astype(int).tolist()
    x1, y1 = np.clip(np.ceil(end), 0, image_wh).astype(int).tolist()
    inside = slice(y0, y1), slice(x0, x1)
    if shown and x0 < x1 and y0 < y1:
        local = np.column_stack([matrix[:, :2], matrix[:, 2] - (x0, y0)])
        layer = cv2.warpAffine(rgba, local, (x1 - x0, y1 - y0))
        opacity = shown * layer[..., 3:]
        image[inside] += opacity * (layer[..., :3] - image[inside])
        for mask in masks:
            mask[inside] *= 1 - opacity[..., 0]
    return inside


def _image_from_layer(layer: Person | Obstacle, centre: Float64, time_s: float) -> Float64:
    """Return the affine (2, 3), px of the layer to px of the image."""
    if isinstance(layer, Obstacle):
        scale, middle = 1.0, np.array(layer.rgba.shape[1::-1]) / 2
    else:
        scale = layer.size_px * layer.growth(time_s) / layer.head.size_px
        middle = layer.head.box_xyxy.reshape(2, 2).mean(axis=0)
    return np.column_stack([np.eye(2) * scale, centre - scale * middle])


def _visible_share(mask: NDArray[np.float32], box: Float64) -> float:
    """Return the visible share of a box; what is outside the image is not visible."""
    x0, y0, x1, y1 = np.rint(box).astype(int)
    inside = mask[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    return float(inside.sum() / ((x1 - x0) * (y1 - y0)))


class _TrueIdentities:
    """Numbers people; a person who was away for longer than `MEMORY_S` gets a new number."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._last_s: dict[int, float] = {}
        self._issued = 0

    def update(self, visible: Float64, time_s: float) -> NDArray[np.int64]:
        for person, part in enumerate(visible.tolist()):
            away_s = time_s - self._last_s.get(person, time_s)
            if person not in self._numbers or (part > HIDDEN and away_s > MEMORY_S):
                self._issued += 1
                self._numbers[person] = self._issued
            if part > HIDDEN:
                self._last_s[person] = time_s
        return np.array([self._numbers[person] for person in range(len(visible))], np.int64)
