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
        identity: (K,) what this person's shape is made of, see `ShapeModel`.
        reprojection_error_px: Root mean square of the 468 landmarks against the shape.
    """

    pose: HeadPose
    shape_m: Float64
    landmarks_m: Float64
    rays: Float64
    view_angle_rad: float
    identity: Float64
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
    shape_m, coefficients = person.shape_m, person.coefficients
    view = FaceView.from_landmarks(landmarks, camera)
    fit = fit_head_pose(view, shape_m)
    if learn:
        person.learn(view, fit)
    pose = correction.apply(fit.pose_at_sellion).turned(view.rotation)
    eyeballs_m = pose.in_optical_frame(load_shape_model().eyeballs(coefficients))
    return PosedFace(
        pose=pose,
        shape_m=shape_m,
        landmarks_m=landmarks_on_rays(view, pose, shape_m, eyeballs_m),
        rays=view.rays,
        view_angle_rad=pose.view_angle_rad,
        identity=coefficients,
        reprojection_error_px=fit.reprojection_error_px(view),
    )
