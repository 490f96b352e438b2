"""The pictures behind attention.npz, made anew and bit by bit the same by whoever needs them.

Integer arithmetic and the nearest pixel only, so no picture has to be kept and no version of an
image library matters.
"""

from __future__ import annotations

import hashlib

import numpy as np

SIDE = 192
# Centre x, y in px of the astronaut (the face is at 224, 112), and a turn and zoom a, b over d:
# one step right in the crop is (a, b) / d px in the picture.
CROPS = (
    (224, 112, 1, 0, 1),
    (216, 118, 4, 3, 5),
    (240, 140, 3, -1, 2),
    (224, 112, 0, 1, 1),
    # So near that the eyes' crops reach beyond the feature map.
    (240, 112, 1, 0, 2),
)
NOISE_SEED = 0


def pictures(astronaut: np.ndarray) -> np.ndarray:
    """Crops of the face and one of noise, (N, 192, 192, 3) uint8 RGB."""
    noise = np.random.default_rng(NOISE_SEED).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return np.stack([*(_crop(astronaut, *crop) for crop in CROPS), noise])


def digest(images: np.ndarray) -> str:
    """SHA-256 of the pixels."""
    return hashlib.sha256(images.tobytes()).hexdigest()


def _crop(astronaut: np.ndarray, x: int, y: int, a: int, b: int, d: int) -> np.ndarray:
    dy, dx = np.mgrid[-SIDE // 2 : SIDE // 2, -SIDE // 2 : SIDE // 2]
    xs = x + (a * dx - b * dy) // d
    ys = y + (b * dx + a * dy) // d
    height, width, _ = astronaut.shape
    return astronaut[ys.clip(0, height - 1), xs.clip(0, width - 1)]
