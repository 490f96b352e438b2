"""The values that pass between the stages of the pipeline: structs of arrays with a face axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.struct_of_arrays import StructOfArrays

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]
UInt8 = NDArray[np.uint8]


class PixelOrder(Enum):
    """Meaning of an image's last axis; the value is the index of red, green and blue in it."""

    MONO = (0, 0, 0)
    RGB = (0, 1, 2)
    BGR = (2, 1, 0)
    RGBA = (0, 1, 2, 3)
    BGRA = (2, 1, 0, 3)

    @property
    def channels(self) -> int:
        """Size of the image's last axis; 1 for MONO, whose image may also have no such axis."""
        return len(self.value) if self is not PixelOrder.MONO else 1


class Camera(Protocol):
    """A calibrated camera, whatever its lens; directions and points are in its optical frame.

    Optical frame: x right, y down, z forward. Pixels: (0, 0) is the centre of the top-left one.
    """

    def rays_from_pixels(self, pixels: Float32 | Float64) -> Float64:
        """Return the directions (..., 3) in which (..., 2) px are seen, of length 1."""

    def pixels_from_points(self, points: Float32 | Float64) -> Float64:
        """Return where (..., 3) points or directions are seen, (..., 2) px; NaN if nowhere."""


@dataclass(frozen=True, slots=True)
class DepthImage:
    """Distances registered to a camera image: its pixels show the same as the image's.

    Attributes:
        depth_m: (H, W) distance along the optical axis, m; NaN, 0 or less where unknown.
        stamp_ns: When it was taken, ns, by the clock of the image's stamp.
    """

    depth_m: Float32
    stamp_ns: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One camera image.

    Attributes:
        image: (H, W) or (H, W, C) uint8.
        order: Meaning of the C channels.
        stamp_ns: When the image was taken, ns; only differences matter.
        camera: Of this image's pixels; None if it is not calibrated.
        depth: None if there is none for this image.
        find_geometry: Asked for camera and depth once the landmarks are known, since both may
            arrive after the image; None if those above are all there will be.
    """

    image: UInt8
    order: PixelOrder
    stamp_ns: int = 0
    camera: Camera | None = None
    depth: DepthImage | None = None
    find_geometry: Callable[[], tuple[Camera | None, DepthImage | None]] | None = None

    @property
    def image_wh(self) -> tuple[int, int]:
        """Image width and height in px."""
        return self.image.shape[1], self.image.shape[0]

    def with_geometry(
        self,
        camera: Camera | None = None,
        depth: DepthImage | None = None,
        find: Callable[[], tuple[Camera | None, DepthImage | None]] | None = None,
    ) -> Frame:
        """Return the same image with this camera and depth, and `find_geometry`."""
        return Frame(self.image, self.order, self.stamp_ns, camera, depth, find)


@dataclass(frozen=True, slots=True)
class FaceDetections(StructOfArrays):
    """N faces that detectors found in one frame, best score first.

    Attributes:
        boxes_xyxy: (N, 4) px in the image.
        keypoints: (N, 6, 2) px in the image: right eye, left eye, nose tip, mouth, right and
            left ear tragion; left and right are the subject's.
        scores: (N,) in [0, 1].
    """

    boxes_xyxy: Float32
    keypoints: Float32
    scores: Float32

    @staticmethod
    def concatenate(parts: Sequence[FaceDetections]) -> FaceDetections:
        """Return the detections of all parts in their order."""
        filled = [part for part in parts if len(part.scores)]
        if len(filled) < 2:
            return filled[0] if filled else NO_DETECTIONS
        return FaceDetections(
            np.concatenate([part.boxes_xyxy for part in filled]),
            np.concatenate([part.keypoints for part in filled]),
            np.concatenate([part.scores for part in filled]),
        )


NO_DETECTIONS = FaceDetections(
    np.empty((0, 4), np.float32), np.empty((0, 6, 2), np.float32), np.empty(0, np.float32)
)


@dataclass(frozen=True, slots=True)
class Rois(StructOfArrays):
    """N rotated regions of interest: the crops that a landmark model is run on.

    Attributes:
        centres: (N, 2) px in the image.
        sizes_wh: (N, 2) px.
        rotations_rad: (N,) clockwise positive in image axes (x right, y down).
    """

    centres: Float32
    sizes_wh: Float32
    rotations_rad: Float32

    @staticmethod
    def none() -> Rois:
        """Return no regions."""
        nothing = np.empty((0, 2), np.float32)
        return Rois(nothing, nothing, np.empty(0, np.float32))

    def shifted(self, offsets: Float64) -> Rois:
        """Return the regions, each moved by its row of (N, 2) px."""
        return Rois((self.centres + offsets).astype(np.float32), self.sizes_wh, self.rotations_rad)


@dataclass(frozen=True, slots=True)
class FaceLandmarks(StructOfArrays):
    """Output of a landmark model for N crops.

    Attributes:
        points: (N, L, 3) px in the image; z in px of the same scale, smaller is nearer.
        presences: (N,) probability that a face is in the crop, [0, 1].
    """

    points: Float32
    presences: Float32


@dataclass(frozen=True, slots=True)
class Observations(StructOfArrays):
    """Landmarks of N crops of one frame, faces or not, with where each crop comes from.

    Attributes:
        points: (N, L, 3) px in the image.
        presences: (N,) probability that a face is in the crop, [0, 1].
        scores: (N,) of the detector, NaN for the predicted ROI of a track.
        keypoints: (N, 6, 2) px, of the detector, see FaceDetections; NaN like the scores.
        rois: The crops.
        changes: (N,) by how much the landmarks differ from those of the look before, RMS in
            sizes of the face's box (root of its area); NaN after a single look.
        are_faces: (N,) whether each counts as a face, all evidence considered.
    """

    points: Float32
    presences: Float32
    scores: Float32
    keypoints: Float32
    rois: Rois
    changes: Float64
    are_faces: NDArray[np.bool_]

    @staticmethod
    def of_tracks(landmarks: FaceLandmarks, rois: Rois) -> Observations:
        """Return what the predicted ROIs of N tracks show, not judged yet."""
        count = len(landmarks.presences)
        return Observations._looked_at(landmarks, unscored(count), _unknown_keypoints(count), rois)

    @staticmethod
    def of_detections(
        landmarks: FaceLandmarks, detections: FaceDetections, rois: Rois
    ) -> Observations:
        """Return what the crops of N detections show, not judged yet."""
        return Observations._looked_at(landmarks, detections.scores, detections.keypoints, rois)

    @staticmethod
    def _looked_at(
        landmarks: FaceLandmarks, scores: Float32, keypoints: Float32, rois: Rois
    ) -> Observations:
        """Return what N crops show after one look, not judged yet."""
        changes, none = _unjudged(len(scores))
        points, presences = landmarks.points, landmarks.presences
        return Observations(points, presences, scores, keypoints, rois, changes, none)

    def judged(self, are_faces: NDArray[np.bool_]) -> Observations:
        """Return the same with other `are_faces`."""
        return Observations(
            self.points,
            self.presences,
            self.scores,
            self.keypoints,
            self.rois,
            self.changes,
            are_faces,
        )


@lru_cache(maxsize=32)
def unscored(count: int) -> Float32:
    """Return the scores (N,) of what no detector has looked at, NaN; read-only, many share it."""
    return _read_only(np.full(count, np.nan, np.float32))


@lru_cache(maxsize=32)
def _unknown_keypoints(count: int) -> Float32:
    return _read_only(np.full((count, 6, 2), np.nan, np.float32))


@lru_cache(maxsize=32)
def _unjudged(count: int) -> tuple[Float64, NDArray[np.bool_]]:
    """Return `changes` and `are_faces` of N crops that were looked at once; read-only."""
    return _read_only(np.full(count, np.nan)), _read_only(np.zeros(count, bool))


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array


class FaceState(IntEnum):
    """State of a track; the numbers are those of FaceMesh.msg."""

    TENTATIVE = 0
    TRACKED = 1
    COASTING = 2


class MetricSource(IntEnum):
    """What says how large a face is in metres; the numbers are those of FaceMesh.msg."""

    NONE = 0
    CANONICAL = 1
    IRIS = 2
    DEPTH = 3


@dataclass(frozen=True, slots=True)
class MetricFaces(StructOfArrays):
    """The N faces of one frame in space, in the optical frame of the camera.

    Attributes:
        sources: (N,) uint8, see MetricSource; all else is NaN where it is NONE.
        landmarks_m: (N, L, 3) m.
        positions_m: (N, 3) of the sellion, the deepest point between the eyes, m.
        rotations: (N, 3, 3) optical axes from face axes: x out of the face, y to the subject's
            left, z up (REP-155).
        covariances: (N, 6, 6) of position and rotation about the optical axes, m and rad.
        reprojection_errors_px: (N,) root mean square.
        gazes_left: (N, 3) unit vectors in which the left eyes look; NaN if unknown.
        gazes_right: (N, 3) those of the right eyes.
        gaze_sigmas_rad: (N,) standard deviation of either; NaN if unknown.
    """

    sources: UInt8
    landmarks_m: Float32
    positions_m: Float64
    rotations: Float64
    covariances: Float64
    reprojection_errors_px: Float32
    gazes_left: Float32
    gazes_right: Float32
    gaze_sigmas_rad: Float32

    @staticmethod
    def unknown(count: int, landmark_count: int) -> MetricFaces:
        """Return faces of which nothing is known in space; read-only, many share the arrays."""
        return _unknown(count, landmark_count)


@lru_cache(maxsize=32)
def _unknown(count: int, landmark_count: int) -> MetricFaces:
    shapes = (landmark_count, 3), (3,), (3, 3), (6, 6), (), (3,), (3,), ()
    types = (np.float32, *[np.float64] * 3, *[np.float32] * 4)
    arrays: list[NDArray[Any]] = [np.full(count, MetricSource.NONE, np.uint8)]
    arrays += [
        np.full((count, *shape), np.nan, kind) for shape, kind in zip(shapes, types, strict=True)
    ]
    return MetricFaces(*map(_read_only, arrays))


@dataclass(frozen=True, slots=True)
class Faces:
    """The N faces of one frame, sorted by id.

    Attributes:
        ids: (N,) int64, 1 and up; never given to another face in a run.
        states: (N,) uint8, see FaceState.
        ages: (N,) uint32, images since the track began, this one included.
        detection_scores: (N,) in [0, 1], NaN where the detector was skipped.
        last_detection_scores: (N,) what the detector said of it last, 0 if it found no face there.
        last_detection_ages: (N,) uint32, images since then.
        presences: (N,) in [0, 1].
        boxes_xyxy: (N, 4) px, tight around the landmarks.
        rois: The crops that the landmarks come from.
        landmarks: (N, L, 3) px in the image; z in px of the same scale, smaller is nearer;
            filtered over time.
        raw_landmarks: (N, L, 3) px, the same as measured in this frame.
        jitters_px: (N,) RMS of raw minus filtered over the last second, px.
        blendshapes: (N, 52) in [0, 1], how strongly each expression shows; (N, 0) without a
            blendshape model.
        metric: The faces in space, from the filtered landmarks.
        filtered: Whether a temporal filter is on; if not, both landmarks are the same.
    """

    ids: NDArray[np.int64]
    states: UInt8
    ages: NDArray[np.uint32]
    detection_scores: Float32
    last_detection_scores: Float32
    last_detection_ages: NDArray[np.uint32]
    presences: Float32
    boxes_xyxy: Float32
    rois: Rois
    landmarks: Float32
    raw_landmarks: Float32
    jitters_px: Float32
    blendshapes: Float32
    metric: MetricFaces
    filtered: bool

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def names(self) -> list[str]:
        """Ids as published, "f00001": REP-155 asks for a letter first."""
        return [f'f{number:05d}' for number in self.ids.tolist()]
