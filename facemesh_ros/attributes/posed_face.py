"""One face in space, at the scale of its shape; what scale and gaze build on."""

from __future__ import annotations

from dataclasses import dataclass

from facemesh_ros.attributes.face_view import FaceView
from facemesh_ros.attributes.head_pose import HeadPose, fit_head_pose
from facemesh_ros.attributes.identity import FaceIdentity
from facemesh_ros.attributes.metric_landmarks import landmarks_on_rays
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.types import Camera, Float32, Float64

CORRECTION = ViewAngleCorrection()


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


def pose_face(
    landmarks: Float32 | Float64,
    camera: Camera,
    identity: FaceIdentity | None = None,
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
    """
    person = identity or FaceIdentity(load_shape_model())
    view = FaceView.from_landmarks(landmarks, camera)
    return pose_seen_face(view, person, correction, learn=learn)


def pose_seen_face(
    view: FaceView, person: FaceIdentity, correction: ViewAngleCorrection, *, learn: bool
) -> PosedFace:
    """Return one face in space from the rays of its landmarks; see `pose_face`."""
    head, eyeballs_m = person.head, person.eyeballs_m
    fit = fit_head_pose(view, head)
    if learn:
        person.learn(view, fit)
    in_view = correction.apply(fit.pose_at_sellion)
    pose = in_view.turned(view.rotation)
    placed_m = pose.in_optical_frame(eyeballs_m)
    return PosedFace(
        pose=pose,
        shape_m=head.shape_m,
        landmarks_m=landmarks_on_rays(view, in_view, head, placed_m),
        rays=view.rays,
        view_angle_rad=pose.view_angle_rad,
        eyeballs_m=eyeballs_m,
        reprojection_error_px=fit.reprojection_error_px(view),
    )
