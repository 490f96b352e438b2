"""The search for faces: at once in a picture, spread over the images of a stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.catalog.model_specs import DetectorSpec
from facemesh_ros.detection.candidates import SAME_PLACE, CandidateQueue
from facemesh_ros.detection.nms import stacked
from facemesh_ros.detection.scan_plan import DetectionWindow
from facemesh_ros.detection.scan_schedule import ScanSchedule
from facemesh_ros.geometry.boxes import (
    box_sizes,
    containment_matrix,
    iou_matrix,
    suppress_duplicates,
)
from facemesh_ros.geometry.rois import LEFT_EYE_KEYPOINT, RIGHT_EYE_KEYPOINT
from facemesh_ros.geometry.tiles import rotate_quarter_turns
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.thread_pool import NO_WORKERS, ThreadPool
from facemesh_ros.types import NO_DETECTIONS, FaceDetections, Float32, Frame, Rois

# Part of the smaller of two boxes from which they are of one face.
SAME_FACE = 0.5
# A box that ends within this part of a tile's side from its border may go on behind it.
CUT = 0.02
# A detection is worth a look of its own if it has at least this part of the wanted score, and only
# worth that if it has not all of it, or if it is smaller than this part of the region's side: then
# its keypoints are too coarse for a crop.
HINT, COARSE = 0.4, 0.125
# That look is at a square so many times its size, where a face is as large as the detector likes.
HINT_REGION = 4
# There a face scores well. What was below the wanted score before must be so much above it:
# measured, half-hidden and tiny faces score 0.65 to 0.9 there, stars and stones 0.5 to 0.64.
CONFIRMED = 1.3
# With fewer pixels nothing can be told from a face.
TOO_SMALL_PX = 12


class Detector(Protocol):
    """Finds faces in one region of a frame; stateless."""

    def detect(self, frame: Frame, min_score: float, region: Rois | None) -> FaceDetections:
        """Return the faces that score at least `min_score`, best first, in px of the image."""


class FaceSearch:
    """Looks for the faces of one stream.

    Attributes:
        detector_runs: How often each detector has looked since the start.
    """

    def __init__(
        self,
        detectors: Mapping[str, Detector],
        tile_detector: tuple[str, DetectorSpec] | None = None,
        pool: ThreadPool = NO_WORKERS,
    ) -> None:
        """Begin with an unknown image.

        Args:
            detectors: Who looks at the whole image, by name, the cheapest first.
            tile_detector: Who of them looks closer, at tiles and what may be a face; None for the
                whole image alone.
            pool: Who shares the looks at an image.
        """
        self.detector_runs: Counter[str] = Counter(dict.fromkeys(detectors, 0))
        self._detectors = detectors
        self._pool, self._counting = pool, Lock()
        self._cheapest = next(iter(detectors))
        self._closer = tile_detector[0] if tile_detector else None
        self._schedule = ScanSchedule(list(detectors), tile_detector)
        self._hints = CandidateQueue()
        self._known_count = 0

    def reset(self) -> None:
        """Start from the beginning."""
        self._schedule.reset()
        self._hints.reset()
        self._known_count = 0

    def scan_image(self, frame: Frame, settings: PipelineSettings) -> FaceDetections:
        """Look everywhere at once and return each face once, best score first."""
        sweep = self._schedule.sweep(frame.image_wh, settings)
        looks = [sweep.first, *dict.fromkeys(sweep.rest)]
        sure, hints = self._seen(frame, looks, settings.min_detection_confidence)
        confirmed = self._pool.map(
            lambda hint: self._confirmed(frame, hint, settings), _each(hints)
        )
        return _each_once([sure, *confirmed])

    def scan_next(
        self,
        frame: Frame,
        settings: PipelineSettings,
        *,
        known_xyxy: Float32,
        whole_image: bool,
        search_rois: Rois,
    ) -> FaceDetections:
        """Take the looks whose turn it is in the next image of a stream.

        Args:
            frame: The image.
            settings: Of now.
            known_xyxy: (N, 4) px, boxes of faces that need no confirmation. Once a sweep has
                brought nobody who is not among them, closer looks become rare.
            whole_image: Whether the cheapest detector must see the whole of this very image.
            search_rois: Regions in which it must look too.

        Returns:
            Each face once, best score first.
        """
        calm = not whole_image and len(known_xyxy) == self._known_count
        self._known_count = len(known_xyxy)
        looks = self._schedule.due(frame.image_wh, settings, calm=calm)
        if whole_image and self._schedule.first not in looks:
            looks.append(DetectionWindow((self._cheapest,), None))
        looks += [
            DetectionWindow((self._cheapest,), search_rois[index : index + 1])
            for index in range(len(search_rois))
        ]
        sure, hints = self._seen(frame, looks, settings.min_detection_confidence)
        hint = self._hints.next(hints, known_xyxy)
        return _each_once([sure, self._confirmed(frame, hint, settings)])

    def _seen(
        self, frame: Frame, looks: Sequence[DetectionWindow], min_score: float
    ) -> tuple[FaceDetections, FaceDetections]:
        """Return who is seen for sure, and what somebody should look closer at."""
        low = min_score if self._closer is None else HINT * min_score
        found = self._pool.map(lambda look: self._look(frame, look, low), looks)
        if self._closer is None:
            return _each_once(found), NO_DETECTIONS
        everything = stacked([NO_DETECTIONS, *found])
        coarse = [_coarse(*seen, frame.image_wh) for seen in zip(found, looks, strict=True)]
        doubtful = np.concatenate([np.empty(0, bool), *coarse]) | (everything.scores < min_score)
        kept = _firsts_by_score(everything, doubtful)
        sure = ~doubtful[kept]
        return everything[kept[sure]], everything[kept[~sure]]

    def _look(self, frame: Frame, look: DetectionWindow, min_score: float) -> FaceDetections:
        found = [NO_DETECTIONS]
        with self._counting:
            self.detector_runs.update(look.detectors)
        for name in look.detectors:
            seen = self._detectors[name].detect(frame, min_score, look.region)
            if look.region is not None:
                seen = seen[_uncut(seen, look.region, frame.image_wh)]
            found.append(seen[box_sizes(seen.boxes_xyxy) >= TOO_SMALL_PX])
        return stacked(found)

    def _confirmed(
        self, frame: Frame, hint: FaceDetections, settings: PipelineSettings
    ) -> FaceDetections:
        """Return the face that the closer look at a hint finds there, if there is one."""
        if self._closer is None or not len(hint):
            return NO_DETECTIONS
        min_score = settings.min_detection_confidence
        if hint.scores[0] < min_score:
            min_score = min(CONFIRMED * min_score, 1.0)
        found = self._look(
            frame, DetectionWindow((self._closer,), _region_around(hint)), min_score
        )
        same = containment_matrix(found.boxes_xyxy, hint.boxes_xyxy)[:, 0] > SAME_FACE
        return found[same][:1]


def _coarse(
    found: FaceDetections, look: DetectionWindow, image_wh: tuple[int, int]
) -> NDArray[np.bool_]:
    """Tell which faces are too small in a look for exact keypoints."""
    side = max(image_wh) if look.region is None else look.region.sizes_wh[0, 0]
    coarse: NDArray[np.bool_] = box_sizes(found.boxes_xyxy) < COARSE * side
    return coarse


def _region_around(face: FaceDetections) -> Rois:
    """Return the square in which to look closer at one face, turned as the face is."""
    boxes = face.boxes_xyxy
    sides = (HINT_REGION * (boxes[:, 2:] - boxes[:, :2])).max(axis=1, keepdims=True)
    right_eye, left_eye = (
        face.keypoints[0, RIGHT_EYE_KEYPOINT],
        face.keypoints[0, LEFT_EYE_KEYPOINT],
    )
    angle = np.arctan2(*(left_eye - right_eye)[::-1])
    upright = Rois(
        np.float32(0.5) * (boxes[:, :2] + boxes[:, 2:]),
        sides.repeat(2, axis=1),
        np.zeros_like(sides[0]),
    )
    return rotate_quarter_turns(upright, round(float(angle) / (np.pi / 2)))


def _each_once(parts: Sequence[FaceDetections]) -> FaceDetections:
    """Merge what several looks saw: of the same face the best score stays."""
    found = stacked([NO_DETECTIONS, *parts])
    return found[_firsts_by_score(found, np.zeros(len(found), bool))]


def _firsts_by_score(found: FaceDetections, doubtful: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return indices of each face once; a doubtful one hides no smaller ones that it contains."""
    order = np.argsort(-found.scores, kind='stable')
    boxes = found.boxes_xyxy[order]
    contained = containment_matrix(boxes, boxes) > SAME_FACE
    alike = iou_matrix(boxes, boxes) > SAME_PLACE
    return order[suppress_duplicates(np.where(doubtful[order], alike, contained))]


def _each(detections: FaceDetections) -> list[FaceDetections]:
    return [detections[index : index + 1] for index in range(len(detections))]


def _uncut(found: FaceDetections, region: Rois, image_wh: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which boxes end well within the region, or where the image itself ends."""
    side, centre = region.sizes_wh[0, 0], region.centres[0]
    low, high = centre - side / 2, centre + side / 2
    # A pixel of tolerance, as tiles that fit the image do so up to rounding.
    low = np.where(low <= 1, -np.inf, low + CUT * side)
    high = np.where(high >= np.subtract(image_wh, 1), np.inf, high - CUT * side)
    boxes = found.boxes_xyxy
    inside = np.concatenate([boxes[:, :2] >= low, boxes[:, 2:] <= high], axis=1)
    uncut: NDArray[np.bool_] = inside.min(axis=1)
    return uncut
