"""What hides parts of a face: hands cut out of pictures, a thing, a mask, sunglasses."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from ground_truth import Float64
from numpy.typing import NDArray
from sample_pictures import Picture

# Outlines drawn by eye on enlarged pictures, px: a fist, two hands with raised fingers.
HANDS: dict[str, Sequence[tuple[int, int]]] = {
    'mediapipe__hand29.jpg': (
        *(
            (0, 208),
            (30, 204),
            (60, 204),
            (72, 208),
            (90, 210),
            (100, 216),
            (100, 228),
            (108, 232),
        ),
        *((111, 240), (108, 252), (111, 256), (111, 268), (108, 276), (111, 282), (109, 290)),
        *((100, 295), (75, 295), (68, 300), (66, 310), (75, 320), (82, 332), (80, 345), (72, 347)),
        *((58, 332), (45, 320), (28, 308), (15, 295), (5, 285), (0, 280)),
    ),
    'mediapipe__hand30.jpg': (
        *((60, 133), (64, 130), (68, 133), (69, 150), (73, 152), (78, 147), (84, 147), (94, 150)),
        *((100, 147), (104, 133), (109, 130), (113, 134), (110, 155), (112, 165), (111, 180)),
        *((106, 200), (98, 215), (88, 225), (84, 237), (48, 237), (56, 210), (57, 195), (60, 175)),
        *((60, 150),),
    ),
    'mediapipe__hand13.jpg': (
        *((252, 200), (256, 199), (263, 216), (268, 226), (272, 228), (272, 190), (278, 186)),
        *((282, 192), (282, 224), (286, 224), (290, 194), (295, 196), (293, 228), (296, 230)),
        *((310, 218), (318, 218), (314, 226), (303, 236), (296, 248), (292, 262), (292, 274)),
        *((268, 274), (263, 258), (259, 238)),
    ),
}
# Size of a hand and of a thing, by the face's from brows to chin.
HAND, THING = 1.1, 0.9
# Where their middle lies in the face's box.
PLACES = {'mouth': (0.5, 0.8), 'eye': (0.15, 0.3), 'cheek': (0.9, 0.6)}
THING_PICTURE = 'coffee'
CLOTHS_RGB = ((225, 235, 240), (40, 40, 45), (110, 150, 180))
FRAME_RGB = (18, 18, 20)
SMOOTH = 4

Float32 = NDArray[np.float32]


def hands(pictures: Sequence[Picture]) -> list[Float32]:
    """Return (H, W, 4) of each hand, opacity in [0, 1]; none without their pictures."""
    shown = {picture.name: picture for picture in pictures}
    return [_cut_out(shown[name].rgb, outline) for name, outline in HANDS.items() if name in shown]


def thing(pictures: Sequence[Picture]) -> Float32:
    """Return (H, W, 4) of something square without a face."""
    rgb = next(picture.rgb for picture in pictures if THING_PICTURE in picture.name)
    side = min(rgb.shape[:2])
    return np.dstack([rgb[:side, :side], np.ones((side, side))]).astype(np.float32)


def _cut_out(rgb: NDArray[np.uint8], outline: Sequence[tuple[int, int]]) -> Float32:
    points = np.array(outline)
    mask = np.zeros(rgb.shape[:2], np.float32)
    cv2.fillPoly(mask, [points], 1.0)
    rgba = np.dstack([rgb, cv2.GaussianBlur(mask, (0, 0), 0.8)]).astype(np.float32)
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return rgba[y0 : y1 + 1, x0 : x1 + 1]


def covered(portrait: Picture, rgba: Float32, place: str, size: float) -> Picture:
    """Put an image over the first face.

    Args:
        portrait: The picture.
        rgba: (H, W, 4), opacity in [0, 1].
        place: A key of `PLACES`.
        size: Longer side by the height of the face.
    """
    box = portrait.faces.boxes_xyxy[0]
    scale = size * (box[3] - box[1]) / max(rgba.shape[:2])
    middle = box[:2] + np.array(PLACES[place]) * (box[2:] - box[:2])
    corner = middle - scale * np.array(rgba.shape[1::-1]) / 2
    wh = np.maximum(1, np.round(scale * np.array(rgba.shape[1::-1]))).astype(int)
    sized = cv2.resize(rgba, tuple(wh.tolist()), interpolation=cv2.INTER_AREA)
    moved = np.array([[1, 0, round(float(corner[0]))], [0, 1, round(float(corner[1]))]], float)
    layer = cv2.warpAffine(sized, moved, portrait.rgb.shape[1::-1])
    return _blended(portrait, layer[..., :3], layer[..., 3])


def masked(portrait: Picture, number: int) -> Picture:
    """Put a cloth over nose and mouth, with its two loops."""
    outline = [(0.02, 0.5), (0.35, 0.36), (0.65, 0.36), (0.98, 0.5), (0.93, 0.8), (0.7, 1.04),
               (0.3, 1.04), (0.07, 0.8)]  # fmt: skip
    loops = [[(0.03, 0.52), (-0.12, 0.3)], [(0.97, 0.52), (1.12, 0.3)]]
    cloth = np.array(CLOTHS_RGB[number % len(CLOTHS_RGB)], np.float32)
    opacity = _drawn(portrait, [outline], loops)
    height, width = opacity.shape
    box = portrait.faces.boxes_xyxy[0]
    # Folds and the shade of a nose, so that it is not a flat colour.
    rows = (np.arange(height) - box[1]) / (box[3] - box[1])
    columns = (np.arange(width) - box[0]) / (box[2] - box[0])
    folds = 1 - 0.06 * np.cos(2 * np.pi * 7 * rows)[:, None]
    shade = 1 - 0.5 * np.clip(np.abs(columns - 0.5), 0, 0.6)[None] ** 1.5
    return _blended(portrait, cloth * (folds * shade)[..., None].astype(np.float32), opacity)


def with_sunglasses(portrait: Picture) -> Picture:
    """Put dark glasses over the eyes."""
    glasses = [
        [(x + 0.21 * np.cos(a), 0.2 + 0.15 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 24)]
        for x in (0.24, 0.76)
    ]
    frame = [[(0.4, 0.15), (0.6, 0.15)], [(0.05, 0.14), (-0.1, 0.12)], [(0.95, 0.14), (1.1, 0.12)]]
    dark = np.array(FRAME_RGB, np.float32)
    return _blended(
        portrait, np.broadcast_to(dark, portrait.rgb.shape), _drawn(portrait, glasses, frame)
    )


def _drawn(
    portrait: Picture,
    polygons: Sequence[Sequence[tuple[float, float]]],
    lines: Sequence[Sequence[tuple[float, float]]],
) -> Float32:
    """Return the opacity (H, W) of polygons and lines given in shares of the face's box."""
    height, width = portrait.rgb.shape[:2]
    large = np.zeros((SMOOTH * height, SMOOTH * width), np.float32)
    box = portrait.faces.boxes_xyxy[0]
    for polygon in polygons:
        cv2.fillPoly(large, [_pixels(box, polygon)], 1.0)
    for line in lines:
        thickness = round(SMOOTH * 0.03 * (box[3] - box[1]))
        cv2.polylines(large, [_pixels(box, line)], False, 1.0, thickness)
    return np.asarray(cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _pixels(box: Float64, points: Sequence[tuple[float, float]]) -> NDArray[np.int32]:
    inside = box[:2] + np.array(points) * (box[2:] - box[:2])
    return np.round(SMOOTH * inside).astype(np.int32)


def _blended(portrait: Picture, rgb: Float32, opacity: Float32) -> Picture:
    part = opacity[..., None]
    mixed = part * rgb + (1 - part) * portrait.rgb
    return Picture(
        portrait.name, np.round(np.clip(mixed, 0, 255)).astype(np.uint8), portrait.faces
    )
