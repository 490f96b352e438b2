"""Portraits: each clear face cut out of its picture, near, farther or far, to be changed."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from composed_pictures import original_faces
from ground_truth import Float64, TrueFaces
from numpy.typing import NDArray
from sample_pictures import Picture

# Brows to chin, in turn: a face at a desk, across a table, across a room.
FACES_PX = (100, 60, 36)
# How far a portrait reaches around the face, in face sizes; less where the picture ends.
REACH = 2.5
# Of a small camera at high gain, in levels: of the dark, and of one level of light.
READ_NOISE, PHOTON_NOISE = 1.0, 0.35

UInt8 = NDArray[np.uint8]


def portraits(pictures: Sequence[Picture]) -> list[Picture]:
    """Return a portrait of each clear face; it is the first true one, others are optional."""
    faces = original_faces(pictures, min(FACES_PX))
    return [
        _portrait(picture, index, FACES_PX[number % len(FACES_PX)])
        for number, (picture, index) in enumerate(faces)
    ]


def _portrait(picture: Picture, index: int, size_px: float) -> Picture:
    faces, size = picture.faces, picture.faces.sizes_px[index]
    middle = faces.boxes_xyxy[index].reshape(2, 2).mean(axis=0)
    limits = np.array(picture.rgb.shape[1::-1])
    low = np.clip(np.floor(middle - REACH * size), 0, limits).astype(int)
    high = np.clip(np.ceil(middle + REACH * size), 0, limits).astype(int)
    cut = picture.rgb[low[1] : high[1], low[0] : high[0]]
    wh = np.round((high - low) * size_px / size).astype(int)
    scale = wh / (high - low)
    how = cv2.INTER_AREA if scale[0] < 1 else cv2.INTER_CUBIC
    rgb = np.asarray(cv2.resize(cut, tuple(wh.tolist()), interpolation=how), np.uint8)
    # Resizing moves edges, not centres of pixels.
    boxes = (faces.boxes_xyxy + 0.5 - np.tile(low, 2)) * np.tile(scale, 2) - 0.5
    order = [index, *(each for each in range(len(faces)) if each != index)]
    name = f'{picture.name}, face {index}'
    return Picture(name, rgb, _shown(boxes[order], wh))


def _shown(boxes: Float64, image_wh: NDArray[np.int_]) -> TrueFaces:
    """Return the faces that an image shows at least in part; all but the first are optional."""
    overlap = np.minimum(boxes[:, 2:], image_wh - 1) - np.maximum(boxes[:, :2], 0)
    seen = boxes[(overlap > 0).all(axis=1)]
    return TrueFaces(seen, seen[:, 3] - seen[:, 1], np.arange(len(seen)) > 0)


def cut_at(portrait: Picture, side: str, part: float) -> Picture:
    """Cut a portrait so that its border takes a part of the face away.

    Args:
        portrait: Its face is the first.
        side: left, top, right or bottom.
        part: Share of the face's box that is lost.
    """
    index = ('left', 'top', 'right', 'bottom').index(side)
    x0, y0, x1, y1 = portrait.faces.boxes_xyxy[0]
    low, high = np.zeros(2, int), np.array(portrait.rgb.shape[1::-1])
    lost = part * np.array([x1 - x0, y1 - y0])
    if index < 2:
        low[index] = max(0, round(float((x0, y0)[index] + lost[index])))
    else:
        high[index - 2] = min(high[index - 2], round(float((x1, y1)[index - 2] - lost[index - 2])))
    rgb = np.ascontiguousarray(portrait.rgb[low[1] : high[1], low[0] : high[0]])
    boxes = portrait.faces.boxes_xyxy - np.tile(low, 2)
    return Picture(portrait.name, rgb, _shown(boxes, high - low))


def darkened(portrait: Picture, gain: float) -> Picture:
    """Show a portrait with less light: fewer photons, so more noise, in 8 bits.

    Args:
        portrait: The picture.
        gain: Light, relative to the picture's.
    """
    random = np.random.default_rng(round(1000 * gain))
    light = gain * portrait.rgb.astype(np.float64)
    deviation = np.sqrt(READ_NOISE**2 + PHOTON_NOISE**2 * light)
    noisy = light + deviation * random.standard_normal(light.shape)
    return Picture(
        portrait.name, np.clip(np.round(noisy), 0, 255).astype(np.uint8), portrait.faces
    )
