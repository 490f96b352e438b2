"""Streams in which a face appears: where and when is known, as the images are composed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class DriftingFace:
    """A face that moves at constant speed and turns where it would leave the image.

    Attributes:
        patch: Its pixels.
        corner: (2,) px of the patch in the first image.
        step: (2,) px per image.
    """

    patch: FacePatch
    corner: Float64
    step: Float64

    def corner_at(self, index: int, image_wh: tuple[int, int]) -> Float64:
        """Return (2,) px of the patch in an image: the face lies inside it."""
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
    """

    background: NDArray[np.uint8]
    followed: list[DriftingFace]
    newcomer: DriftingFace

    @property
    def image_wh(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.background.shape[1], self.background.shape[0]

    def image(self, index: int, *, with_newcomer: bool) -> NDArray[np.uint8]:
        """Return one image, RGB."""
        rgb = self.background.copy()
        for face in (*self.followed, *[self.newcomer] * with_newcomer):
            paste(rgb, face.patch, face.corner_at(index, self.image_wh))
        return rgb


def newcomer_streams(
    pictures: Sequence[Picture],
    image_wh: tuple[int, int],
    size_px: int,
    followed: int,
    count: int,
) -> Iterator[NewcomerStream]:
    """Yield streams; the same arguments give the same ones.

    Args:
        pictures: Sources of faces and backgrounds.
        image_wh: Image width and height in px.
        size_px: The newcomer's height from brows to chin.
        followed: How many faces are there before.
        count: How many streams, each with its background, faces and places.
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
            yield NewcomerStream(empty[number % len(empty)].rgb, faces[:-1], faces[-1])
