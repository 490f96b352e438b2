"""Images of one moving face and its ROI in each, found on the CPU, so that no variant chooses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from common.command import MeasurementError
from cpu_models import cpu_session, detector, landmark_model

from facemesh_ros.detection.blazeface import BlazeFace
from facemesh_ros.errors import FacemeshError
from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.io.moving_face import ASTRONAUT_FACE_XY, MovingFace, moving_astronaut
from facemesh_ros.types import Frame, PixelOrder, Rois, UInt8

IMAGE_WH = (1280, 720)
IMAGES, RATE_HZ = 60, 30.0
# Of the pictures that `MovingFace` moves: its scale is meant for them.
PORTRAIT_PX, FACE_PX = 512, 100
JITTER_PX = 8.0


@dataclass(frozen=True)
class Scene:
    """Images and ROIs.

    Attributes:
        images: (F, H, W, 3), BGR.
        rois: The face in each image.
    """

    images: UInt8
    rois: Rois

    def frame(self, index: int) -> Frame:
        """Return an image as a new frame, as it comes from a camera."""
        return Frame(self.images[index], PixelOrder.BGR, round(1e9 * index / RATE_HZ))

    def faces(self, index: int, count: int) -> Rois:
        """Return so many ROIs around the face of an image, the same at each call."""
        random = np.random.default_rng(count)
        one = self.rois[np.array([index])]
        offsets = random.uniform(-JITTER_PX, JITTER_PX, (count, 2)).astype(np.float32)
        return Rois(
            one.centres + offsets,
            one.sizes_wh.repeat(count, axis=0),
            one.rotations_rad.repeat(count),
        )

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        np.save(folder / 'images.npy', self.images)
        rois = self.rois
        np.savez(folder / 'rois.npz', c=rois.centres, s=rois.sizes_wh, r=rois.rotations_rad)

    @staticmethod
    def load(folder: Path, images: int = IMAGES) -> Scene:
        """Read the first images of a folder."""
        stored = np.load(folder / 'rois.npz')
        rois = Rois(stored['c'], stored['s'], stored['r'])[np.arange(images)]
        # Copied, as from a camera: a mapped file would be read while its upload is timed.
        return Scene(np.array(np.load(folder / 'images.npy', mmap_mode='r')[:images]), rois)


def make_scene(model: str, portrait: Path | None, images: int = IMAGES) -> Scene:
    """Draw the images and find the face in each, with the landmark model that is measured.

    Raises:
        MeasurementError: If there is no picture of a face.
    """
    finder = detector('full_range', cpu_session('full_range'))
    predict = landmark_model(cpu_session(model)).predict
    moving = _moving(portrait, finder)
    drawn = [moving.image_at(index / RATE_HZ) for index in range(images)]
    found = []
    for image in drawn:
        frame = Frame(np.ascontiguousarray(image), PixelOrder.BGR)
        boxes = finder.detect(frame, 0.5)[:1].boxes_xyxy
        if not len(boxes):
            raise MeasurementError('no face is found in an image of the moving picture')
        centres, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, 1.5 * (boxes[:, 2:] - boxes[:, :2])
        rois = Rois(centres, sizes, np.zeros(1, np.float32))
        for _ in range(2):
            rois = rois_from_landmarks(predict(frame, rois).points)
        found.append(rois)
    columns = [(each.centres, each.sizes_wh, each.rotations_rad) for each in found]
    return Scene(np.stack(drawn), Rois(*map(np.concatenate, zip(*columns, strict=True))))


def _moving(portrait: Path | None, finder: BlazeFace) -> MovingFace:
    if portrait is None:
        try:
            return moving_astronaut(IMAGE_WH)
        except FacemeshError as error:
            text = (
                'no picture of a face: give one by --portrait FILE, or `pip install scikit-image`'
            )
            raise MeasurementError(text) from error
    picture = cv2.imread(str(portrait))
    if picture is None:
        raise MeasurementError(f'{portrait} is no picture that OpenCV reads')
    boxes = finder.detect(Frame(picture, PixelOrder.BGR), 0.5)[:1].boxes_xyxy
    if not len(boxes):
        raise MeasurementError(f'no face is found in {portrait}')
    scale = FACE_PX / float((boxes[0, 2:] - boxes[0, :2]).max())
    offset = np.array(ASTRONAUT_FACE_XY) - scale * (boxes[0, :2] + boxes[0, 2:]) / 2
    there = np.column_stack([scale * np.eye(2), offset])
    size = (PORTRAIT_PX, PORTRAIT_PX)
    warped = cv2.warpAffine(picture, there, size, borderMode=cv2.BORDER_REPLICATE)
    return MovingFace(np.asarray(warped, np.uint8), ASTRONAUT_FACE_XY, IMAGE_WH)
