"""The numbers of a report: of a stream, and of each of its tracks."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from facemesh_ros.types import Float64
from facemesh_ros.viz.report import normal
from facemesh_ros.viz.report.blinks import Blinks, blinks_in
from facemesh_ros.viz.report.series import COASTING, TENTATIVE, TRACKED, StreamSeries, TrackSeries


@dataclass(frozen=True)
class TrackStatistics:
    """What can be said of one track."""

    series: TrackSeries

    @property
    def id(self) -> str:
        """Its name."""
        return self.series.id

    @cached_property
    def was_confirmed(self) -> bool:
        """Whether it was ever more than tentative."""
        return bool(np.any(self.series.states != TENTATIVE))

    @property
    def first_s(self) -> float:
        """When it was published first."""
        return float(self.series.times[0])

    @property
    def last_s(self) -> float:
        """When it was published last."""
        return float(self.series.times[-1])

    @property
    def span_s(self) -> float:
        """Time between these."""
        return self.last_s - self.first_s

    @cached_property
    def coasting_share(self) -> float:
        """Share of its images in which it was expected and not seen."""
        return float(np.mean(self.series.states == COASTING))

    @cached_property
    def blinks(self) -> Blinks:
        """Its blinks."""
        series = self.series
        return blinks_in(series.times, series.column('eye'), series.column('eyes_px'))

    @cached_property
    def left_share(self) -> Float64:
        """(N,) jitter that is left, of the distance of the eyes' outer corners."""
        return _ratio(self.series.left_px, self.series.column('eyes_px'))

    @cached_property
    def before_share(self) -> Float64:
        """(N,) jitter before the filter, of the same: root of removed² + left²."""
        removed = self.series.column('removed_px')
        return _ratio(np.hypot(removed, self.series.left_px), self.series.column('eyes_px'))

    @cached_property
    def rest_jitter(self) -> tuple[float, float]:
        """Jitter before and after the filter, in the tenth of its images with the least."""
        left = self.left_share
        known = np.flatnonzero(np.isfinite(left))
        if not len(known):
            return math.nan, math.nan
        count = max(1, round(normal.REST_SHARE * len(known)))
        quiet = known[np.argsort(left[known])[:count]]
        return _rms(self.before_share[quiet]), _rms(left[quiet])


@dataclass(frozen=True)
class StreamStatistics:
    """What can be said of one stream."""

    series: StreamSeries
    tracks: list[TrackStatistics] = field(init=False)

    def __post_init__(self) -> None:
        tracks = [TrackStatistics(series) for series in self.series.tracks.values()]
        object.__setattr__(self, 'tracks', tracks)

    @property
    def images(self) -> int:
        """How many images were processed."""
        return len(self.series.times)

    @property
    def span_s(self) -> float:
        """From the first to the last of them."""
        return self.series.span_s

    @property
    def rate_hz(self) -> float:
        """Images processed per second; NaN if unknown."""
        return (self.images - 1) / self.span_s if self.span_s > 0 else math.nan

    @cached_property
    def confirmed(self) -> list[TrackStatistics]:
        """Tracks that were more than tentative, the longest first."""
        found = [track for track in self.tracks if track.was_confirmed]
        return sorted(found, key=lambda track: -track.span_s)

    def total(self, counter: str) -> int:
        """Return how many images one of `series.COUNTERS` counted between first and last."""
        return int(self.series.counted(counter).sum())

    @cached_property
    def is_live(self) -> bool:
        """Whether a node found the faces as the images came, and so may have missed some."""
        return len(self.latencies) > 0 or self.all_images > self.images

    @property
    def all_images(self) -> int:
        """How many images there were, also those that were not processed."""
        counters = ('dropped_images', 'lost_images', 'failed_images')
        return self.images + sum(map(self.total, counters))

    def share(self, counter: str) -> float:
        """Return the share of all images that one of `series.COUNTERS` counted; NaN if none."""
        return self.total(counter) / self.all_images if self.all_images else math.nan

    @cached_property
    def gaps(self) -> list[tuple[float, float]]:
        """When nothing was published for longer than usual: beginning and length, s."""
        times = self.series.times
        steps = np.diff(times)
        usual = float(np.median(steps)) if len(steps) else 0.0
        found = np.flatnonzero(steps > max(normal.GAP_S, 3 * usual))
        return [(float(times[index]), float(steps[index])) for index in found]

    @cached_property
    def latencies(self) -> Float64:
        """Those that are known, s."""
        latencies = self.series.latencies
        return latencies[np.isfinite(latencies)]

    @cached_property
    def people(self) -> Float64:
        """(N,) how many faces there were at once, those included that are expected."""
        people: Float64 = self.series.faces(TRACKED) + self.series.faces(COASTING)
        return people

    @property
    def face_share(self) -> float:
        """Share of images in which a face was seen; NaN if there are none."""
        return float(np.mean(self.series.faces(TRACKED) > 0)) if self.images else math.nan

    @cached_property
    def id_changes(self) -> list[tuple[TrackStatistics, TrackStatistics]]:
        """Tracks that ended, and others that began soon after in their place."""
        begun = sorted(self.confirmed, key=lambda track: track.first_s)
        firsts = [track.first_s for track in begun]
        found, taken = [], set[str]()
        for track in sorted(self.confirmed, key=lambda track: track.last_s):
            first = bisect_right(firsts, track.last_s)
            end = bisect_right(firsts, track.last_s + normal.SAME_PLACE_S)
            for other in begun[first:end]:
                if other.id not in taken and _is_same_place(track, other):
                    found.append((track, other))
                    taken.add(other.id)
                    break
        return found

    def of_all(self, column: str) -> Float64:
        """Return the known values of a field of FaceMeasures of all confirmed tracks."""
        values = [track.series.column(column) for track in self.confirmed]
        joined = np.concatenate(values) if values else np.empty(0)
        return joined[np.isfinite(joined)]


def _ratio(one: Float64, other: Float64) -> Float64:
    with np.errstate(divide='ignore', invalid='ignore'):
        ratio: Float64 = np.where(other > 0, one / other, np.nan)
    return ratio


def _rms(values: Float64) -> float:
    known = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(np.square(known)))) if len(known) else math.nan


def _is_same_place(one: TrackStatistics, other: TrackStatistics) -> bool:
    before, after = one.series.last_box, other.series.first_box
    if before is None or after is None:
        return False
    low, high = np.maximum(before[:2], after[:2]), np.minimum(before[2:], after[2:])
    overlap = float(np.prod(np.maximum(high - low, 0)))
    areas = sum(float(np.prod(edges[2:] - edges[:2])) for edges in (before, after))
    return overlap > normal.SAME_PLACE_IOU * (areas - overlap)
