"""Temporal filters: jitter, lag and error, on known motion and on real clips, beside MediaPipe's.

Real faces are moved by known deformations and rendered with camera noise and compression; the same
images go to MediaPipe 1.2.2 as a stream of one face, in an environment of its own. Pictures and
clips beyond the bundled one come from $FACEMESH_DATA. See docs/filtering.md.

    ./run bench steadiness --json FILE --plot FILE
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import cv2
import numpy as np
from common.command import BUNDLE, data_folder, log, run_benchmark, scratch_folder
from common.machine import conditions, cores_in_use
from common.report import Report, Table
from face_motions import MOTIONS
from filter_quality.scores import Score, clip_score, score
from filter_quality.sequences import (
    RATE_HZ,
    MotionSequence,
    clips,
    pictures,
    portrait_of,
    sequence_of,
)
from filter_quality.tracked_face import SingleFaceTracker, cost_ms, filtered
from systems.process import SystemProcess
from systems.selection import UnavailableError, mediapipe_tasks, peer_system
from workspace.layout import SetupError

from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.types import Float32, Float64

FILTERS = {kind: FilterSettings(type=kind) for kind in ('none', 'one_euro', 'rigid')}
SECONDS, QUICK_SECONDS = 6.0, 5.0
QUICK_MOTIONS = ('still', 'slow', 'pan', 'blinks')
FACES = (1, 8)
# Parameters that the trade-off varies; all others at their defaults.
VARIED = {
    'one_euro': ('beta', (2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0)),
    'rigid': ('noise_margin', (0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)),
}
# Motions whose truth is beyond doubt: a rotation in depth is rendered from the model's own depth,
# and the model disagrees with that by more than any filter does.
TRADE_OFF_MOTIONS = ('slow', 'zoom', 'roll', 'pan', 'stop_and_go')
MOTION_COLUMNS = [
    *(('motion', '{motion}'), ('filter', '{filter}'), ('jitter', '{jitter:.3f}')),
    *(('lag, images', '{lag_frames:+.2f}'), ('error', '{error:.2f}')),
    *(('relative to unfiltered', '{relative:.2f}'), ('kept', '{kept:.2f}')),
    *(('over the stop', '{stop:.2f}'), ('offset 0.5 s after', '{offset:.2f}')),
]
CLIP_COLUMNS = [
    *(('clip', '{clip}'), ('filter', '{filter}'), ('jitter', '{score.jitter:.3f}')),
    *(('lag, images', '{score.lag_frames:+.2f}'), ('error', '{score.error:.2f}')),
    *(('relative to unfiltered', '{relative:.3f}'), ('blinks kept', '{score.blinking:.2f}')),
    *(('still', '{score.still:.3f}'), ('still, in place', '{score.in_place:.3f}')),
]
COST_COLUMNS = [('filter', '{filter}'), ('faces', '{faces}'), ('ms', '{ms:.3f}')]


class Filters:
    """All filters that are compared, and MediaPipe's if it can run here.

    Attributes:
        unfiltered: Our pipeline without filter.
        left_out: Why MediaPipe cannot run.
    """

    def __init__(self, bundle: Path | None) -> None:
        self._trackers = {kind: SingleFaceTracker(each) for kind, each in FILTERS.items()}
        self.unfiltered = self._trackers['none']
        self.left_out: list[str] = []
        try:
            self._peer: tuple[str, list[str]] | None = mediapipe_tasks(bundle)
        except (UnavailableError, SetupError) as error:
            self._peer = None
            self.left_out = [f'MediaPipe: {error}']

    def track(self, images: Path, times_s: Float64, rate_hz: float) -> dict[str, Float32]:
        """Return the landmarks (F, L, 3) px of a stream by each filter; NaN without a face."""
        found = {kind: tracker.track(images, times_s) for kind, tracker in self._trackers.items()}
        if self._peer:
            name, command = self._peer
            # One face: with more, MediaPipe does not filter.
            options = ['--max-faces', '1', '--stream', '--rate', str(rate_hz)]
            with SystemProcess(peer_system(name, [*command, *options])) as process:
                block = process.block(images, len(times_s), stream=True, landmarks=True)
            none = np.full((478, 3), np.nan)
            found[name] = np.float32([faces[0] if faces else none for faces in block['landmarks']])
        return found


def measure(chosen: Namespace) -> Report:
    """Measure everything."""
    cv2.setNumThreads(1)
    before, filters = cores_in_use(), Filters(chosen.bundle)
    folder = None if chosen.quick else data_folder()
    names = QUICK_MOTIONS if chosen.quick else tuple(MOTIONS)
    seconds = QUICK_SECONDS if chosen.quick else SECONDS
    motions: list[dict[str, Any]] = []
    clip_rows: list[dict[str, Any]] = []
    sequences: dict[tuple[str, str], MotionSequence] = {}
    with scratch_folder() as scratch:
        images = Path(scratch) / 'images.npy'
        for picture, bgr in pictures(folder):
            portrait = portrait_of(bgr, filters.unfiltered)
            for name in names:
                log(f'{picture}: {name}')
                sequence = sequence_of(
                    portrait, MOTIONS[name], seconds, filters.unfiltered, images
                )
                sequences[picture, name] = sequence
                for kind, found in filters.track(images, sequence.times_s, RATE_HZ).items():
                    row = {'picture': picture, 'motion': name, 'filter': kind}
                    motions.append({**row, 'score': score(name, sequence, found)})
        for clip in clips(folder, filters.unfiltered, images):
            log(clip.name)
            for kind, found in filters.track(images, clip.times_s, clip.rate_hz).items():
                clipped = clip_score(clip.raw, found, clip.rate_hz)
                clip_rows.append({'clip': clip.name, 'filter': kind, 'score': clipped})
    log('costs and trade-off')
    first = next(iter(sequences.values()))
    costs = [
        {'filter': kind, 'faces': faces, 'ms': cost_ms(each, first.raw, first.times_s, faces)}
        for kind, each in FILTERS.items()
        for faces in FACES
    ]
    unit = '% of the distance between the outer eye corners, means over the pictures'
    raw = {row['clip']: row['score'].error for row in clip_rows if row['filter'] == 'none'}
    clip_rows = [{**row, 'relative': row['score'].error / raw[row['clip']]} for row in clip_rows]
    tables = [
        Table(
            'means',
            f'Known motion; jitter and error in {unit}',
            MOTION_COLUMNS,
            list(motion_rows(motions)),
        ),
        Table(
            'clips',
            'Clips, against the raw landmarks smoothed forward and backward',
            CLIP_COLUMNS,
            clip_rows,
        ),
        Table('costs', 'One image, ms', COST_COLUMNS, costs),
    ]
    data = {'motions': motions, 'trade_offs': list(trade_offs(sequences))}
    return Report('', conditions(before), filters.left_out, tables, data)


def motion_rows(motions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the mean of each filter on each motion over the pictures."""

    def scores(motion: str, kind: str) -> list[Score]:
        return [
            row['score'] for row in motions if (row['motion'], row['filter']) == (motion, kind)
        ]

    for motion, kind in dict.fromkeys((row['motion'], row['filter']) for row in motions):
        own, raw = scores(motion, kind), scores(motion, 'none')
        yield {
            'motion': motion,
            'filter': kind,
            'jitter': fmean(each.jitter for each in own),
            'lag_frames': fmean(each.lag_frames for each in own),
            'error': fmean(each.error for each in own),
            'relative': fmean(a.error / b.error for a, b in zip(own, raw, strict=True)),
            **{name: _mean_of(own, name) for name in ('kept', 'stop', 'offset')},
        }


def _mean_of(scores: list[Score], name: str) -> float | None:
    """Return the mean of a figure that not all motions have."""
    values = [getattr(score, name) for score in scores]
    return fmean(values) if values[0] is not None else None


def trade_offs(
    sequences: dict[tuple[str, str], MotionSequence],
) -> Iterator[dict[str, Any]]:
    """Yield jitter at rest and relative error in motion of filters with other parameters."""
    for kind, (setting, values) in VARIED.items():
        for value in values:
            settings = replace(FILTERS[kind], **{setting: value})
            jitters, errors = [], []
            for (_, motion), sequence in sequences.items():
                smoothed = filtered(settings, sequence.raw, sequence.times_s)
                found = score(motion, sequence, smoothed)
                if motion == 'still':
                    jitters.append(found.jitter)
                elif motion in TRADE_OFF_MOTIONS:
                    errors.append(found.error / score(motion, sequence, sequence.raw).error)
            means = {'jitter': fmean(jitters), 'error': fmean(errors)}
            yield {'filter': kind, 'setting': f'{setting} {value:g}', **means}


if __name__ == '__main__':
    sys.exit(
        run_benchmark(
            __doc__,
            measure,
            quick='one picture, four motions, no clip',
            plot='steadiness',
            options=BUNDLE,
        )
    )
