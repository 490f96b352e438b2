"""What a side saw in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ground_truth import Comparison, compared
from sample_pictures import Picture
from measuring.processes import SideProcess


@dataclass(frozen=True)
class Look:
    """One image.

    Attributes:
        comparison: Of the results with the truth.
        wall_ms: How long it took.
        cpu_ms: How much processor time, all threads together.
    """

    comparison: Comparison
    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True)
class Sighting:
    """A picture, seen once, or again and again as a stream.

    Attributes:
        side: Name of the finder.
        group: Which kind of picture.
        picture: Its name.
        sizes_px: Of each true face.
        optional: Of each true face.
        looks: In the order of the images.
    """

    side: str
    group: str
    picture: str
    sizes_px: list[float]
    optional: list[bool]
    looks: list[Look]


def sighting(
    side: SideProcess, group: str, picture: Picture, folder: Path, stream_images: int = 0
) -> Sighting:
    """Show a picture to a side.

    Args:
        side: Who looks.
        group: Which kind of picture it is.
        picture: What is shown.
        folder: For a file to hand it over.
        stream_images: How often it is shown as a stream; 0 for once by itself.
    """
    file = folder / 'picture.npy'
    np.save(file, picture.rgb[None])
    count, stream = max(1, stream_images), stream_images > 0
    block = side.block(file, count, warm_up=0, stream=stream)
    looks = [
        Look(compared(picture.faces, boxes), wall_ms, cpu_ms)
        for boxes, wall_ms, cpu_ms in zip(
            block['boxes_xyxy'], block['wall_ms'], block['cpu_ms'], strict=True
        )
    ]
    faces = picture.faces
    return Sighting(
        side.name, group, picture.name, faces.sizes_px.tolist(), faces.optional.tolist(), looks
    )
