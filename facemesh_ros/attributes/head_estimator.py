"""Faces in space: metric pose, landmarks and gaze of each track, from its landmarks in pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros import native
from facemesh_ros.attributes.drawn_irises import FACE_MESH
from facemesh_ros.attributes.face_scale import (
    NO_RELIEF,
    UNKNOWN_SCALE,
    FaceScale,
    ScaleEstimate,
)
from facemesh_ros.attributes.gaze import estimate_gazes
from facemesh_ros.attributes.identity import shape_tables
from facemesh_ros.attributes.posed_face import CORRECTION, PosedFaces, pose_faces
from facemesh_ros.attributes.resting_eyes import RestingEyes
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS
from facemesh_ros.geometry.shape_model import ShapeModel, load_shape_model
from facemesh_ros.native import FaceIdentity, ShapeTables
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
        self.problem = ''
        known = ids.tolist()
        for ended in self._tracks.keys() - known:
            del self._tracks[ended]
        if not known or metric_mode == 'none' or frame.camera is None:
            if known and metric_mode != 'none':
                self.problem = NOT_CALIBRATED
            return MetricFaces.unknown(*landmarks.shape[:2])
        tracks = [self._tracks.get(name) or self._begun(name) for name in known]
        posed = pose_faces(
            [track.identity for track in tracks],
            landmarks,
            frame.camera.rays_from_pixels(landmarks[..., :2]),
            self._correction,
            np.array([track.learns() for track in tracks]),
        )
        scales = self._scales(tracks, landmarks, posed, frame, metric_mode)
        eyes = [track.resting for track in tracks]
        gazes = _gazes(posed, landmarks, scales, eyes, frame.stamp_ns)
        return _placed(posed, scales, *gazes)

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
    ) -> list[ScaleEstimate]:
        """Return the size of each face; its source is NONE if it has none."""
        scales = []
        for index, (track, is_face) in enumerate(
            zip(tracks, posed.are_faces.tolist(), strict=True)
        ):
            scale = UNKNOWN_SCALE
            if is_face:
                face = posed.face(index)
                scale = track.scale.update(landmarks[index], face, frame, metric_mode)
                self.problem = self.problem or scale.problem
            else:
                self.problem = NO_FACE
            scales.append(scale)
        return scales


def _gazes(
    posed: PosedFaces,
    landmarks: Float32,
    scales: list[ScaleEstimate],
    eyes: list[RestingEyes],
    stamp_ns: int,
) -> tuple[Float32, Float32]:
    """Return where faces look, (N, 2, 3), and how sure that is, (N,) rad.

    NaN of those without irises and of those that have no size.
    """
    count, landmark_count, _ = landmarks.shape
    placed = [index for index, scale in enumerate(scales) if scale.source != MetricSource.NONE]
    if landmark_count > MESH_LANDMARKS and len(placed) == count:
        directions, sigmas_rad = estimate_gazes(posed, landmarks, FACE_MESH, eyes, stamp_ns)
        return directions.astype(np.float32), sigmas_rad.astype(np.float32)
    gazes = np.full((count, 2, 3), np.nan, np.float32)
    sigmas = np.full(count, np.nan, np.float32)
    if landmark_count > MESH_LANDMARKS and placed:
        eyes = [eyes[index] for index in placed]
        rows = np.array(placed)
        gazes[rows], sigmas[rows] = estimate_gazes(
            posed[rows], landmarks[rows], FACE_MESH, eyes, stamp_ns
        )
    return gazes, sigmas


def _placed(
    posed: PosedFaces, scales: list[ScaleEstimate], gazes: Float32, gaze_sigmas_rad: Float32
) -> MetricFaces:
    """Return faces at their own sizes; all of one that has none is NaN."""
    factors = np.array([scale.factor for scale in scales])
    landmarks_m, positions_m, covariances = native.place_faces(
        posed.rotations,
        posed.positions_m,
        posed.landmarks_m,
        factors,
        np.array([scale.position_factor for scale in scales]),
        np.array([scale.sigma for scale in scales]),
    )
    for index, scale in enumerate(scales):
        if scale.relief is not NO_RELIEF:
            landmarks_m[index] = scale.scaled_landmarks(posed.landmarks_m[index])
    unknown = factors * 0  # or NaN
    return MetricFaces(
        sources=np.array([scale.source for scale in scales], np.uint8),
        landmarks_m=landmarks_m,
        positions_m=positions_m,
        rotations=posed.rotations + unknown[:, None, None],
        covariances=covariances + unknown[:, None, None],
        reprojection_errors_px=(posed.reprojection_errors_px + unknown).astype(np.float32),
        gazes_left=gazes[:, 1],
        gazes_right=gazes[:, 0],
        gaze_sigmas_rad=gaze_sigmas_rad,
    )
