"""Faces in space: metric pose, landmarks and gaze of each track, from its landmarks in pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.attributes.drawn_irises import FACE_MESH
from facemesh_ros.attributes.face_scale import FaceScale, ScaleEstimate
from facemesh_ros.attributes.gaze import estimate_gazes
from facemesh_ros.attributes.identity import shape_tables
from facemesh_ros.attributes.pose_covariance import pose_covariances
from facemesh_ros.attributes.posed_face import CORRECTION, PosedFaces, pose_faces
from facemesh_ros.attributes.resting_eyes import RestingEyes
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS
from facemesh_ros.geometry.shape_model import ShapeModel, load_shape_model
from facemesh_ros.native import FaceIdentity, ShapeTables
from facemesh_ros.struct_of_arrays import ALL_ROWS, Rows
from facemesh_ros.types import Float32, Frame, MetricFaces, MetricSource

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

    def __init__(self, shapes: ShapeTables) -> None:
        self.identity = FaceIdentity(shapes)
        self.scale = FaceScale()
        self.resting = RestingEyes(FACE_MESH)
        self.views = 0

    def learns(self) -> bool:
        """Count a view, and return whether it is one to learn from."""
        self.views += 1
        return self.views % LEARN_EVERY == 1


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
        self._shapes = shape_tables(shapes or load_shape_model())
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
        tracks = [self._tracks.get(name) or self._begun(name) for name in known]
        posed = pose_faces(
            [track.identity for track in tracks],
            landmarks,
            frame.camera.rays_from_pixels(landmarks[..., :2]),
            self._correction,
            np.array([track.learns() for track in tracks]),
        )
        scales = self._scales(tracks, landmarks, posed, frame, metric_mode)
        rows: Rows = np.array(list(scales), np.intp) if len(scales) < len(tracks) else ALL_ROWS
        if scales:
            _place(faces, rows, posed[rows], list(scales.values()))
            if landmarks.shape[1] > MESH_LANDMARKS:
                eyes = [tracks[index].resting for index in scales]
                _look(faces, rows, posed[rows], landmarks[rows], eyes, frame.stamp_ns)
        return faces

    def _begun(self, name: int) -> _Track:
        self._tracks[name] = track = _Track(self._shapes)
        return track

    def _scales(
        self,
        tracks: list[_Track],
        landmarks: Float32,
        posed: PosedFaces,
        frame: Frame,
        metric_mode: str,
    ) -> dict[int, ScaleEstimate]:
        """Return the sizes of the faces that have one, by index."""
        scales = {}
        for index, (track, is_face) in enumerate(
            zip(tracks, posed.are_faces.tolist(), strict=True)
        ):
            if not is_face:
                self.problem = NO_FACE
                continue
            scale = track.scale.update(landmarks[index], posed.face(index), frame, metric_mode)
            self.problem = self.problem or scale.problem
            if scale.source != MetricSource.NONE:
                scales[index] = scale
        return scales


def _place(faces: MetricFaces, rows: Rows, posed: PosedFaces, scales: list[ScaleEstimate]) -> None:
    """Write faces at their own sizes."""
    positions_m = np.stack(
        [scale.scaled_position(at) for scale, at in zip(scales, posed.positions_m, strict=True)]
    )
    faces.sources[rows] = [scale.source for scale in scales]
    faces.landmarks_m[rows] = [
        scale.scaled_landmarks(points)
        for scale, points in zip(scales, posed.landmarks_m, strict=True)
    ]
    faces.positions_m[rows] = positions_m
    faces.rotations[rows] = posed.rotations
    sigmas = np.array([scale.sigma for scale in scales])
    faces.covariances[rows] = pose_covariances(posed.rotations, positions_m, sigmas)
    faces.reprojection_errors_px[rows] = posed.reprojection_errors_px


def _look(
    faces: MetricFaces,
    rows: Rows,
    posed: PosedFaces,
    landmarks: Float32,
    eyes: list[RestingEyes],
    stamp_ns: int,
) -> None:
    """Write where faces look."""
    directions, sigmas_rad = estimate_gazes(posed, landmarks, FACE_MESH, eyes, stamp_ns)
    faces.gazes_right[rows], faces.gazes_left[rows] = directions[:, 0], directions[:, 1]
    faces.gaze_sigmas_rad[rows] = sigmas_rad
