"""What the numbers of a stream say, of people, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from facemesh_ros.viz.report import normal
from facemesh_ros.viz.report.diagnostics import StreamDiagnostics
from facemesh_ros.viz.report.finding import Finding, Level
from facemesh_ros.viz.report.image_findings import gap_findings, image_findings, latency_finding
from facemesh_ros.viz.report.statistics import StreamStatistics
from facemesh_ros.viz.report.words import (
    NBSP,
    counted,
    duration_text,
    number_text,
    percent_text,
)


def findings_of(
    stream: StreamStatistics, diagnostics: StreamDiagnostics | None
) -> Iterator[Finding]:
    """Yield what there is to say, in the order of the page."""
    if not stream.images:
        yield Finding(Level.LOOK, 'No image was processed.')
        return
    yield _people(stream)
    yield from _ids(stream)
    yield from _steadiness(stream)
    yield latency_finding(stream)
    yield from image_findings(stream, diagnostics)
    yield from gap_findings(stream)
    yield from _space(stream)
    yield from _blinks(stream)


def _people(stream: StreamStatistics) -> Finding:
    if not stream.confirmed:
        return Finding(
            Level.LOOK,
            'No face was found in any image.',
            'Is anybody in the picture, upright, in enough light, nearer than the detector sees '
            '(docs/recall.md)?',
        )
    most, usual = int(stream.people.max()), float(np.median(stream.people))
    return Finding(
        Level.FINE,
        f'A face was seen in {percent_text(stream.face_share)} of the images; up to '
        f'{counted(most, "face")} at once, {number_text(usual)} in the median.',
    )


def _ids(stream: StreamStatistics) -> Iterator[Finding]:
    tracks = stream.confirmed
    if not tracks:
        return
    changes = stream.id_changes
    text = f'{counted(len(tracks), "id")} {"was" if len(tracks) == 1 else "were"} given'
    if not changes:
        yield Finding(Level.FINE, f'{text}; none took over where another had just ended.')
    else:
        which = ', '.join(f'{one.id} to {other.id}' for one, other in changes[:4])
        more = ', …' if len(changes) > 4 else ''
        yield Finding(
            Level.LOOK,
            f'{text}; {counted(len(changes), "time")} a new id began where another had ended at '
            f'most {number_text(normal.SAME_PLACE_S)} s before ({which}{more}): probably the same '
            'face under two ids.',
            'What loses an id, and what finds it again: docs/identity.md.',
        )
    coasting = float(np.mean(np.concatenate([track.series.states for track in tracks]) == 2))
    if coasting > normal.COASTING_SHARE:
        yield Finding(
            Level.LOOK,
            f'In {percent_text(coasting)} of their images faces were expected and not seen '
            f'(coasting); up to {percent_text(normal.COASTING_SHARE)} is usual.',
            'Faces turned away, covered, at the border or blurred: docs/recall.md.',
        )


def _steadiness(stream: StreamStatistics) -> Iterator[Finding]:
    known = [track for track in stream.confirmed if math.isfinite(track.rest_jitter[1])]
    if not known:
        return
    longest = known[0]
    before, after = longest.rest_jitter
    what = (
        f'At rest, landmarks of {longest.id} jitter by {percent_text_fine(after)} of the distance '
        'between its eyes'
    )
    if not stream.series.filtered:
        yield Finding(
            Level.NOTE,
            f'{what}: no filter smoothed them.',
            'filter.type: rigid (docs/filtering.md) takes most of it away.',
        )
        return
    known_before = f'{percent_text_fine(before)} before the filter'
    text = f'{what}, {known_before}' if math.isfinite(before) else what
    limit = percent_text_fine(normal.REST_JITTER_SHARE)
    if after <= normal.REST_JITTER_SHARE:
        yield Finding(Level.FINE, f'{text}; below {limit} is normal.')
    else:
        yield Finding(
            Level.LOOK,
            f'{text}; below {limit} is normal for a face that keeps still at times.',
            'A face that never rests, that is small, dark or noisy, or filter.noise_margin too '
            'low: docs/filtering.md.',
        )


def percent_text_fine(share: float) -> str:
    """Return a small share as per cent, to a hundredth."""
    return f'{100 * share:.2f}{NBSP}%' if math.isfinite(share) else 'unknown'


def _space(stream: StreamStatistics) -> Iterator[Finding]:
    if not stream.confirmed:
        return
    distances, sigmas = stream.of_all('distance'), stream.of_all('distance_sigma')
    if not len(distances):
        yield Finding(
            Level.NOTE,
            'No face has metres, so there are no distances, head angles or gaze.',
            'They need a calibrated camera_info beside the images, or --camera-info for files '
            '(README, Faces in metres).',
        )
        return
    near, middle, far = (float(np.quantile(distances, share)) for share in (0.05, 0.5, 0.95))
    text = (
        f'Faces were {number_text(middle)} m from the camera in the median, {number_text(near)} '
        f'to {number_text(far)} m in nine tenths of their images'
    )
    sigma = float(np.median(sigmas)) / middle if len(sigmas) else math.nan
    if sigma > normal.DISTANCE_SIGMA_SHARE:
        yield Finding(
            Level.NOTE,
            f'{text}, known to {percent_text(sigma)} only (1 σ).',
            'A registered depth image makes it exact: docs/metric_sources.md.',
        )
    else:
        yield Finding(Level.FINE, f'{text}, known to {percent_text(sigma)} (1 σ).')
    turned = stream.of_all('yaw')
    share = float(np.mean(np.abs(turned) > normal.HEAD_TURN_DEG)) if len(turned) else 0.0
    if share > normal.COASTING_SHARE:
        yield Finding(
            Level.NOTE,
            f'Heads were turned by more than {normal.HEAD_TURN_DEG:.0f}° in {percent_text(share)} '
            'of their images: landmarks of the far side are guessed there.',
        )


def _blinks(stream: StreamStatistics) -> Iterator[Finding]:
    seen = [track for track in stream.confirmed if track.blinks.observed_s > 0]
    if not seen:
        return
    observed_s = sum(track.blinks.observed_s for track in seen)
    count = sum(track.blinks.count for track in seen)
    per_minute = 60 * count / observed_s
    is_rate = observed_s >= normal.BLINK_OBSERVED_S
    text = f'{counted(count, "blink")} in {duration_text(observed_s)} of eyes seen'
    if is_rate:
        text += f', {number_text(round(per_minute, 1))} a minute'
    usual = (
        f'people blink about {normal.BLINKS_READING:g} times a minute while they read, '
        f'{normal.BLINKS_AT_REST:.0f} at rest and {normal.BLINKS_TALKING:.0f} while they talk'
    )
    if stream.rate_hz < normal.BLINK_RATE_HZ:
        yield Finding(
            Level.NOTE,
            f'{text}; at {number_text(stream.rate_hz)} images a second short ones fall between '
            f'two images, so they are at least so many ({usual}).',
        )
    elif is_rate and per_minute < normal.FEW_BLINKS:
        yield Finding(
            Level.NOTE,
            f'{text}; {usual}.',
            'So few are those of a picture of a face, of dark glasses, or of eyes that are too '
            'small or too blurred to be seen closing.',
        )
    else:
        yield Finding(Level.FINE, f'{text}; {usual}.')
