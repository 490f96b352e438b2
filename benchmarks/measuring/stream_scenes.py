"""Streams that every side sees: 1 to 8 real faces that move smoothly, at 30 Hz."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facemesh_ros.io.moving_face import moving_astronaut

RATE_HZ = 30
# Shown there and back, that is a block of 20 images.
IMAGES = 11
BLOCK = 2 * IMAGES - 2
# The face comes close once in so many seconds; each tile shows another time when it is near, and
# all of them the middle only, so that the peers' detector, made for short range, finds all faces.
NEAR_S, NEAR_EVERY_S = 1.6, 7.1
CLOSER = 1.25
COLUMNS_ROWS = {1: (1, 1), 2: (2, 1), 4: (2, 2), 8: (4, 2)}


@dataclass(frozen=True)
class StreamScene:
    """Images of one kind.

    Attributes:
        title: What the size is called.
        image_wh: Size of the images, px.
        faces: 1, 2, 4 or 8, each in a tile of its own.
    """

    title: str
    image_wh: tuple[int, int]
    faces: int

    @property
    def name(self) -> str:
        """For people."""
        return f'{self.title}, {self.faces} face{"s"[: self.faces > 1]}'

    def write(self, folder: Path) -> Path:
        """Write the images (F, H, W, 3), RGB, and return the file."""
        path = folder / 'stream.npy'
        shape = (IMAGES, *self.image_wh[::-1], 3)
        images = np.lib.format.open_memmap(path, mode='w+', dtype=np.uint8, shape=shape)
        for index, image in enumerate(images):
            self._draw(image, NEAR_S + index / RATE_HZ)
        images.flush()
        return path

    def _draw(self, image: np.ndarray, time_s: float) -> None:
        columns, rows = COLUMNS_ROWS[self.faces]
        width, height = self.image_wh[0] // columns, self.image_wh[1] // rows
        taller = round(CLOSER * height)
        middle = slice((taller - height) // 2, (taller - height) // 2 + height)
        moving = moving_astronaut((width, taller))
        for tile in range(self.faces):
            row, column = divmod(tile, columns)
            target = image[row * height :, column * width :][:height, :width]
            target[:] = moving.image_at(time_s + NEAR_EVERY_S * tile)[middle, :, ::-1]


SIZES = {
    'VGA': (640, 480),
    '720p': (1280, 720),
    '1080p': (1920, 1080),
    '4K': (3840, 2160),
}
