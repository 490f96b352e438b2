"""Faces in space, at the scale of their shapes; what scale and gaze build on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros import native
from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.attributes.identity import unknown_person
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.struct_of_arrays import StructOfArrays
from facemesh_ros.types import Camera, Float32, Float64

CORRECTION = ViewAngleCorrection()


class NoFaceError(ValueError):
    """Landmarks that have no extent or are not finite."""


@dataclass(frozen=True, slots=True)
class PosedFace:
    """A face in the optical frame of the camera, as far and as large as its shape says.

    Only the product of size and distance is not seen: everything in metres may be multiplied by
    one factor, about the camera's centre.

    Attributes:
        pose: Of the head; its position is that of the sellion.
        shape_m: (468, 3) this person's face without expression, face axes, m.
        landmarks_m: (L, 3) the observed landmarks in the optical frame, m, each on its ray.
        rays: (L, 3) unit vectors in which the landmarks are seen.
        view_angle_rad: Between the face's x axis and the line from the sellion to the camera.
        eyeballs_m: (2, 3) centres of this person's eyeballs, right and left, face axes, m.
        reprojection_error_px: Root mean square of the 468 landmarks against the shape.
    """

    pose: HeadPose
    shape_m: Float64
    landmarks_m: Float64
    rays: Float64
    view_angle_rad: float
    eyeballs_m: Float64
    reprojection_error_px: float


@dataclass(frozen=True, slots=True)
class PosedFaces(StructOfArrays):
    """N times what a `PosedFace` is.

    Attributes:
        are_faces: (N,) whether landmarks are finite and have an extent; else poses are NaN.
        rotations: (N, 3, 3).
        positions_m: (N, 3).
        shapes_m: (N, 468, 3).
        landmarks_m: (N, L, 3).
        view_angles_rad: (N,).
        eyeballs_m: (N, 2, 3).
        reprojection_errors_px: (N,).
        rays: (N, L, 3).
    """

    are_faces: NDArray[np.bool_]
    rotations: Float64
    positions_m: Float64
    shapes_m: Float64
    landmarks_m: Float64
    view_angles_rad: Float64
    eyeballs_m: Float64
    reprojection_errors_px: Float64
    rays: Float64

    @classmethod
    def of(cls, face: PosedFace) -> PosedFaces:
        """Return one face."""
        return cls(
            are_faces=np.ones(1, bool),
            rotations=face.pose.rotation[None],
            positions_m=face.pose.position_m[None],
            shapes_m=face.shape_m[None],
            landmarks_m=face.landmarks_m[None],
            view_angles_rad=np.array([face.view_angle_rad]),
            eyeballs_m=face.eyeballs_m[None],
            reprojection_errors_px=np.array([face.reprojection_error_px]),
            rays=face.rays[None],
        )

    def face(self, index: int) -> PosedFace:
        """Return one of them."""
        return PosedFace(
            pose=HeadPose(self.rotations[index], self.positions_m[index]),
            shape_m=self.shapes_m[index],
            landmarks_m=self.landmarks_m[index],
            rays=self.rays[index],
            view_angle_rad=float(self.view_angles_rad[index]),
            eyeballs_m=self.eyeballs_m[index],
            reprojection_error_px=float(self.reprojection_errors_px[index]),
        )


def pose_face(
    landmarks: Float32 | Float64,
    camera: Camera,
    identity: native.FaceIdentity | None = None,
    correction: ViewAngleCorrection = CORRECTION,
    *,
    learn: bool = False,
) -> PosedFace:
    """Return one face in space.

    Args:
        landmarks: (L, 3) px; z in px of the same scale.
        camera: Of their pixels.
        identity: Of the person; None for a person of whom nothing is known.
        correction: Of the pull of the landmark model.
        learn: Whether to take this view into `identity`, for the views to come.

    Raises:
        NoFaceError: If the landmarks have no extent or are not finite.
    """
    person = identity or unknown_person(load_shape_model())
    points = np.asarray(landmarks[None], np.float32)
    rays = camera.rays_from_pixels(landmarks[None, :, :2])
    faces = pose_faces([person], points, rays, correction, np.array([learn]))
    if not faces.are_faces.all():
        raise NoFaceError
    return faces.face(0)


def pose_faces(
    people: Sequence[native.FaceIdentity],
    landmarks: Float32,
    rays: Float64,
    correction: ViewAngleCorrection,
    learn: NDArray[np.bool_],
) -> PosedFaces:
    """Return N faces in space, in one call without Python's lock.

    Each face is turned to: seen by a pinhole camera that looks straight at it. The pose is that at
    which the person's shape is seen where the landmarks are, by Gauss-Newton with Huber's loss,
    moved across the line of sight to where the ridge of the nose is seen, and corrected. Each
    landmark is then put on its own ray, as far as head and mesh say. See src/native/head_fit.hpp
    and posed_face.cpp.

    Args:
        people: N, of the faces; no two alike.
        landmarks: (N, L, 3) px; z in px of the same scale.
        rays: (N, L, 3) unit vectors in which they are seen.
        correction: Of the pull of the landmark model.
        learn: (N,) whether to take this view into the person, for the views to come.
    """
    found = native.pose_faces(list(people), landmarks, rays, learn, correction.numbers)
    return PosedFaces(*found, rays=rays)
