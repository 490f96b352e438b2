"""Image sequences of known motion, with the landmarks measured in them and the true ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from steady.following import FaceFollower
from steady.motions import Motion, Pose
from steady.rendering import Portrait, through_camera
from steady.warps import FaceWarp

from facemesh_ros.io import image_from_file
from facemesh_ros.types import Float32, Float64, UInt8

RATE_HZ = 30.0
SEED = 20
LOOKS = 5
# Pictures of one upright face each, of $FACEMESH_DATA, where there are.
MORE_PICTURES = ('images/facerecognit__obama2.jpg', 'images/tfjsmodels__portrait.jpg')
# How differently a face is shown to learn what the model thinks its landmarks are.
POSES = 60
MAX_SHIFT, MAX_LOG_SCALE, MAX_ROLL_RAD = 0.5, 0.15, 0.2


@dataclass(frozen=True)
class Sequence:
    """F images of one face in motion.

    Attributes:
        raw: (F, L, 3) px as measured.
        truth: (F, L, 2) px.
        turns: (F, 2, 2), takes directions in the picture to those in the image.
        times_s: (F,).
    """

    raw: Float32
    truth: Float64
    turns: Float64
    times_s: Float64


def pictures(folder: Path | None) -> Iterator[tuple[str, UInt8]]:
    """Yield names and pictures (H, W, 3) BGR: a bundled one, and more where there are."""
    from skimage.data import astronaut

    yield 'astronaut', np.ascontiguousarray(astronaut()[..., ::-1])
    for name in MORE_PICTURES:
        if folder and (folder / name).exists():
            yield Path(name).stem, image_from_file(folder / name)


def portrait_of(picture: UInt8, follower: FaceFollower) -> Portrait:
    """Return a picture ready to move.

    Its landmarks are the mean of what the model says when the face is shown in many poses with
    noise: no single look of the model is taken for the truth.
    """
    follower.reset()
    for look in range(LOOKS):
        first = follower.seen(picture, look / RATE_HZ)
    portrait = Portrait(picture, first, FaceWarp(picture, first))
    random = np.random.default_rng(SEED)
    looks = [_look(portrait, follower, random) for _ in range(POSES)]
    landmarks = np.mean(looks, axis=0).astype(np.float32)
    return Portrait(picture, landmarks, FaceWarp(picture, landmarks))


def _look(portrait: Portrait, follower: FaceFollower, random: np.random.Generator) -> Float64:
    """Return the landmarks in the picture as found in one rendered image, (L, 3) px."""
    shift = random.uniform(-MAX_SHIFT, MAX_SHIFT, 2)
    scale = np.exp(random.uniform(-MAX_LOG_SCALE, MAX_LOG_SCALE))
    pose = Pose((shift[0], shift[1]), scale, random.uniform(-MAX_ROLL_RAD, MAX_ROLL_RAD))
    image = through_camera(portrait.image(pose), random)
    follower.reset()
    for look in range(2):
        found = follower.seen(image, look / RATE_HZ)
    affine = portrait.image_from_picture(pose)
    inverse = cv2.invertAffineTransform(affine)
    depth = found[:, 2:] / np.sqrt(np.linalg.det(affine[:, :2]))
    return np.concatenate([found[:, :2] @ inverse[:, :2].T + inverse[:, 2], depth], axis=1)


def sequence_of(
    portrait: Portrait, motion: Motion, seconds: float, follower: FaceFollower, images: Path
) -> Sequence:
    """Render a motion, measure it, and leave the images (F, H, W, 3) RGB in a file for others."""
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    poses = [motion(time_s) for time_s in times_s.tolist()]
    random = np.random.default_rng(SEED)
    shown = np.stack([through_camera(portrait.image(pose), random) for pose in poses])
    np.save(images, shown[..., ::-1])
    follower.reset()
    raw = np.stack(
        [follower.seen(image, at) for image, at in zip(shown, times_s.tolist(), strict=True)]
    )
    affines = np.stack([portrait.image_from_picture(pose) for pose in poses])
    truth = np.stack([portrait.truth(pose) for pose in poses])
    return Sequence(raw, truth, affines[:, :, :2], times_s)


def without_opinion(sequence: Sequence, landmarks: Float32) -> Sequence:
    """Return a sequence whose truth shares what landmarks (F, L, 3) always say about this face.

    Where a model places a landmark on a face is its definition, not an error of a filter, so the
    mean error, seen from the face, is added to the truth.
    """
    errors = (landmarks[..., :2] - sequence.truth) @ np.linalg.inv(sequence.turns).transpose(
        0, 2, 1
    )
    opinion = errors.mean(axis=0)
    return replace(sequence, truth=sequence.truth + opinion @ sequence.turns.transpose(0, 2, 1))
