"""Kinds of pictures in which faces are hard to find, each made from the annotated ones.

All are seeded: the same pictures give the same kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
from composed_pictures import compose_picture
from cpu_models import cpu_session, landmark_model
from face_covers import HAND, PLACES, THING, covered, hands, masked, thing, with_sunglasses
from face_warps import Expression, FaceWarp
from ground_truth import TrueFaces
from portraits import cut_at, darkened, portraits
from rendered_faces import with_camera_noise
from sample_pictures import Picture, rotate_picture

from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.types import Float32, Frame, PixelOrder, Rois, UInt8

# How far a mouth is opened, in distances between the outer corners of the eyes.
OPENINGS = (0.3, 0.5)
CUT_PARTS, SIDES = (0.2, 0.4), ('top', 'bottom', 'left', 'right')
GAINS = (0.25, 0.1, 0.04)
SMALL_PX, SMALL_PICTURES, LENS_BLUR_PX = (15, 18, 21, 24, 27, 30), 2, 0.8
# Crop around a face by its height, and looks that settle its landmarks.
CROP, LOOKS = 1.8, 3

Kind = Callable[[Sequence[Picture]], Iterator[Picture]]


def unchanged(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield the portraits themselves, for comparison."""
    yield from portraits(pictures)


def behind_a_hand(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield faces with a hand over mouth, eye and cheek."""
    shown = hands(pictures)
    for number, portrait in enumerate(portraits(pictures)):
        for other, place in enumerate(PLACES if shown else ()):
            hand = shown[(number + other) % len(shown)]
            # A left hand becomes a right one, so that it comes from outside.
            yield covered(portrait, hand if place != 'cheek' else hand[:, ::-1], place, HAND)


def behind_a_thing(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield faces with something square over mouth, eye and cheek."""
    image = thing(pictures)
    for portrait in portraits(pictures):
        for place in PLACES:
            yield covered(portrait, image, place, THING)


def mouth_open(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield faces that shout."""
    for portrait in portraits(pictures):
        warp = FaceWarp(portrait.rgb, settled_landmarks(portrait))
        for opening in OPENINGS:
            yield _warped(portrait, warp, Expression(mouth_opening=opening))


def masks(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield faces with a cloth over mouth and nose."""
    for number, portrait in enumerate(portraits(pictures)):
        yield masked(portrait, number)


def sunglasses(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield faces with sunglasses."""
    yield from map(with_sunglasses, portraits(pictures))


def mask_and_sunglasses(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield faces of which only the forehead and the outline are left."""
    yield from map(with_sunglasses, masks(pictures))


def cut(side: str, part: float) -> Kind:
    """Return faces cut by a border of the picture."""
    return lambda pictures: (cut_at(portrait, side, part) for portrait in portraits(pictures))


def dark(gain: float) -> Kind:
    """Return faces with little light."""
    return lambda pictures: (darkened(portrait, gain) for portrait in portraits(pictures))


def turned(*quarters: int) -> Kind:
    """Return heads turned clockwise by right angles."""
    return lambda pictures: (
        rotate_picture(portrait, count) for portrait in portraits(pictures) for count in quarters
    )


def small(size_px: int) -> Kind:
    """Return small frontal faces in pictures of 1280x720, as a lens and JPEG leave them."""

    def composed(pictures: Sequence[Picture]) -> Iterator[Picture]:
        for number in range(SMALL_PICTURES):
            picture = compose_picture(pictures, size_px, number)
            if picture:
                yield replace(picture, rgb=_as_seen_far_away(picture.rgb, number))

    return composed


def _as_seen_far_away(rgb: UInt8, number: int) -> UInt8:
    blurred = np.asarray(cv2.GaussianBlur(rgb, (0, 0), LENS_BLUR_PX), np.uint8)
    return with_camera_noise(blurred, np.random.default_rng(number))


KINDS: dict[str, Kind] = {
    'unchanged': unchanged,
    'behind a hand': behind_a_hand,
    'behind a thing': behind_a_thing,
    'mouth wide open': mouth_open,
    'mask': masks,
    'sunglasses': sunglasses,
    'mask and sunglasses': mask_and_sunglasses,
    **{f'cut {part:.0%}, {side}': cut(side, part) for part in CUT_PARTS for side in SIDES},
    **{f'light x {gain:g}': dark(gain) for gain in GAINS},
    'on its side': turned(1, 3),
    'upside down': turned(2),
}
SMALL: dict[str, Kind] = {f'{size} px': small(size) for size in SMALL_PX}


def settled_landmarks(portrait: Picture) -> Float32:
    """Return the landmarks (L, 3) px of a portrait's face, from its true box."""
    box = portrait.faces.boxes_xyxy[0].reshape(2, 2)
    centre, side = box.mean(axis=0), CROP * portrait.faces.sizes_px[0]
    rois = Rois(np.float32([centre]), np.float32([[side, side]]), np.zeros(1, np.float32))
    frame = Frame(portrait.rgb, PixelOrder.RGB)
    for _ in range(LOOKS):
        points = _landmark_model().predict(frame, rois).points
        rois = rois_from_landmarks(points)
    return np.asarray(points[0], np.float32)


@cache
def _landmark_model() -> FaceMesh:
    return landmark_model(cpu_session('v2'))


def _warped(portrait: Picture, warp: FaceWarp, expression: Expression) -> Picture:
    height, width = portrait.rgb.shape[:2]
    targets = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    sources = warp.sources(targets.astype(np.float64), expression).astype(np.float32)
    rgb = cv2.remap(portrait.rgb, sources, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    boxes = portrait.faces.boxes_xyxy.copy()
    middle = np.array([[boxes[0, [0, 2]].mean(), boxes[0, 3]]])
    boxes[0, 3] = warp.moved(middle, expression)[0, 1]
    faces = TrueFaces(boxes, boxes[:, 3] - boxes[:, 1], portrait.faces.optional)
    return Picture(portrait.name, np.asarray(rgb, np.uint8), faces)
