"""Face search: runs detectors over the windows of a scan plan, at once or spread over a stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.catalog.model_entry import DetectorSpec
from facemesh_ros.detection.candidates import CandidateQueue, are_known
from facemesh_ros.detection.merging import MERGE_CONTAINMENT, merged, without_duplicates
from facemesh_ros.detection.scan_plan import DetectionWindow
from facemesh_ros.detection.scan_schedule import ScanSchedule
from facemesh_ros.detection.seen_windows import SeenWindows
from facemesh_ros.detection.window_regions import (
    CANDIDATE_WINDOW_SCALE,
    in_window,
    square_around,
    window_around,
)
from facemesh_ros.geometry.boxes import box_sizes, overlaps
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.thread_pool import NO_WORKERS, ThreadPool
from facemesh_ros.types import NO_DETECTIONS, FaceDetections, Float32, Float64, Frame, Rois

# A detection of this share of the wanted score is a candidate.
CANDIDATE_SCORE_SHARE = 0.4
# So is one smaller than this share of its window's side: its keypoints are too coarse for a crop.
# Measured on 66 annotated faces and 48 small ones (docs/recall.md): with 0 one of the former is
# lost and one of 21 px found; 0.18 and 0.25 find one of 30 px more, but each face waits for a
# window of its own in a stream.
COARSE_SIZE_SHARE = 0.125
# A doubtful new face is scored by each detector in squares of these many times its landmarks' box:
# a face scores in all of them, a thing in one or two.
NEW_FACE_WINDOW_SCALES = (2.0, 3.0, 4.0)
# What a detector gives less than this is as good as nothing.
LEAST_SCORE = 0.05
# A candidate below the wanted score must reach so much more of it there. Measured: half-hidden and
# tiny faces score 0.65 to 0.9 in that window, stars and stones 0.5 to 0.64.
CONFIRMATION_FACTOR = 1.3


class Detector(Protocol):
    """Finds faces in regions of a frame; stateless."""

    def detect_batch(
        self, frame: Frame, min_score: float, regions: Sequence[Rois | None]
    ) -> list[FaceDetections]:
        """Find faces in one or more regions, all in one batch.

        Args:
            frame: The image.
            min_score: Drop faces below it.
            regions: Squares, maybe turned by quarter turns; None for the whole image.

        Returns:
            For each region its faces, best score first, in px of the image.
        """


class FaceSearch:
    """Searches the images of one stream for faces.

    Attributes:
        detector_runs: How often each detector has run since the start, by name.
    """

    def __init__(
        self,
        detectors: Mapping[str, Detector],
        tile_detector: tuple[str, DetectorSpec] | None = None,
        pool: ThreadPool = NO_WORKERS,
    ) -> None:
        """Start without an image.

        Args:
            detectors: Those that run on the whole image, by name, the cheapest first.
            tile_detector: The one of them that also runs on tiles and candidates; None for the
                whole image alone.
            pool: Runs detectors beside one another.
        """
        self.detector_runs: Counter[str] = Counter(dict.fromkeys(detectors, 0))
        self._detectors = detectors
        self._pool = pool
        self._cheapest = next(iter(detectors))
        self._tile_detectors = (tile_detector[0],) if tile_detector else ()
        self._least_share = CANDIDATE_SCORE_SHARE if tile_detector else 1.0
        self._schedule = ScanSchedule(list(detectors), tile_detector)
        self._seen = SeenWindows()
        self._candidates = CandidateQueue()
        self._known_count = 0

    def reset(self) -> None:
        """Start from the beginning."""
        self._schedule.reset()
        self._seen.reset()
        self._candidates.reset()
        self._known_count = 0

    def scan_image(self, frame: Frame, settings: PipelineSettings) -> FaceDetections:
        """Run the whole scan plan on one image and return each face once, best score first."""
        plan = self._schedule.plan(frame.image_wh, settings)
        windows = [plan.whole_image, *dict.fromkeys(plan.others)]
        min_score = settings.min_detection_confidence
        found = self._run(frame, windows, self._least_share * min_score)
        faces, candidates = self._sorted(frame, windows, found, min_score)
        return merged([faces, *self._confirmed(frame, candidates, settings)])

    def scan_next(
        self,
        frame: Frame,
        settings: PipelineSettings,
        *,
        known_xyxy: Float32,
        whole_image: bool,
        search_rois: Rois,
    ) -> FaceDetections:
        """Run the detection windows that are due in the next image of a stream.

        Args:
            frame: The image.
            settings: For this image.
            known_xyxy: (N, 4) px, boxes of faces that need no confirmation. Once a scan since
                their number changed is over, tiles become rare.
            whole_image: Whether the cheapest detector must run on the whole of this image.
            search_rois: Regions in which it must run too.

        Returns:
            Each face once, best score first.
        """
        unchanged = not whole_image and len(known_xyxy) == self._known_count
        if not unchanged and (self._known_count or len(known_xyxy) or len(search_rois)):
            # What windows showed is no longer all known: a face that is lost may still be there.
            self._seen.reset()
        self._known_count = len(known_xyxy)
        windows = self._schedule.due(frame.image_wh, settings, unchanged=unchanged)
        if whole_image and all(window.region is not None for window in windows):
            windows.append(DetectionWindow((self._cheapest,), None))
        min_score = settings.min_detection_confidence
        if windows:
            is_settled = partial(self._is_settled, frame, known_xyxy, min_score)
            windows = self._seen.unseen(frame, windows, known_xyxy, is_settled)
        in_turn = len(windows)
        for index in range(len(search_rois)):
            windows.append(DetectionWindow((self._cheapest,), search_rois[index : index + 1]))
        faces, candidates = NO_DETECTIONS, NO_DETECTIONS
        if windows:
            found = self._run(frame, windows, self._least_share * min_score)
            if in_turn:
                self._seen.note(found[:in_turn])
            faces, candidates = self._sorted(frame, windows, found, min_score)
        self._candidates.add(candidates, known_xyxy)
        best = self._candidates.take(self._schedule.least_candidate_score(min_score))
        if not len(best):
            return faces
        self._schedule.count_candidate()
        return merged([faces, *self._confirmed(frame, best, settings)])

    def score_face(
        self, frame: Frame, box_xyxy: Float32, rotation_rad: float, settings: PipelineSettings
    ) -> float:
        """Return what a detector says of a face that is followed, 0 if it finds none there.

        It takes the place of another detection window, where one is due.

        Args:
            frame: The image.
            box_xyxy: (4,) px, in which the face is expected.
            rotation_rad: How far the face is turned in the image; the window is turned with it, by
                quarter turns.
            settings: For this image.
        """
        self._schedule.count_candidate()
        names = self._tile_detectors or (self._cheapest,)
        region = square_around(box_xyxy[None], CANDIDATE_WINDOW_SCALE, rotation_rad)
        low = CANDIDATE_SCORE_SHARE * settings.min_detection_confidence
        return float(self._scores(frame, box_xyxy[None], [DetectionWindow(names, region)], low)[0])

    def score_new_faces(self, frame: Frame, boxes_xyxy: Float32, angles_rad: Float32) -> Float64:
        """Return what each detector says of N boxes of landmarks, in windows of several sizes.

        Args:
            frame: The image.
            boxes_xyxy: (N, 4) px.
            angles_rad: (N,) clockwise, by which the faces are turned.

        Returns:
            (N, K) scores, 0 where it finds no face in the box.
        """
        windows = [
            DetectionWindow((name,), square_around(box_xyxy[None], scale, angle_rad))
            for box_xyxy, angle_rad in zip(boxes_xyxy, angles_rad.tolist(), strict=True)
            for scale in NEW_FACE_WINDOW_SCALES
            for name in self._detectors
        ]
        count = len(NEW_FACE_WINDOW_SCALES) * len(self._detectors)
        scores = self._scores(frame, boxes_xyxy.repeat(count, axis=0), windows, LEAST_SCORE)
        return scores.reshape(len(boxes_xyxy), count)

    def _scores(
        self,
        frame: Frame,
        boxes_xyxy: Float32,
        windows: Sequence[DetectionWindow],
        min_score: float,
    ) -> Float64:
        """Return (N,) best scores in N boxes, each in a window of its own, one batch."""
        results = self._run(frame, windows, min_score)
        scores = np.zeros(len(results))
        for index, found in enumerate(results):
            _, containment = overlaps(found.boxes_xyxy, boxes_xyxy[index : index + 1])
            same = containment[:, 0] > MERGE_CONTAINMENT
            scores[index] = found.scores[same].max(initial=0.0)
        return scores

    def _sorted(
        self,
        frame: Frame,
        windows: Sequence[DetectionWindow],
        found: Sequence[FaceDetections],
        min_score: float,
    ) -> tuple[FaceDetections, FaceDetections]:
        """Return faces that are certain, and candidates that need a window of their own."""
        if not self._tile_detectors:
            return merged(found), NO_DETECTIONS
        detections = FaceDetections.concatenate(found)
        if not len(detections):
            return NO_DETECTIONS, NO_DETECTIONS
        sides = np.repeat([window.side(frame.image_wh) for window in windows], [*map(len, found)])
        is_candidate = self._are_candidates(detections, sides, min_score)
        kept = without_duplicates(detections, is_candidate)
        is_face = ~is_candidate[kept]
        return detections[kept[is_face]], detections[kept[~is_face]]

    def _are_candidates(
        self, detections: FaceDetections, sides: Float64 | float, min_score: float
    ) -> NDArray[np.bool_]:
        """Return (N,) whether each is too doubtful, or small in its window of that side, px."""
        if not self._tile_detectors:
            return np.zeros(len(detections), bool)
        is_coarse = box_sizes(detections.boxes_xyxy) < COARSE_SIZE_SHARE * sides
        is_candidate: NDArray[np.bool_] = is_coarse | (detections.scores < min_score)
        return is_candidate

    def _is_settled(
        self,
        frame: Frame,
        known_xyxy: Float32,
        min_score: float,
        window: DetectionWindow,
        found: FaceDetections,
    ) -> bool:
        """Return whether all found in a window is known, or a candidate that has had its turn."""
        is_candidate = self._are_candidates(found, window.side(frame.image_wh), min_score)
        had_turn = is_candidate & self._candidates.were_tried(found)
        return bool(np.all(had_turn | are_known(found, known_xyxy)))

    def _run(
        self, frame: Frame, windows: Sequence[DetectionWindow], min_score: float
    ) -> list[FaceDetections]:
        """Run the detectors of each window, without boxes that it cuts or that are too small."""
        regions: dict[str, list[Rois | None]] = {}
        for window in windows:
            for name in window.detectors:
                regions.setdefault(name, []).append(window.region)
                self.detector_runs[name] += 1
        results = self._pool.map(
            lambda name: iter(self._detectors[name].detect_batch(frame, min_score, regions[name])),
            list(regions),
        )
        found = dict(zip(regions, results, strict=True))
        return [
            FaceDetections.concatenate(
                [in_window(next(found[name]), window, frame) for name in window.detectors]
            )
            for window in windows
        ]

    def _confirmed(
        self, frame: Frame, candidates: FaceDetections, settings: PipelineSettings
    ) -> list[FaceDetections]:
        """Return the faces that the tile detector finds at candidates."""
        low = settings.min_detection_confidence
        high = min(CONFIRMATION_FACTOR * low, 1.0)
        is_low = candidates.scores < low
        confirmed = []
        # A detection is a mean over all that reach the score, so each is asked for by its own.
        for some, min_score in ((candidates[~is_low], low), (candidates[is_low], high)):
            each = [some[index : index + 1] for index in range(len(some))]
            windows = [DetectionWindow(self._tile_detectors, window_around(one)) for one in each]
            for one, found in zip(each, self._run(frame, windows, min_score), strict=True):
                _, containment = overlaps(found.boxes_xyxy, one.boxes_xyxy)
                confirmed.append(found[containment[:, 0] > MERGE_CONTAINMENT][:1])
        return confirmed
