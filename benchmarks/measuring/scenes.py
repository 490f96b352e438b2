"""The images that every side sees: a real face in motion, once or four times."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facemesh_ros.io.moving_face import MovingFace, moving_astronaut

IMAGES = 20
STEP_S = 0.5
# How far each tile is ahead, s, so that no two faces of an image are alike.
TILES_S = ((0.0, 1.3), (2.6, 3.9))


@dataclass(frozen=True)
class Scene:
    """Images of one kind.

    Attributes:
        name: For people.
        tile_wh: Size of what shows one face, px.
        faces: 1, or 4 for two rows of two tiles.
    """

    name: str
    tile_wh: tuple[int, int]
    faces: int = 1

    def write(self, folder: Path) -> Path:
        """Write the images (F, H, W, 3), RGB, and return the file."""
        moving = moving_astronaut(self.tile_wh)
        path = folder / f'{self.name}.npy'
        images = [self._image_at(moving, STEP_S * index) for index in range(IMAGES)]
        np.save(path, np.ascontiguousarray(np.stack(images)[..., ::-1]))
        return path

    def _image_at(self, moving: MovingFace, time_s: float) -> np.ndarray:
        if self.faces == 1:
            return moving.image_at(time_s)
        rows = [np.hstack([moving.image_at(time_s + ahead) for ahead in row]) for row in TILES_S]
        return np.vstack(rows)


SCENES = (
    Scene('640x480, 1 face', (640, 480)),
    Scene('1280x720, 1 face', (1280, 720)),
    Scene('1920x1080, 1 face', (1920, 1080)),
    # Tiles that are upright: in wide ones the detector, made for short range, would miss faces.
    Scene('960x1080, 4 faces', (480, 540), faces=4),
)
