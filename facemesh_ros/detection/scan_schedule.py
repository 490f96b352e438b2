"""Scan schedule: which detection windows are due in each image of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from facemesh_ros.catalog.model_entry import DetectorSpec
from facemesh_ros.detection.scan_plan import DetectionWindow, ScanPlan, plan_scan
from facemesh_ros.settings.pipeline import PipelineSettings

# A scan takes this many times `detector_interval`, or longer if it has very many windows.
INTERVALS_PER_SCAN = 2
# Tiles come so many times more rarely once a whole scan has found no change: the next person
# mostly comes near, or stays.
IDLE_SLOWDOWN = 4


@dataclass(slots=True)
class _Cycle:
    """Windows that repeat, a fixed number of them per image."""

    windows: list[DetectionWindow]
    per_image: float
    position: int = 0
    # Just below one: a cycle ends with the last of its images also if the rate is rounded.
    credit: float = 1 - 1e-6

    def advance(self) -> list[DetectionWindow]:
        """Return the windows of the next image."""
        self.credit += self.per_image
        count = int(self.credit)
        self.credit -= count
        start, length = self.position, len(self.windows)
        self.position = (start + count) % length
        return [self.windows[(start + offset) % length] for offset in range(count)]


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

    @property
    def whole_image(self) -> DetectionWindow:
        """The whole image pass that scans of the last image's size begin with."""
        return self._active.windows[0]

    def plan(self, image_wh: tuple[int, int], settings: PipelineSettings) -> ScanPlan:
        """Return all windows of images of one size."""
        return plan_scan(
            image_wh, self._detectors, self._tile_detector, settings.detector_rotations
        )

    def due(
        self, image_wh: tuple[int, int], settings: PipelineSettings, *, unchanged: bool = False
    ) -> list[DetectionWindow]:
        """Return the windows of the next image; starts again if the size or a setting changes.

        The whole image comes every `detector_interval` images and tiles evenly between, so that no
        image costs much more than another.

        Args:
            image_wh: Image width and height in px.
            settings: For this image.
            unchanged: Whether the same faces are in view as in the last image, and all of them.
                Where that has been so for a whole scan, tiles become rare.
        """
        key = image_wh, settings.detector_rotations, settings.detector_interval
        if key != self._planned_for:
            self._planned_for = key
            self._start(self.plan(image_wh, settings), settings.detector_interval)
        if not unchanged:
            self._unscanned = len(self._active.windows)
        if self._unscanned <= 0:
            return self._idle.advance()
        due = self._active.advance()
        self._unscanned -= len(due)
        return due

    def _start(self, plan: ScanPlan, interval: int) -> None:
        most = self._max_per_image
        windows = plan.interleaved(max(1, most * interval - 1))
        rate = min(most, len(windows) / (INTERVALS_PER_SCAN * interval))
        self._active = _Cycle(windows, rate)
        # The idle cycle keeps the whole image passes and has fewer tiles between them.
        windows = plan.interleaved(max(1, round((rate * interval - 1) / IDLE_SLOWDOWN)))
        passes = windows.count(plan.whole_image)
        self._idle = _Cycle(windows, min(rate, len(windows) / (passes * interval)))
        self._unscanned = len(self._active.windows)
