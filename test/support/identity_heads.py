"""Heads cut out of pictures, to be drawn into scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from composed_pictures import face_patch
from numpy.typing import NDArray
from sample_pictures import Picture

# Large, clear faces, one per person, by picture and index.
PEOPLE = (
    ('scikitimage__astronaut.png', 0),
    ('facerecognit__two_people.jpg', 0),
    ('tfjsmodels__portrait.jpg', 0),
    ('facerecognit__two_people.jpg', 1),
    ('mediapipe__hand29.jpg', 0),
    ('facerecognit__obama2.jpg', 0),
    ('tfjsmodels__depth_portrait.jpg', 0),
)
CUT_SIZE_PX = 150
# Ellipse of a head: height of its centre above the centre of the face, half-axes, and width of
# its blended edge, all in face heights (brows to chin).
ABOVE, HALF_WH, BLENDED = 0.22, (0.68, 0.88), 0.08
# Where hair is, above the brows, in face heights; and the blur after which no feature is left.
HAIR, BLUR = (0.55, 0.25), 0.15


@dataclass(frozen=True)
class Head:
    """An image of a head.

    Attributes:
        rgba: (H, W, 4) float32: red, green and blue in [0, 255], opacity in [0, 1].
        box_xyxy: (4,) brows to chin, px in `rgba`.
    """

    rgba: NDArray[np.float32]
    box_xyxy: NDArray[np.float64]

    @property
    def size_px(self) -> float:
        """Height from brows to chin."""
        return float(self.box_xyxy[3] - self.box_xyxy[1])


def load_heads(pictures: Sequence[Picture], count: int) -> list[Head]:
    """Cut out `count` heads; if there are fewer people, mirrored and repeated ones follow."""
    shown = {picture.name: picture for picture in pictures}
    cut = [_head(shown[name], index) for name, index in PEOPLE if name in shown]
    everyone = cut + [_mirrored(head) for head in cut]
    return [everyone[index % len(everyone)] for index in range(count)]


def _head(picture: Picture, index: int) -> Head:
    patch = face_patch(picture, index, CUT_SIZE_PX)
    x0, y0, x1, y1 = patch.box_xyxy
    height = y1 - y0
    centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2 - ABOVE * height])
    rows, columns = np.indices(patch.rgb.shape[:2])
    offsets = (np.dstack([columns, rows]) - centre) / (np.array(HALF_WH) * height)
    opacity = np.clip((1 - np.linalg.norm(offsets, axis=2)) * HALF_WH[0] / BLENDED, 0, 1)
    return Head(np.dstack([patch.rgb, opacity]).astype(np.float32), patch.box_xyxy)


def _mirrored(head: Head) -> Head:
    x0, y0, x1, y1 = head.box_xyxy
    right = head.rgba.shape[1] - 1
    return Head(
        np.ascontiguousarray(head.rgba[:, ::-1]), np.array([right - x1, y0, right - x0, y1])
    )


def resized(head: Head, size_px: float) -> Head:
    """Return a head of a size without aliasing, to be drawn at about that size."""
    factor = size_px / head.size_px
    height, width = head.rgba.shape[:2]
    wh = (max(1, round(factor * width)), max(1, round(factor * height)))
    scale = np.tile([wh[0] / width, wh[1] / height], 2)
    rgba = cv2.resize(head.rgba, wh, interpolation=cv2.INTER_AREA)
    # Resizing moves edges, not centres of pixels.
    return Head(rgba.astype(np.float32), (head.box_xyxy + 0.5) * scale - 0.5)


def obstacle_image(picture: Picture, wh: tuple[int, int]) -> NDArray[np.float32]:
    """Return (H, W, 4) of an opaque rectangle without a face, which occludes faces."""
    return opaque(np.asarray(cv2.resize(picture.rgb, wh, interpolation=cv2.INTER_AREA), np.uint8))


def opaque(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return an image (H, W, 3) with full opacity, (H, W, 4)."""
    return np.dstack([rgb, np.ones(rgb.shape[:2])]).astype(np.float32)


def back_of_head(head: Head) -> NDArray[np.float32]:
    """Return (H, W, 4) of a head whose face is covered by its own hair."""
    x0, y0, x1, y1 = head.box_xyxy
    height, width = y1 - y0, x1 - x0
    low, high = (max(0, int(y0 - part * height)) for part in HAIR)
    hair = head.rgba[low : high + 1, int(x0 + 0.2 * width) : int(x1 - 0.2 * width) + 1, :3]
    wh = head.rgba.shape[1::-1]
    return np.dstack([cv2.resize(hair, wh, interpolation=cv2.INTER_CUBIC), head.rgba[..., 3]])


def blob(head: Head) -> NDArray[np.float32]:
    """Return (H, W, 4) of a head without features: its colours, blurred."""
    rgb = cv2.GaussianBlur(head.rgba[..., :3], (0, 0), BLUR * head.size_px)
    return np.dstack([rgb, head.rgba[..., 3]])


def textured(head: Head, picture: Picture) -> NDArray[np.float32]:
    """Return (H, W, 4) of a picture in the outline of a head."""
    rgb = cv2.resize(picture.rgb, head.rgba.shape[1::-1], interpolation=cv2.INTER_AREA)
    return np.dstack([rgb, head.rgba[..., 3]]).astype(np.float32)
