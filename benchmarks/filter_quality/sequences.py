"""Image sequences of one face with measured landmarks: of known motion, and real clips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from face_motions import Motion, Pose
from face_warps import FaceWarp
from filter_quality.tracked_face import SingleFaceTracker
from rendered_faces import Portrait, with_camera_noise

from facemesh_ros.io import image_from_file, pictures_from_file, rate_of_file
from facemesh_ros.types import Float32, Float64, UInt8

RATE_HZ = 30.0
SEED = 20
FIRST_IMAGES = 5
# Pictures of one upright face each, in $FACEMESH_DATA.
MORE_PICTURES = ('images/facerecognit__obama2.jpg', 'images/tfjsmodels__portrait.jpg')
CLIPS = ('clips/liveportrait__d9.mp4', 'clips/samplevideos__head-pose-face-detection-male.gif')
# Poses over which the landmarks of a picture are averaged, and their range.
POSES = 60
MAX_SHIFT, MAX_LOG_SCALE, MAX_ROLL_RAD = 0.5, 0.15, 0.2


@dataclass(frozen=True)
class MotionSequence:
    """F images of one face in known motion.

    Attributes:
        raw: (F, L, 3) px, measured without filter.
        truth: (F, L, 2) px.
        linear: (F, 2, 2), directions in the picture to directions in the image.
        times_s: (F,).
    """

    raw: Float32
    truth: Float64
    linear: Float64
    times_s: Float64


def pictures(folder: Path | None) -> Iterator[tuple[str, UInt8]]:
    """Yield names and pictures (H, W, 3) BGR: a bundled one, and those of $FACEMESH_DATA."""
    from skimage.data import astronaut

    yield 'astronaut', np.ascontiguousarray(astronaut()[..., ::-1])
    for name in MORE_PICTURES:
        if folder and (folder / name).exists():
            yield Path(name).stem, image_from_file(folder / name)


def portrait_of(picture: UInt8, tracker: SingleFaceTracker) -> Portrait:
    """Prepare a picture for rendering.

    Its landmarks are the mean of the model's in many poses with noise, so that the error of no
    single run becomes the truth.
    """
    tracker.reset()
    for number in range(FIRST_IMAGES):
        first = tracker.landmarks(picture, number / RATE_HZ)
    portrait = Portrait(picture, first, FaceWarp(picture, first))
    random = np.random.default_rng(SEED)
    samples = [_measured_in_pose(portrait, tracker, random) for _ in range(POSES)]
    landmarks = np.mean(samples, axis=0).astype(np.float32)
    return Portrait(picture, landmarks, FaceWarp(picture, landmarks))


def _measured_in_pose(
    portrait: Portrait, tracker: SingleFaceTracker, random: np.random.Generator
) -> Float64:
    """Return the landmarks in the picture as measured in a random pose, (L, 3) px."""
    shift = random.uniform(-MAX_SHIFT, MAX_SHIFT, 2)
    scale = np.exp(random.uniform(-MAX_LOG_SCALE, MAX_LOG_SCALE))
    pose = Pose((shift[0], shift[1]), scale, random.uniform(-MAX_ROLL_RAD, MAX_ROLL_RAD))
    image = with_camera_noise(portrait.image(pose), random)
    tracker.reset()
    for number in range(2):
        found = tracker.landmarks(image, number / RATE_HZ)
    affine = portrait.image_from_picture(pose)
    inverse = cv2.invertAffineTransform(affine)
    depth = found[:, 2:] / np.sqrt(np.linalg.det(affine[:, :2]))
    return np.concatenate([found[:, :2] @ inverse[:, :2].T + inverse[:, 2], depth], axis=1)


def sequence_of(
    portrait: Portrait, motion: Motion, seconds: float, tracker: SingleFaceTracker, images: Path
) -> MotionSequence:
    """Render a motion and measure it; the images (F, H, W, 3) RGB are written to a file."""
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    poses = [motion(time_s) for time_s in times_s.tolist()]
    random = np.random.default_rng(SEED)
    shown = np.stack([with_camera_noise(portrait.image(pose), random) for pose in poses])
    np.save(images, shown[..., ::-1])
    tracker.reset()
    raw = np.stack(
        [tracker.landmarks(image, at) for image, at in zip(shown, times_s.tolist(), strict=True)]
    )
    affines = np.stack([portrait.image_from_picture(pose) for pose in poses])
    truth = np.stack([portrait.truth(pose) for pose in poses])
    return MotionSequence(raw, truth, affines[:, :, :2], times_s)


def with_model_bias(sequence: MotionSequence, landmarks: Float32) -> MotionSequence:
    """Return a sequence whose truth includes the constant bias of landmarks (F, L, 3).

    Where a model places a landmark on a face is its definition, not an error of a filter. So the
    mean error, in coordinates of the face, is added to the truth.
    """
    errors = (landmarks[..., :2] - sequence.truth) @ np.linalg.inv(sequence.linear).transpose(
        0, 2, 1
    )
    bias = errors.mean(axis=0)
    return replace(sequence, truth=sequence.truth + bias @ sequence.linear.transpose(0, 2, 1))


@dataclass(frozen=True)
class Clip:
    """F images of one person, whose true landmarks are unknown.

    Attributes:
        name: For people.
        rate_hz: Images per second.
        raw: (F, L, 3) px, measured without filter.
        times_s: (F,).
    """

    name: str
    rate_hz: float
    raw: Float32
    times_s: Float64


def clips(folder: Path | None, tracker: SingleFaceTracker, images: Path) -> Iterator[Clip]:
    """Yield the clips of a folder, the images (F, H, W, 3) RGB of each in a file meanwhile."""
    for path in [folder / name for name in CLIPS if (folder / name).exists()] if folder else []:
        shown = [picture.bgr for picture in pictures_from_file(path)]
        rate_hz = rate_of_file(path)
        times_s = np.arange(len(shown)) / rate_hz
        np.save(images, np.stack(shown)[..., ::-1])
        yield Clip(path.stem, rate_hz, tracker.track(images, times_s), times_s)
