"""How long one caller waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from measuring.statistics import Spread, spread
from on_device.contestant import Contestant

from facemesh_ros.types import Frame, Rois

WARM_UP = 30
COUNTS = (1, 2, 4, 8, 16, 32, 64)
Work = Callable[[Frame, Rois], object]


@dataclass(frozen=True)
class LatencyRow:
    """Durations of one kind of work, ms."""

    what: str
    ms: Spread

    def cells(self) -> list[str]:
        """Return what a table shows."""
        return [self.what, *spread_cells(self.ms)]


@dataclass(frozen=True)
class FacesRow:
    """Durations for some faces of one image.

    Attributes:
        faces: How many.
        ms: How long they take together.
        further_ms: What each costs beyond the first; NaN for one.
        rate_hz: Faces in a second.
    """

    faces: int
    ms: Spread
    further_ms: float
    rate_hz: float

    def cells(self) -> list[str]:
        """Return what a table shows."""
        further = '' if self.faces == 1 else f'{self.further_ms:.4f}'
        return [str(self.faces), *spread_cells(self.ms), further, f'{self.rate_hz:.0f}']


def spread_cells(ms: Spread) -> list[str]:
    """Return number, median, p95 and p99."""
    return [str(ms.n), *(f'{value:.3f}' for value in (ms.median, ms.p95, ms.p99))]


def latency_rows(contestant: Contestant, samples: int) -> list[LatencyRow]:
    """Measure one face of one image, with and without the search for it."""
    landmarker = contestant.device.landmark_model
    pipeline = contestant.pipeline()

    def found_and_located(frame: Frame, rois: Rois) -> object:
        contestant.device.detectors['short_range'].detect(frame, 0.5)
        return landmarker.predict(frame, rois)

    ways: dict[str, Work] = {
        'landmarks of one face': landmarker.predict,
        'one look by short_range, then landmarks': found_and_located,
        'the whole pipeline, following and searching': lambda frame, _: pipeline.process(frame),
        'landmarks, crops made on the CPU (no engine)': contestant.on_host.predict,
    }
    return [LatencyRow(what, timed(contestant, work, samples)) for what, work in ways.items()]


def face_rows(contestant: Contestant, samples: int) -> list[FacesRow]:
    """Measure one image with more and more faces."""
    random = np.random.default_rng(0)
    offsets = random.uniform(-40, 40, (contestant.most_faces, 2)).astype(np.float32)
    rows: list[FacesRow] = []
    for count in [count for count in COUNTS if count <= contestant.most_faces]:

        def work(frame: Frame, rois: Rois, count: int = count) -> object:
            several = Rois(
                rois.centres + offsets[:count],
                rois.sizes_wh.repeat(count, axis=0),
                rois.rotations_rad.repeat(count),
            )
            return contestant.device.landmark_model.predict(frame, several)

        ms = timed(contestant, work, samples)
        first = rows[0].ms.median if rows else ms.median
        further = (ms.median - first) / (count - 1) if count > 1 else float('nan')
        rows.append(FacesRow(count, ms, further, 1e3 * count / ms.median))
    return rows


def timed(contestant: Contestant, work: Work, samples: int) -> Spread:
    """Time some work on new frames, after some that are not timed."""
    frames, durations = contestant.frames(), []
    untimed = min(WARM_UP, samples)
    for _ in range(untimed + samples):
        frame, rois = next(frames)
        start = time.perf_counter()
        work(frame, rois)
        durations.append(1e3 * (time.perf_counter() - start))
    return spread(durations[untimed:])
