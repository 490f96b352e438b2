"""Scan schedule: which detection windows are due in each image of a stream.

After a change everything is searched once, in a scan. Then windows are rare, and what they cost
does not depend on what is in view: the whole image every so many images, and between two of these
passes at most four tiles or candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from math import inf

from facemesh_ros.catalog.model_entry import DetectorSpec
from facemesh_ros.detection.scan_plan import DetectionWindow, ScanPlan, plan_scan, plan_stream
from facemesh_ros.settings.pipeline import PipelineSettings

# A scan takes this many times `detector_interval`, or longer if it has very many windows.
INTERVALS_PER_SCAN = 2
# Once a scan is over, other windows come over so many times `detector_interval`, but no more than
# so many per image: with the pass over the whole image an image then needs one run in the mean, at
# any size. A careful window comes after so many quick ones; more careful ones find faces of 24 px
# sooner and larger ones later. docs/recall.md has the times that fewer runs take.
INTERVALS_PER_IDLE_SCAN = 5
MAX_IDLE_RATE = 0.77
QUICK_PER_CAREFUL = 3
# Of so many passes over the whole image one runs all detectors.
PASSES_PER_FULL_PASS = 16
# Windows per image that rotations need also if the whole image is due in every one.
MIN_SCAN_RATE = 0.5
# Rates are rounded: what is so little below a whole window is one.
TOLERANCE = 1e-6


class ScanSchedule:
    """Spreads scans evenly over the images of a stream."""

    def __init__(
        self, detectors: Sequence[str], tile_detector: tuple[str, DetectorSpec] | None
    ) -> None:
        """Start without an image.

        Args:
            detectors: Names of those that run on the whole image.
            tile_detector: The one of them that runs on tiles too; None for the whole image alone.
        """
        self._detectors = list(detectors)
        self._tile_detector = tile_detector
        self._max_per_image = tile_detector[1].max_runs_per_image if tile_detector else 1
        self.reset()

    def reset(self) -> None:
        """Start the next scan from its beginning."""
        self._planned_for: tuple[tuple[int, int], str, int] | None = None
        self._until_pass = 0

    def plan(self, image_wh: tuple[int, int], settings: PipelineSettings) -> ScanPlan:
        """Return all windows of a picture of this size."""
        return plan_scan(
            image_wh, self._detectors, self._tile_detector, settings.detector_rotations
        )

    def least_candidate_score(self, min_score: float) -> float:
        """Return the score from which on a candidate is confirmed in this image.

        In a scan those that reach `min_score` are confirmed in every image, others in every second
        one; most of them are no faces. Afterwards a candidate takes the place of a tile, and
        where there is no place none is confirmed: infinity.
        """
        if self._scan:
            return min_score if self._scanned_images % 2 else 0.0
        return 0.0 if self._credit > -1 else inf

    def count_candidate(self) -> None:
        """Count a candidate's window as one of those that are due."""
        if not self._scan:
            self._credit -= 1

    def due(
        self, image_wh: tuple[int, int], settings: PipelineSettings, *, unchanged: bool = False
    ) -> list[DetectionWindow]:
        """Return the windows of the next image; starts again if the size or a setting changes.

        The whole image comes every `detector_interval` images and the others evenly between, so
        that no image costs much more than another.

        Args:
            image_wh: Image width and height in px.
            settings: For this image.
            unchanged: Whether the same faces are in view as in the last image, and all of them;
                if not, a scan begins, unless one is under way.
        """
        interval = settings.detector_interval
        key = image_wh, settings.detector_rotations, interval
        if key != self._planned_for:
            self._planned_for = key
            self._start(image_wh, settings)
        elif not (unchanged or self._scan):
            self._begin_scan()
        self._scanned_images += 1
        self._credit += 1 / interval + (self._scan_rate if self._scan else self._idle_rate)
        due = []
        if not self._until_pass:
            due.append(self._next_pass())
            self._until_pass = interval
        self._until_pass -= 1
        self._credit -= len(due)
        while self._credit >= 1 - TOLERANCE:
            self._credit -= 1
            due.append(self._scan.pop() if self._scan else next(self._idle))
        return due

    def _start(self, image_wh: tuple[int, int], settings: PipelineSettings) -> None:
        self._full_scan = list(dict.fromkeys(self.plan(image_wh, settings).others))[::-1]
        self._plan = plan = plan_stream(
            image_wh, self._detectors, self._tile_detector, settings.detector_rotations
        )
        interval, count = settings.detector_interval, len(plan.quick) + len(plan.careful)
        most = max(MIN_SCAN_RATE, self._max_per_image - 1 / interval)
        self._scan_rate = min(most, len(self._full_scan) / (INTERVALS_PER_SCAN * interval))
        self._idle_rate = min(MAX_IDLE_RATE, count / (INTERVALS_PER_IDLE_SCAN * interval))
        self._idle = cycle(_mixed(plan.quick, plan.careful))
        self._until_pass = 0
        self._begin_scan()

    def _begin_scan(self) -> None:
        self._scan = list(self._full_scan)
        self._passes, self._scanned_images, self._credit = 0, 0, 0.0

    def _next_pass(self) -> DetectionWindow:
        is_full = self._passes % PASSES_PER_FULL_PASS == 0
        self._passes += 1
        return self._plan.full_pass if is_full else self._plan.pass_


def _mixed(
    quick: Sequence[DetectionWindow], careful: Sequence[DetectionWindow]
) -> list[DetectionWindow]:
    """Return an order that repeats the quick windows between all of the careful ones."""
    if not quick or not careful:
        return [*quick, *careful]
    again = cycle(quick)
    return [
        window
        for last in careful
        for window in (*(next(again) for _ in range(QUICK_PER_CAREFUL)), last)
    ]
