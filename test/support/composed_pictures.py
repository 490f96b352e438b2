"""Composed pictures: real faces scaled to a given size on 1280x720 pictures without faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from ground_truth import Float64, TrueFaces
from numpy.typing import NDArray
from sample_pictures import Picture

SIZES_PX = (12, 16, 20, 24, 32, 40, 60, 100, 200, 400)
IMAGE_WH = (1280, 720)
# Sources of faces: well lit, not occluded, roughly frontal, no other face beside.
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
# Margin cut out around a face, and how much of it is blended into the background, in face sizes.
MARGIN, BLENDED = 0.8, 0.4
MAX_FACES, MAX_AREA, TRIES = 4, 0.1, 200


@dataclass(frozen=True)
class FacePatch:
    """A face with its surroundings.

    Attributes:
        rgb: (H, W, 3) uint8.
        opacity: (H, W) in [0, 1].
        box_xyxy: (4,) of the face, px in the patch.
    """

    rgb: NDArray[np.uint8]
    opacity: Float64
    box_xyxy: Float64

    @property
    def wh(self) -> Float64:
        """Width and height in px."""
        return np.array(self.rgb.shape[1::-1], float)


def compose_picture(pictures: Sequence[Picture], size_px: int, number: int) -> Picture | None:
    """Compose a picture for a face size; the same arguments give the same picture.

    Args:
        pictures: Sources of faces and backgrounds.
        size_px: Height from brows to chin.
        number: Which picture.

    Returns:
        A picture with up to four faces, fewer if they are large; None if no source face is large
        enough.
    """
    random = np.random.default_rng((size_px, number))
    originals = original_faces(pictures, size_px)
    if not originals:
        return None
    empty = backgrounds(pictures)
    rgb = empty[number % len(empty)].rgb.copy()
    count = int(np.clip(MAX_AREA * rgb.shape[0] * rgb.shape[1] / size_px**2, 1, MAX_FACES))
    boxes: list[Float64] = []
    taken: list[Float64] = []
    for chosen in random.choice(len(originals), count, replace=count > len(originals)):
        patch = face_patch(*originals[chosen], size_px)
        corner = free_position(patch, taken, random)
        if corner is not None:
            paste(rgb, patch, corner)
            taken.append(np.concatenate([corner, corner + patch.wh]))
            boxes.append(patch.box_xyxy + np.tile(corner, 2))
    faces = TrueFaces(
        np.array(boxes), np.full(len(boxes), float(size_px)), np.zeros(len(boxes), bool)
    )
    return Picture(f'{size_px} px, number {number}', rgb, faces)


def backgrounds(
    pictures: Sequence[Picture], image_wh: tuple[int, int] = IMAGE_WH
) -> list[Picture]:
    """Return the pictures without a face, each scaled and cropped to a size."""
    return [
        Picture(
            f'{image_wh[0]}x{image_wh[1]} of {picture.name}',
            _covering(picture.rgb, image_wh),
            picture.faces,
        )
        for picture in pictures
        if not len(picture.faces)
    ]


def _covering(rgb: NDArray[np.uint8], image_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """Scale a picture until it covers a size and crop the middle."""
    width, height = image_wh
    scale = max(width / rgb.shape[1], height / rgb.shape[0])
    wh = (max(width, round(rgb.shape[1] * scale)), max(height, round(rgb.shape[0] * scale)))
    large = cv2.resize(rgb, wh, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (wh[0] - width) // 2, (wh[1] - height) // 2
    return np.ascontiguousarray(large[top : top + height, left : left + width], np.uint8)


def original_faces(pictures: Sequence[Picture], size_px: float) -> list[tuple[Picture, int]]:
    """Return the source faces that are large enough: picture and index of the face."""
    least = max(SMALLEST_ORIGINAL_PX, size_px / LARGEST_GROWTH)
    return [
        (picture, index)
        for picture in pictures
        if picture.name in CLEAR
        for index in np.flatnonzero((picture.faces.sizes_px >= least) & ~picture.faces.optional)
    ]


def face_patch(picture: Picture, index: int, size_px: float) -> FacePatch:
    """Cut a face out of a picture, scaled to `size_px` from brows to chin."""
    box, size = picture.faces.boxes_xyxy[index], picture.faces.sizes_px[index]
    limits = np.array(picture.rgb.shape[1::-1])
    low = np.clip(np.floor(box[:2] - MARGIN * size), 0, limits).astype(int)
    high = np.clip(np.ceil(box[2:] + MARGIN * size), 0, limits).astype(int)
    cut = picture.rgb[low[1] : high[1], low[0] : high[0]]
    wh = np.maximum(1, np.round((high - low) * size_px / size)).astype(int)
    scale = wh / (high - low)
    how = cv2.INTER_AREA if size_px < size else cv2.INTER_CUBIC
    rgb = np.asarray(cv2.resize(cut, tuple(wh.tolist()), interpolation=how), np.uint8)
    # Resizing moves edges, not centres of pixels.
    small = (box + 0.5 - np.tile(low, 2)) * np.tile(scale, 2) - 0.5
    return FacePatch(rgb, _opacity(wh, small, BLENDED * size_px), small)


def _opacity(wh: NDArray[np.int_], box: Float64, blended_px: float) -> Float64:
    """(H, W) opacity rising from 0 at each edge to 1, at the latest where the face begins."""
    along = []
    for axis in (0, 1):
        pixels = np.arange(wh[axis]) + 0.5
        before = max(1.0, min(blended_px, box[axis]))
        after = max(1.0, min(blended_px, wh[axis] - box[axis + 2]))
        along.append(np.clip(np.minimum(pixels / before, (wh[axis] - pixels) / after), 0, 1))
    return np.outer(along[1], along[0])


def free_position(
    patch: FacePatch,
    taken: Sequence[Float64],
    random: np.random.Generator,
    image_wh: tuple[int, int] = IMAGE_WH,
) -> Float64 | None:
    """Corner (px) at which the face lies inside the image and the patch on no other; or None."""
    for _ in range(TRIES):
        low, high = -patch.box_xyxy[:2], np.array(image_wh) - 1 - patch.box_xyxy[2:]
        corner = np.round(random.uniform(low, np.maximum(low, high)))
        end = corner + patch.wh
        if all((end <= other[:2]).any() or (corner >= other[2:]).any() for other in taken):
            return corner
    return None


def paste(rgb: NDArray[np.uint8], patch: FacePatch, corner: Float64) -> None:
    """Blend a patch in as far as it lies inside the image."""
    low = np.maximum(corner, 0).astype(int)
    high = np.minimum(corner + patch.wh, rgb.shape[1::-1]).astype(int)
    from_low, from_high = low - corner.astype(int), high - corner.astype(int)
    inside = np.s_[from_low[1] : from_high[1], from_low[0] : from_high[0]]
    part = rgb[low[1] : high[1], low[0] : high[0]]
    opacity = patch.opacity[inside][..., None]
    part[:] = np.round(opacity * patch.rgb[inside] + (1 - opacity) * part)
