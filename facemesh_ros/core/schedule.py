"""Which looks are due in an image of a stream: a sweep that is spread evenly over several."""

from __future__ import annotations

from collections.abc import Sequence

from facemesh_ros.core.profiles import DetectorProfile
from facemesh_ros.core.settings import PipelineSettings
from facemesh_ros.core.sweep import Look, Sweep, sweep_over

# A sweep takes this many times `detector_interval`, or longer if it has very many looks.
INTERVALS_PER_SWEEP = 2


class LookSchedule:
    """Knows where the last image's looks ended."""

    def __init__(
        self, detectors: Sequence[str], closer: tuple[str, DetectorProfile] | None
    ) -> None:
        """Begin with an unknown image.

        Args:
            detectors: Names of who looks at the whole image.
            closer: Who of them looks at tiles too; None for the whole image alone.
        """
        self._detectors = list(detectors)
        self._closer = closer
        self._most = closer[1].looks_per_image if closer else 1
        self._order: list[Look] = []
        self._planned: tuple[tuple[int, int], str, int] | None = None
        self.reset()

    def reset(self) -> None:
        """Start the next sweep from its beginning."""
        self._position = 0
        # Just below one: a sweep ends with the last of its images also if the rate is rounded.
        self._credit = 1 - 1e-6

    @property
    def first(self) -> Look:
        """The look at the whole image that sweeps over the last image's size begin with."""
        return self._order[0]

    def sweep(self, image_wh: tuple[int, int], settings: PipelineSettings) -> Sweep:
        """Return all looks at images of one size."""
        return sweep_over(image_wh, self._detectors, self._closer, settings.detector_rotations)

    def due(self, image_wh: tuple[int, int], settings: PipelineSettings) -> list[Look]:
        """Return the looks whose turn it is in the next image; starts anew if its size changes.

        The whole image is looked at every `detector_interval` images, and closer looks come evenly
        between, so that no image costs much more than another.
        """
        self._plan(image_wh, settings)
        self._credit += self._looks_per_image
        count = int(self._credit)
        self._credit -= count
        due = [self._order[(self._position + k) % len(self._order)] for k in range(count)]
        self._position = (self._position + count) % len(self._order)
        return due

    def _plan(self, image_wh: tuple[int, int], settings: PipelineSettings) -> None:
        interval = settings.detector_interval
        plan = image_wh, settings.detector_rotations, interval
        if plan == self._planned:
            return
        self._planned = plan
        self._order = self.sweep(image_wh, settings).in_turn(max(1, self._most * interval - 1))
        self._looks_per_image = min(
            self._most, len(self._order) / (INTERVALS_PER_SWEEP * interval)
        )
        self.reset()
