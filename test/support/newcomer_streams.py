"""Streams in which a face appears: where and when is known, as the images are composed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from composed_pictures import (
    FacePatch,
    backgrounds,
    face_patch,
    free_position,
    original_faces,
    paste,
)
from ground_truth import Float64
from numpy.typing import NDArray
from sample_pictures import Picture

# Faces that are followed already, brows to chin, as a share of the image's height.
FOLLOWED_SHARE = 0.2
# All drift: so many of their own sizes per image, as people do who sway or come slowly.
DRIFT = 0.03
# He who walks in crosses his own size in so many images, and is seen to come that long.
WALK_IMAGES = 8


@dataclass(frozen=True)
class Camera:
    """What a camera makes of a scene.

    Attributes:
        light: Share of the light that there should be.
        noise: Standard deviation of a value, of 255 levels.
        pan_px: By which what is behind the faces moves from image to image.
    """

    light: float = 1.0
    noise: float = 0.0
    pan_px: int = 0

    def image(self, rgb: NDArray[np.uint8], index: int) -> NDArray[np.uint8]:
        """Return image `index`, (H, W, 3), of a scene."""
        if self.light != 1:
            rgb = cv2.convertScaleAbs(rgb, alpha=self.light)  # type: ignore[assignment]
        if self.noise:
            noise = _noises(rgb.shape, self.noise)[index % NOISES]
            rgb = cv2.add(rgb, noise, dtype=cv2.CV_8U)  # type: ignore[assignment]
        return rgb


# So many images follow before the noise of one comes again.
NOISES = 7
CAMERAS = {
    'still': Camera(noise=3),
    'moving': Camera(noise=3, pan_px=4),
    'dark': Camera(light=0.08, noise=2),
}


@lru_cache(maxsize=1)
def _noises(shape: tuple[int, ...], deviation: float) -> list[NDArray[np.int16]]:
    random = np.random.default_rng(5)
    return [np.rint(random.normal(0, deviation, shape)).astype(np.int16) for _ in range(NOISES)]


@dataclass(frozen=True)
class DriftingFace:
    """A face that moves at constant speed and turns where it would leave the image.

    Attributes:
        patch: Its pixels.
        corner: (2,) px of the patch in the first image.
        step: (2,) px per image.
        comes_in: Whether he comes from outside the image before the first one.
    """

    patch: FacePatch
    corner: Float64
    step: Float64
    comes_in: bool = False

    def corner_at(self, index: int, image_wh: tuple[int, int]) -> Float64:
        """Return (2,) px of the patch in an image: the face lies inside it.

        Before the first image, index < 0, only that of one who has not come in yet does not.
        """
        if self.comes_in and index < 0:
            return np.asarray(np.round(self.corner + index * self.step))
        low = -self.patch.box_xyxy[:2]
        room = np.maximum(np.array(image_wh) - 1 - self.patch.box_xyxy[2:] - low, 1.0)
        along = np.mod(self.corner + index * self.step - low, 2 * room)
        return np.asarray(np.round(low + np.minimum(along, 2 * room - along)))

    def box_at(self, index: int, image_wh: tuple[int, int]) -> Float64:
        """Return (4,) px from brows to chin."""
        return self.patch.box_xyxy + np.tile(self.corner_at(index, image_wh), 2)


@dataclass(frozen=True)
class NewcomerStream:
    """Some faces that are there from the start, and one that appears.

    Attributes:
        background: (H, W, 3).
        followed: Those that are there.
        newcomer: The one that appears.
        camera: What shows them.
    """

    background: NDArray[np.uint8]
    followed: list[DriftingFace]
    newcomer: DriftingFace
    camera: Camera = Camera()

    @property
    def image_wh(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.background.shape[1], self.background.shape[0]

    def image(self, index: int, newcomer_index: int | None = None) -> NDArray[np.uint8]:
        """Return one image, RGB.

        Args:
            index: Which of those of the faces that are there.
            newcomer_index: Which of the newcomer's; None if he has not come.
        """
        rgb = np.roll(self.background, self.camera.pan_px * index, axis=1)
        for face in self.followed:
            paste(rgb, face.patch, face.corner_at(index, self.image_wh))
        if newcomer_index is not None:
            corner = self.newcomer.corner_at(newcomer_index, self.image_wh)
            paste(rgb, self.newcomer.patch, corner)
        return self.camera.image(rgb, index)


def newcomer_streams(
    pictures: Sequence[Picture],
    image_wh: tuple[int, int],
    size_px: int,
    followed: int,
    count: int,
    *,
    camera: Camera = Camera(),
    walks_in: bool = False,
) -> Iterator[NewcomerStream]:
    """Yield streams; the same arguments give the same ones.

    Args:
        pictures: Sources of faces and backgrounds.
        image_wh: Image width and height in px.
        size_px: The newcomer's height from brows to chin.
        followed: How many faces are there before.
        count: How many streams, each with its background, faces and places.
        camera: What shows them.
        walks_in: Whether the newcomer walks in from the side, instead of being there at once.
    """
    empty = backgrounds(pictures, image_wh)
    for number in range(count):
        random = np.random.default_rng((*image_wh, size_px, followed, number))
        sizes = [*[round(FOLLOWED_SHARE * image_wh[1])] * followed, size_px]
        faces: list[DriftingFace] = []
        taken: list[Float64] = []
        for place, size in enumerate(sizes):
            originals = original_faces(pictures, size)
            # Different people, so that no id is given to another.
            patch = face_patch(*originals[(3 * number + place) % len(originals)], size)
            corner = free_position(patch, taken, random, image_wh)
            if corner is not None:
                taken.append(np.concatenate([corner, corner + patch.wh]))
                angle = random.uniform(0, 2 * np.pi)
                step = DRIFT * size * np.array([np.cos(angle), np.sin(angle)])
                faces.append(DriftingFace(patch, corner, step))
        if len(faces) == len(sizes):
            newcomer = _walking_in(faces[-1], size_px, image_wh) if walks_in else faces[-1]
            background = empty[number % len(empty)].rgb
            yield NewcomerStream(background, faces[:-1], newcomer, camera)


def _walking_in(face: DriftingFace, size_px: int, image_wh: tuple[int, int]) -> DriftingFace:
    """Return a face that comes in at its height, from the side to which it is nearer."""
    box, (width, _) = face.patch.box_xyxy, image_wh
    from_left = face.corner[0] + (box[0] + box[2]) / 2 < width / 2
    corner = np.array([-box[0] if from_left else width - 1 - box[2], face.corner[1]])
    step = np.array([size_px / WALK_IMAGES if from_left else -size_px / WALK_IMAGES, 0.0])
    return DriftingFace(face.patch, np.round(corner), step, comes_in=True)
