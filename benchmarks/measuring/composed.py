"""Composed pictures: real faces, brought to a size, put on 1280x720 pictures without a face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .faces import Float64, TrueFaces
from .pictures import Picture

SIZES_PX = (12, 16, 20, 24, 32, 40, 60, 100, 200, 400)
IMAGE_WH = (1280, 720)
# Faces of these pictures are put in: lit, unhidden, more or less frontal, no other face beside.
CLEAR = (
    'dlib__2008_001322.jpg',
    'facerecognit__obama2.jpg',
    'facerecognit__two_people.jpg',
    'mediapipe__hand13.jpg',
    'mediapipe__hand29.jpg',
    'mediapipe__hand30.jpg',
    'scikitimage__astronaut.png',
    'tfjsmodels__depth_portrait.jpg',
    'tfjsmodels__portrait.jpg',
)
SMALLEST_ORIGINAL_PX, LARGEST_GROWTH = 60, 1.5
# What is cut out around a face, and how much of that fades into the picture behind, in sizes.
SURROUNDINGS, FADING = 0.8, 0.4
MOST_FACES, MOST_AREA, TRIES = 4, 0.1, 200


@dataclass(frozen=True)
class Piece:
    """A face with what is around it.

    Attributes:
        rgb: (H, W, 3) uint8.
        opacity: (H, W) in [0, 1].
        box_xyxy: (4,) of the face, px in the piece.
    """

    rgb: NDArray[np.uint8]
    opacity: Float64
    box_xyxy: Float64

    @property
    def wh(self) -> Float64:
        """Width and height in px."""
        return np.array(self.rgb.shape[1::-1], float)


def composed(pictures: Sequence[Picture], size_px: int, number: int) -> Picture | None:
    """Return one of the composed pictures for a face size, always the same one.

    Args:
        pictures: Where faces and backgrounds come from.
        size_px: Brows to chin.
        number: Which picture.

    Returns:
        Up to four faces, the larger the fewer; None if no face is large enough for the size.
    """
    random = np.random.default_rng((size_px, number))
    originals = _originals(pictures, size_px)
    if not originals:
        return None
    behind = backgrounds(pictures)
    rgb = behind[number % len(behind)].rgb.copy()
    count = int(np.clip(MOST_AREA * rgb.shape[0] * rgb.shape[1] / size_px**2, 1, MOST_FACES))
    boxes: list[Float64] = []
    taken: list[Float64] = []
    for chosen in random.choice(len(originals), count, replace=count > len(originals)):
        piece = cut_out(*originals[chosen], size_px)
        corner = _free_place(piece, taken, random)
        if corner is not None:
            _paste(rgb, piece, corner)
            taken.append(np.concatenate([corner, corner + piece.wh]))
            boxes.append(piece.box_xyxy + np.tile(corner, 2))
    faces = TrueFaces(
        np.array(boxes), np.full(len(boxes), float(size_px)), np.zeros(len(boxes), bool)
    )
    return Picture(f'{size_px} px, number {number}', rgb, faces)


def backgrounds(pictures: Sequence[Picture]) -> list[Picture]:
    """Return the pictures without a face, each cut and resized to `IMAGE_WH`."""
    return [
        Picture(
            f'{IMAGE_WH[0]}x{IMAGE_WH[1]} of {picture.name}', _covering(picture.rgb), picture.faces
        )
        for picture in pictures
        if not len(picture.faces)
    ]


def _covering(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Resize until both sides are covered and cut out the middle."""
    width, height = IMAGE_WH
    scale = max(width / rgb.shape[1], height / rgb.shape[0])
    wh = (max(width, round(rgb.shape[1] * scale)), max(height, round(rgb.shape[0] * scale)))
    large = cv2.resize(rgb, wh, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (wh[0] - width) // 2, (wh[1] - height) // 2
    return np.ascontiguousarray(large[top : top + height, left : left + width], np.uint8)


def _originals(pictures: Sequence[Picture], size_px: int) -> list[tuple[Picture, int]]:
    """Return the faces that may be brought to a size: picture and index."""
    least = max(SMALLEST_ORIGINAL_PX, size_px / LARGEST_GROWTH)
    return [
        (picture, index)
        for picture in pictures
        if picture.name in CLEAR
        for index in np.flatnonzero((picture.faces.sizes_px >= least) & ~picture.faces.optional)
    ]


def cut_out(picture: Picture, index: int, size_px: int) -> Piece:
    """Return a face of a picture, `size_px` from brows to chin."""
    box, size = picture.faces.boxes_xyxy[index], picture.faces.sizes_px[index]
    limits = np.array(picture.rgb.shape[1::-1])
    low = np.clip(np.floor(box[:2] - SURROUNDINGS * size), 0, limits).astype(int)
    high = np.clip(np.ceil(box[2:] + SURROUNDINGS * size), 0, limits).astype(int)
    cut = picture.rgb[low[1] : high[1], low[0] : high[0]]
    wh = np.maximum(1, np.round((high - low) * size_px / size)).astype(int)
    scale = wh / (high - low)
    how = cv2.INTER_AREA if size_px < size else cv2.INTER_CUBIC
    rgb = np.asarray(cv2.resize(cut, tuple(wh.tolist()), interpolation=how), np.uint8)
    # Resizing moves edges, not centres of pixels.
    small = (box + 0.5 - np.tile(low, 2)) * np.tile(scale, 2) - 0.5
    return Piece(rgb, _opacity(wh, small, FADING * size_px), small)


def _opacity(wh: NDArray[np.int_], box: Float64, fading_px: float) -> Float64:
    """Return (H, W) that rises from each edge to 1, at the latest where the face begins."""
    along = []
    for axis in (0, 1):
        places = np.arange(wh[axis]) + 0.5
        before = max(1.0, min(fading_px, box[axis]))
        behind = max(1.0, min(fading_px, wh[axis] - box[axis + 2]))
        along.append(np.clip(np.minimum(places / before, (wh[axis] - places) / behind), 0, 1))
    return np.outer(along[1], along[0])


def _free_place(piece: Piece, taken: list[Float64], random: np.random.Generator) -> Float64 | None:
    """Return where the piece's corner may lie, px: the face inside, no piece on another."""
    for _ in range(TRIES):
        low, high = -piece.box_xyxy[:2], np.array(IMAGE_WH) - 1 - piece.box_xyxy[2:]
        corner = np.round(random.uniform(low, np.maximum(low, high)))
        end = corner + piece.wh
        if all((end <= other[:2]).any() or (corner >= other[2:]).any() for other in taken):
            return corner
    return None


def _paste(rgb: NDArray[np.uint8], piece: Piece, corner: Float64) -> None:
    """Blend a piece in, as far as it lies inside."""
    low = np.maximum(corner, 0).astype(int)
    high = np.minimum(corner + piece.wh, IMAGE_WH).astype(int)
    from_low, from_high = low - corner.astype(int), high - corner.astype(int)
    inside = np.s_[from_low[1] : from_high[1], from_low[0] : from_high[0]]
    part = rgb[low[1] : high[1], low[0] : high[0]]
    opacity = piece.opacity[inside][..., None]
    part[:] = np.round(opacity * piece.rgb[inside] + (1 - opacity) * part)
