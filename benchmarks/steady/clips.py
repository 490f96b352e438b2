"""Real clips of one person, whose landmarks nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from steady.following import FaceFollower

from facemesh_ros.io import pictures_from_file, rate_of_file
from facemesh_ros.types import Float32, Float64

CLIPS = ('clips/liveportrait__d9.mp4', 'clips/samplevideos__head-pose-face-detection-male.gif')


@dataclass(frozen=True)
class Clip:
    """F images of one person.

    Attributes:
        name: For people.
        rate_hz: Images per second.
        raw: (F, L, 3) px as measured.
        times_s: (F,).
    """

    name: str
    rate_hz: float
    raw: Float32
    times_s: Float64


def clips(folder: Path | None, follower: FaceFollower, images: Path) -> Iterator[Clip]:
    """Yield the clips there are; the images (F, H, W, 3) RGB of each are in a file meanwhile."""
    for path in [folder / name for name in CLIPS if (folder / name).exists()] if folder else []:
        shown = [picture.bgr for picture in pictures_from_file(path)]
        rate_hz = rate_of_file(path)
        follower.reset()
        times_s = np.arange(len(shown)) / rate_hz
        raw = [follower.seen(image, at) for image, at in zip(shown, times_s.tolist(), strict=True)]
        np.save(images, np.stack(shown)[..., ::-1])
        yield Clip(path.stem, rate_hz, np.stack(raw), times_s)
