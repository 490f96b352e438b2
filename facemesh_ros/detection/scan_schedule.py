"""Which looks are due in an image of a stream: a sweep that is spread evenly over several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from facemesh_ros.catalog.model_entry import DetectorSpec
from facemesh_ros.detection.scan_plan import DetectionWindow, ScanPlan, plan_scan
from facemesh_ros.settings.pipeline import PipelineSettings

# A sweep takes this many times `detector_interval`, or longer if it has very many looks.
INTERVALS_PER_SWEEP = 2
# So many times more seldom come closer looks once everything has been looked at since somebody
# came or went: who comes next will mostly come near, or stay.
CALMER = 4


@dataclass(slots=True)
class _Round:
    """Looks that come again and again, so many per image."""

    looks: list[DetectionWindow]
    per_image: float
    position: int = 0
    # Just below one: a round ends with the last of its images also if the rate is rounded.
    credit: float = 1 - 1e-6

    def due(self) -> list[DetectionWindow]:
        """Return the looks of the next image."""
        self.credit += self.per_image
        count = int(self.credit)
        self.credit -= count
        start, length = self.position, len(self.looks)
        self.position = (start + count) % length
        return [self.looks[(start + offset) % length] for offset in range(count)]


class ScanSchedule:
    """Knows where the last image's looks ended."""

    def __init__(
        self, detectors: Sequence[str], tile_detector: tuple[str, DetectorSpec] | None
    ) -> None:
        """Begin with an unknown image.

        Args:
            detectors: Names of who looks at the whole image.
            tile_detector: Who of them looks at tiles too; None for the whole image alone.
        """
        self._detectors = list(detectors)
        self._closer = tile_detector
        self._most = tile_detector[1].max_runs_per_image if tile_detector else 1
        self.reset()

    def reset(self) -> None:
        """Start the next sweep from its beginning."""
        self._planned: tuple[tuple[int, int], str, int] | None = None

    @property
    def first(self) -> DetectionWindow:
        """The look at the whole image that sweeps over the last image's size begin with."""
        return self._quick.looks[0]

    def sweep(self, image_wh: tuple[int, int], settings: PipelineSettings) -> ScanPlan:
        """Return all looks at images of one size."""
        return plan_scan(image_wh, self._detectors, self._closer, settings.detector_rotations)

    def due(
        self, image_wh: tuple[int, int], settings: PipelineSettings, *, calm: bool = False
    ) -> list[DetectionWindow]:
        """Return the looks whose turn it is in the next image; starts anew if its size changes.

        The whole image is looked at every `detector_interval` images, and closer looks come evenly
        between, so that no image costs much more than another.

        Args:
            image_wh: Image width and height in px.
            settings: Of now.
            calm: Whether the same faces are in sight as in the last image, and all of them. Where
                that has been so for a whole sweep, closer looks become rare.
        """
        self._plan(image_wh, settings)
        if not calm:
            self._unswept = len(self._quick.looks)
        if self._unswept <= 0:
            return self._calm.due()
        due = self._quick.due()
        self._unswept -= len(due)
        return due

    def _plan(self, image_wh: tuple[int, int], settings: PipelineSettings) -> None:
        plan = image_wh, settings.detector_rotations, settings.detector_interval
        if plan == self._planned:
            return
        self._planned = plan
        sweep, interval = self.sweep(image_wh, settings), settings.detector_interval
        self._quick = self._quick_round(sweep, interval)
        self._calm = _calm_round(sweep, interval, self._quick)
        self._unswept = len(self._quick.looks)

    def _quick_round(self, sweep: ScanPlan, interval: int) -> _Round:
        looks = sweep.in_turn(max(1, self._most * interval - 1))
        return _Round(looks, min(self._most, len(looks) / (INTERVALS_PER_SWEEP * interval)))


def _calm_round(sweep: ScanPlan, interval: int, quick: _Round) -> _Round:
    """Keep the looks at the whole image and thin out those between them."""
    between = (quick.per_image * interval - 1) / CALMER
    looks = sweep.in_turn(max(1, round(between)))
    wholes = looks.count(sweep.first)
    return _Round(looks, min(quick.per_image, len(looks) / (wholes * interval)))
