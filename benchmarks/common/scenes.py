"""Image sequences of 1 to 8 moving faces, the same for every system that is measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facemesh_ros.io.moving_face import moving_astronaut

RATE_HZ = 30
SIZES = {
    'VGA': (640, 480),
    '720p': (1280, 720),
    '1080p': (1920, 1080),
    '4K': (3840, 2160),
}
TILES = {1: (1, 1), 2: (2, 1), 4: (2, 2), 8: (4, 2)}


@dataclass(frozen=True)
class FaceScene:
    """Images of one real face that moves smoothly, once in each tile.

    Attributes:
        name: For people.
        image_wh: Size of the images, px.
        faces: Number of tiles, a key of `TILES`.
        images: How many.
        start_s: Time of the first image in the motion.
        step_s: Time between images.
        offset_s: How far each tile is ahead of the one before it, so that no two are alike.
        zoom: 1 draws whole tiles; more draws their middle only, with larger faces.
    """

    name: str
    image_wh: tuple[int, int]
    faces: int
    images: int
    start_s: float
    step_s: float
    offset_s: float
    zoom: float = 1.0

    def write(self, folder: Path) -> Path:
        """Write the images (F, H, W, 3), RGB, and return the file."""
        path = folder / f'{self.name}.npy'
        shape = (self.images, *self.image_wh[::-1], 3)
        images = np.lib.format.open_memmap(path, mode='w+', dtype=np.uint8, shape=shape)
        for index, image in enumerate(images):
            self._draw(image, self.start_s + self.step_s * index)
        images.flush()
        return path

    def _draw(self, image: np.ndarray, time_s: float) -> None:
        columns, rows = TILES[self.faces]
        width, height = self.image_wh[0] // columns, self.image_wh[1] // rows
        zoomed = round(self.zoom * height)
        middle = slice((zoomed - height) // 2, (zoomed - height) // 2 + height)
        moving = moving_astronaut((width, zoomed))
        for tile in range(self.faces):
            row, column = divmod(tile, columns)
            target = image[row * height :, column * width :][:height, :width]
            target[:] = moving.image_at(time_s + self.offset_s * tile)[middle, :, ::-1]


def stream_scene(size: str, faces: int) -> FaceScene:
    """Return a stream at `RATE_HZ`; shown there and back it is a block of 20 images.

    The face comes near once in 7.1 s. Every tile shows it near and zoomed, so that MediaPipe's
    short-range detector finds all faces.
    """
    name = f'{size}, {faces} face{"s"[: faces > 1]}'
    return FaceScene(name, SIZES[size], faces, 11, 1.6, 1 / RATE_HZ, 7.1, zoom=1.25)


STREAM_BLOCK = 20


def picture_scenes() -> Iterator[FaceScene]:
    """Yield scenes of single pictures, each half a second after the one before."""
    for wh in ((640, 480), (1280, 720), (1920, 1080)):
        yield FaceScene(f'{wh[0]}x{wh[1]}, 1 face', wh, 1, 20, 0.0, 0.5, 0.0)
    # Upright tiles: in wide ones the short-range detector would miss faces.
    yield FaceScene('960x1080, 4 faces', (960, 1080), 4, 20, 0.0, 0.5, 1.3)
