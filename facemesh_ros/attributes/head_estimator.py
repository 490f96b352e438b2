"""Faces in space: metric pose, landmarks and gaze of each track, from its landmarks in pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.attributes.face_scale import FaceScale, ScaleEstimate
from facemesh_ros.attributes.face_view import FaceView
from facemesh_ros.attributes.head_pose import fit_head_pose
from facemesh_ros.attributes.metric_landmarks import landmarks_on_rays
from facemesh_ros.attributes.posed_face import PosedFace
from facemesh_ros.geometry.canonical_face import canonical_face_m
from facemesh_ros.types import Camera, Float32, Frame, MetricFaces, MetricSource

NOT_CALIBRATED = (
    'the camera is not calibrated, so there are no poses and no landmarks in metres: '
    'publish its calibration as camera_info'
)


class HeadEstimator:
    """Places the faces of one stream of frames in space; what it learns of a face goes by its id.

    Attributes:
        problem: Why metres are missing or worse than asked for in the last frame; empty if not.
    """

    def __init__(self) -> None:
        self.problem = ''
        self.reset()

    def reset(self) -> None:
        """Forget all faces."""
        self._scales: dict[int, FaceScale] = {}

    def update(
        self, ids: NDArray[np.int64], landmarks: Float32, frame: Frame, metric_mode: str
    ) -> MetricFaces:
        """Return the faces of the next frame in space.

        Args:
            ids: (N,) of their tracks.
            landmarks: (N, L, 3) px, filtered.
            frame: Its camera and depth image are used.
            metric_mode: See `PipelineSettings.metric_mode`.
        """
        faces = MetricFaces.unknown(*landmarks.shape[:2])
        self.problem = ''
        if not len(ids) or metric_mode == 'none':
            return faces
        if frame.camera is None:
            self.problem = NOT_CALIBRATED
            return faces
        self._scales = {name: self._scales.get(name) or FaceScale() for name in ids.tolist()}
        for index, scale in enumerate(self._scales.values()):
            posed = pose_face(landmarks[index], frame.camera)
            estimate = scale.update(landmarks[index], posed, frame, metric_mode)
            self.problem = self.problem or estimate.problem
            if estimate.source != MetricSource.NONE:
                _place(faces, index, landmarks[index], posed, estimate, frame.camera)
        return faces


def _place(
    faces: MetricFaces,
    index: int,
    landmarks: Float32,
    posed: PosedFace,
    scale: ScaleEstimate,
    camera: Camera,
) -> None:
    faces.sources[index] = scale.source
    faces.landmarks_m[index] = scale.scaled_landmarks(posed.landmarks_m)
    faces.positions_m[index] = scale.scaled_position(posed.pose.position_m)
    faces.rotations[index] = posed.pose.rotation
    faces.covariances[index] = np.diag([1e-3] * 6)
    errors = (
        camera.pixels_from_points(posed.pose.in_optical_frame(posed.shape_m))
        - landmarks[: len(posed.shape_m), :2]
    )
    faces.reprojection_errors_px[index] = np.sqrt(np.mean(np.sum(errors**2, axis=-1)))


def pose_face(landmarks: Float32, camera: Camera) -> PosedFace:
    """Return one face in space.

    Args:
        landmarks: (L, 3) px; z in px of the same scale.
        camera: Of their pixels.
    """
    shape_m = canonical_face_m()
    view = FaceView.from_landmarks(landmarks, camera)
    pose = fit_head_pose(view, shape_m)
    return PosedFace(
        pose=pose,
        shape_m=shape_m,
        landmarks_m=landmarks_on_rays(view, pose, shape_m),
        rays=view.rays,
        view_angle_rad=pose.view_angle_rad,
        identity=np.zeros(0),
    )
