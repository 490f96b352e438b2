"""Faces in space: metric pose, landmarks and gaze of each track, from its landmarks in pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.attributes.drawn_irises import FACE_MESH
from facemesh_ros.attributes.face_scale import FaceScale, ScaleEstimate
from facemesh_ros.attributes.face_view import FaceView, NoFaceError
from facemesh_ros.attributes.gaze import estimate_gaze
from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.attributes.identity import FaceIdentity
from facemesh_ros.attributes.pose_covariance import pose_covariance
from facemesh_ros.attributes.posed_face import CORRECTION, PosedFace, pose_seen_face
from facemesh_ros.attributes.resting_eyes import RestingEyes
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.shape_model import ShapeModel, load_shape_model
from facemesh_ros.types import Float32, Float64, Frame, MetricFaces, MetricSource

NOT_CALIBRATED = (
    'the camera is not calibrated, so there are no poses and no landmarks in metres: '
    'publish its calibration as camera_info'
)
NO_FACE = (
    'the landmarks of a face have no extent or are not finite, so it has no pose: '
    'check the landmark model with `facemesh doctor`'
)
# A person's shape does not change: one view in so many of a track is learnt from.
LEARN_EVERY = 10


class _Track:
    """What is known of one face."""

    def __init__(self, shapes: ShapeModel) -> None:
        self.identity = FaceIdentity(shapes)
        self.scale = FaceScale()
        self.resting = RestingEyes(FACE_MESH)
        self.views = 0


class HeadEstimator:
    """Places the faces of one stream of frames in space; what it learns of a face goes by its id.

    Attributes:
        problem: Why metres are missing or worse than asked for in the last frame; empty if not.
    """

    def __init__(
        self,
        shapes: ShapeModel | None = None,
        correction: ViewAngleCorrection = CORRECTION,
    ) -> None:
        """Know no face yet.

        Args:
            shapes: Of people; None for adults.
            correction: Of the pull of the landmark model; `ViewAngleCorrection.none()` if the
                landmarks are exact.
        """
        self.problem = ''
        self._shapes = shapes or load_shape_model()
        self._correction = correction
        self._tracks: dict[int, _Track] = {}

    def reset(self) -> None:
        """Forget all faces."""
        self._tracks.clear()

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
        known = ids.tolist()
        for ended in self._tracks.keys() - known:
            del self._tracks[ended]
        if not known or metric_mode == 'none':
            return faces
        if frame.camera is None:
            self.problem = NOT_CALIBRATED
            return faces
        rays = frame.camera.rays_from_pixels(landmarks[..., :2])
        for index, name in enumerate(known):
            if name not in self._tracks:
                self._tracks[name] = _Track(self._shapes)
            track = self._tracks[name]
            try:
                posed = self._posed(track, landmarks[index], rays[index])
            except NoFaceError:
                self.problem = NO_FACE
                continue
            scale = track.scale.update(landmarks[index], posed, frame, metric_mode)
            self.problem = self.problem or scale.problem
            if scale.source != MetricSource.NONE:
                _place(faces, index, posed, scale)
                _look(faces, index, posed, landmarks[index], track.resting, frame.stamp_ns)
        return faces

    def _posed(self, track: _Track, landmarks: Float32, rays: Float64) -> PosedFace:
        view = FaceView.along_rays(landmarks, rays)
        track.views += 1
        learn = track.views % LEARN_EVERY == 1
        return pose_seen_face(view, track.identity, self._correction, learn=learn)


def _place(faces: MetricFaces, index: int, posed: PosedFace, scale: ScaleEstimate) -> None:
    """Write one face at its own size."""
    pose = HeadPose(posed.pose.rotation, scale.scaled_position(posed.pose.position_m))
    faces.sources[index] = scale.source
    faces.landmarks_m[index] = scale.scaled_landmarks(posed.landmarks_m)
    faces.positions_m[index] = pose.position_m
    faces.rotations[index] = pose.rotation
    faces.covariances[index] = pose_covariance(pose, scale.sigma)
    faces.reprojection_errors_px[index] = posed.reprojection_error_px


def _look(
    faces: MetricFaces,
    index: int,
    posed: PosedFace,
    landmarks: Float32,
    resting: RestingEyes,
    stamp_ns: int,
) -> None:
    """Write where one face looks."""
    gaze = estimate_gaze(posed, landmarks, FACE_MESH, resting, stamp_ns)
    faces.gazes_left[index], faces.gazes_right[index] = gaze.left, gaze.right
    faces.gaze_sigmas_rad[index] = gaze.sigma_rad
