"""The systems that estimate a head's pose: this package, MediaPipe 1.2.2 and canonical PnP."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from common.command import scratch_folder
from common.timings import Block
from geometry_measurements.lens_calibration import LensCalibration
from geometry_measurements.pose_errors import EstimatedPose
from mediapipe_geometry import VERTICAL_FOV_RAD, pose_from_matrix
from systems.process import SystemProcess
from systems.selection import mediapipe_tasks, peer_system

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.geometry.camera import Intrinsics
from facemesh_ros.geometry.canonical_face import canonical_face_m
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Faces, Float32, Float64, Frame, MetricSource, UInt8

OURS, PNP = 'ours', 'canonical PnP'
MEDIAPIPE, MEDIAPIPE_TRUE_CAMERA = 'MediaPipe 1.2.2', 'MediaPipe 1.2.2, true camera'


def load_pipeline() -> FacePipeline:
    """Load this package's pipeline for one face, all else by default, on the CPU."""
    settings = SensorSettings(max_faces=1, execution_provider='cpu', publish_blendshapes=False)
    return load_sensor(settings).stream()


@dataclass(frozen=True)
class SeenFace:
    """The largest face of an image as this package's pipeline sees it.

    Attributes:
        landmarks: (L, 3) px.
        landmarks_m: (L, 3) m in the optical frame.
        pose: Of the head; None if none was found.
        source: Where metres come from.
        gazes: (2, 3) right and left eye, NaN if unknown.
        gaze_sigma_rad: Of either.
    """

    landmarks: Float32
    landmarks_m: Float32
    pose: EstimatedPose | None
    source: MetricSource
    gazes: Float32
    gaze_sigma_rad: float


def head_direction(face: SeenFace) -> Float64 | None:
    """Return where a face is turned, the x axis of the head; None without a pose."""
    return face.pose.rotation[:, 0] if face.pose else None


def largest_face(faces: Faces) -> SeenFace | None:
    """Return the widest face, None without any."""
    if not len(faces):
        return None
    index = int(np.argmax(faces.boxes_xyxy[:, 2] - faces.boxes_xyxy[:, 0]))
    metric = faces.metric
    source = MetricSource(int(metric.sources[index]))
    pose = EstimatedPose(
        metric.rotations[index], metric.positions_m[index], metric.covariances[index]
    )
    return SeenFace(
        faces.landmarks[index],
        metric.landmarks_m[index],
        pose if source is not MetricSource.NONE else None,
        source,
        np.stack([metric.gazes_right[index], metric.gazes_left[index]]),
        float(metric.gaze_sigmas_rad[index]),
    )


def seen_in_pictures(pipeline: FacePipeline, frames: Iterable[Frame]) -> list[SeenFace | None]:
    """Process pictures one by one, as `facemesh run` does."""
    return [largest_face(pipeline.process_static_image(frame, averaged=True)) for frame in frames]


def seen_in_stream(pipeline: FacePipeline, frames: Iterable[Frame]) -> list[SeenFace | None]:
    """Process frames as a stream: tracked, filtered, identity learned."""
    pipeline.reset()
    return [largest_face(pipeline.process(frame)) for frame in frames]


def canonical_pnp(landmarks: Float32 | Float64, lens: LensCalibration) -> EstimatedPose:
    """Return the pose of the canonical face by OpenCV's SQPnP with the true camera."""
    shape_m = canonical_face_m()
    points = lens.undistorted(landmarks[: len(shape_m), :2].astype(float))
    _, turn, at = cv2.solvePnP(shape_m, points, np.eye(3), None, flags=cv2.SOLVEPNP_SQPNP)
    return EstimatedPose(np.asarray(cv2.Rodrigues(turn)[0], float), np.asarray(at[:, 0], float))


@dataclass(frozen=True)
class MediaPipeFace:
    """What MediaPipe says of a face.

    Attributes:
        landmarks: (478, 3) px.
        pose: As given, in its virtual camera.
    """

    landmarks: Float64
    pose: EstimatedPose

    def in_camera(self, lens: LensCalibration) -> EstimatedPose:
        """Return its pose corrected by the true camera.

        The sellion goes to its true ray, at its depth times true over virtual focal length; the
        rotation is turned as that ray is.
        """
        virtual = Intrinsics.from_vertical_fov(lens.image_wh, VERTICAL_FOV_RAD)
        at = self.pose.position_m
        pixel = at[:2] / at[2] * virtual.fx + [virtual.cx, virtual.cy]
        ray = lens.camera.rays_from_pixels(pixel)
        depth_m = at[2] * lens.k[1, 1] / virtual.fy
        turn = rotation_between(at / np.linalg.norm(at), ray)
        return EstimatedPose(turn @ self.pose.rotation, ray / ray[2] * depth_m)


def rotation_between(first: Float64, second: Float64) -> Float64:
    """Return the smallest rotation that takes a unit vector to another, not opposite one."""
    x, y, z = np.cross(first, second)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    rotation: Float64 = np.eye(3) + cross + cross @ cross / (1 + first @ second)
    return rotation


class MediaPipePeer(AbstractContextManager['MediaPipePeer']):
    """FaceLandmarker in IMAGE mode for one face, in a process of its own."""

    def __init__(self, bundle: Path | None, *, with_matrix: bool = True) -> None:
        """Start it; raises UnavailableError or SetupError where it cannot run."""
        name, command = mediapipe_tasks(bundle)
        options = ['--max-faces', '1', *(['--transforms'] if with_matrix else [])]
        self._process = SystemProcess(peer_system(name, [*command, *options]))
        self.versions = self._process.versions

    def faces(self, images: Sequence[UInt8]) -> list[MediaPipeFace | None]:
        """Return the face of each image (H, W, 3) RGB."""
        found: list[MediaPipeFace | None] = []
        for _, group in groupby(images, key=lambda image: image.shape):
            block = self.block(list(group), landmarks=True)
            for faces, matrices in zip(block['landmarks'], block['transforms'], strict=True):
                found.append(_mediapipe_face(faces, matrices))
        return found

    def block(self, images: Sequence[UInt8], **options: Any) -> Block:
        """Process images of one size; see `serving.measure_block`."""
        with scratch_folder() as folder:
            file = Path(folder) / 'images.npy'
            np.save(file, np.stack(images))
            return self._process.block(file, len(images), **options)

    def __exit__(self, *_: object) -> None:
        self._process.close()


def _mediapipe_face(faces: list[Any], matrices: list[Any]) -> MediaPipeFace | None:
    if not faces:
        return None
    pose = pose_from_matrix(np.array(matrices[0]))
    return MediaPipeFace(np.array(faces[0]), EstimatedPose(pose.rotation, pose.position_m))
