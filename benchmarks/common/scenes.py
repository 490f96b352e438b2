"""Image sequences of 1 to 8 moving faces, the same for every system that is measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from facemesh_ros.io.moving_face import moving_astronaut

RATE_HZ = 30
SIZES = {
    'VGA': (640, 480),
    '720p': (1280, 720),
    '1080p': (1920, 1080),
    '4K': (3840, 2160),
}
# Standard deviation of the noise of a still camera, levels, and the radius of the disc that moves
# there: the head with its hair, px of the portrait.
NOISE, DISC = 3, 90
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
        is_still: Whether the camera is still: only a disc with a face of half the size moves,
            before blurred colours, and each image has its noise.
    """

    name: str
    image_wh: tuple[int, int]
    faces: int
    images: int
    start_s: float
    step_s: float
    offset_s: float
    zoom: float = 1.0
    is_still: bool = False

    def write(self, folder: Path) -> Path:
        """Write the images (F, H, W, 3), RGB, and return the file."""
        path = folder / f'{self.name}.npy'
        shape = (self.images, *self.image_wh[::-1], 3)
        images = np.lib.format.open_memmap(path, mode='w+', dtype=np.uint8, shape=shape)
        random = np.random.default_rng(3)
        for index, image in enumerate(images):
            self._draw(image, self.start_s + self.step_s * index)
            if self.is_still:
                noise = np.rint(random.normal(0, NOISE, image.shape)).astype(np.int16)
                image[:] = cv2.add(image, noise, dtype=cv2.CV_8U)
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
            moved = moving.image_at(time_s + self.offset_s * tile)[middle, :, ::-1]
            if self.is_still:
                moved = _before_colours(time_s, (width, height))
            target[:] = moved


def _before_colours(time_s: float, image_wh: tuple[int, int]) -> np.ndarray:
    """Return an RGB image of a face that moves in a disc, and nothing else does."""
    width, height = image_wh
    colours = np.random.default_rng(1).integers(40, 200, (5, 8, 3), np.uint8)
    image = np.asarray(cv2.resize(colours, image_wh, interpolation=cv2.INTER_CUBIC))
    moving = moving_astronaut((width // 2, height // 2))
    to_image = moving.image_from_portrait(time_s)
    centre_x, centre_y = to_image @ (*moving.face_xy, 1.0)
    y, x = np.ogrid[: height // 2, : width // 2]
    radius = DISC * np.linalg.norm(to_image[:, 0])
    inside = (x - centre_x) ** 2 + (y - centre_y) ** 2 < radius**2
    middle = image[height // 4 :, width // 4 :][: height // 2, : width // 2]
    middle[inside] = moving.image_at(time_s)[..., ::-1][inside]
    return image


def stream_scene(size: str, faces: int, *, is_still: bool = False) -> FaceScene:
    """Return a stream at `RATE_HZ`; shown there and back it is a block of 20 images.

    The face comes near once in 7.1 s. Every tile shows it near and zoomed, so that MediaPipe's
    short-range detector finds all faces.
    """
    name = f'{size}, {faces} face{"s"[: faces > 1]}' + ', still camera' * is_still
    moving = FaceScene(name, SIZES[size], faces, 11, 1.6, 1 / RATE_HZ, 7.1, zoom=1.25)
    return replace(moving, zoom=1.0, is_still=True) if is_still else moving


STREAM_BLOCK = 20


def picture_scenes() -> Iterator[FaceScene]:
    """Yield scenes of single pictures, each half a second after the one before."""
    for wh in ((640, 480), (1280, 720), (1920, 1080)):
        yield FaceScene(f'{wh[0]}x{wh[1]}, 1 face', wh, 1, 20, 0.0, 0.5, 0.0)
    # Upright tiles: in wide ones the short-range detector would miss faces.
    yield FaceScene('960x1080, 4 faces', (960, 1080), 4, 20, 0.0, 0.5, 1.3)
