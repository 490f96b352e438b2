"""What the numbers of a stream say of its images, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from facemesh_ros.viz.report import normal
from facemesh_ros.viz.report.diagnostics import ERROR, StreamDiagnostics
from facemesh_ros.viz.report.finding import Finding, Level
from facemesh_ros.viz.report.statistics import StreamStatistics
from facemesh_ros.viz.report.words import (
    clock_text,
    counted,
    duration_text,
    number_text,
    percent_text,
)


def latency_finding(stream: StreamStatistics) -> Finding:
    """Return how long images took."""
    if not len(stream.latencies):
        return Finding(
            Level.NOTE,
            'How long images took is not known: their stamps are zero, or the faces were found '
            'later, in a recording or a file.',
        )
    middle, late = (float(np.quantile(stream.latencies, share)) for share in (0.5, 0.95))
    text = (
        f'From the image’s stamp to its published faces it took {1e3 * middle:.0f} ms in the '
        f'median, and at most {1e3 * late:.0f} ms in 19 images of 20'
    )
    if float(np.min(stream.latencies)) < 0:
        return Finding(
            Level.LOOK,
            f'{text}; some took less than no time: the clocks of camera and node differ.',
            'Synchronise them (chrony, PTP).',
        )
    limit = f'{1e3 * normal.LATENCY_P95_S:.0f} ms'
    if late <= normal.LATENCY_P95_S:
        return Finding(Level.FINE, f'{text}: what follows a face feels immediate up to {limit}.')
    return Finding(
        Level.LOOK,
        f'{text}; above {limit} what follows a face is felt to lag.',
        'Which stage takes how long is below where /diagnostics was recorded; what makes it '
        'faster: docs/benchmarks.md, docs/gpu_install.md. The driver’s own delay is part of it.',
    )


def image_findings(
    stream: StreamStatistics, diagnostics: StreamDiagnostics | None
) -> Iterator[Finding]:
    """Yield what became of images that were not processed."""
    if stream.is_live and stream.all_images == stream.images:
        yield Finding(Level.FINE, 'No image was dropped, lost, or failed.')
    yield from _dropped(stream)
    if stream.total('lost_images'):
        yield Finding(
            _level(stream.share('lost_images'), normal.LOST_SHARE),
            f'{_part(stream, "lost_images")} lost between camera and node; the node warns from '
            f'{percent_text(normal.LOST_SHARE)} on.',
            'Large images over a network or small socket buffers: docs/middleware.md.',
        )
    if stream.total('failed_images'):
        yield Finding(
            _level(stream.share('failed_images'), normal.FAILED_SHARE),
            f'{_part(stream, "failed_images")} refused or failed.',
            'The node’s log and /diagnostics say why.',
        )
    if diagnostics is not None and diagnostics.too_old:
        yield Finding(
            Level.LOOK,
            f'{counted(diagnostics.too_old, "image")} skipped, older than max_image_age.',
            'Clocks that differ, or a machine that is too slow.',
        )
    if diagnostics is not None and diagnostics.levels[ERROR]:
        yield Finding(
            Level.LOOK,
            f'The node reported an error {counted(diagnostics.levels[ERROR], "time")}; its words '
            'are below.',
        )


def _dropped(stream: StreamStatistics) -> Iterator[Finding]:
    share, usual = stream.share('dropped_images'), percent_text(normal.DROPPED_SHARE)
    if not share:
        return
    text = f'{_part(stream, "dropped_images")} dropped, replaced by newer ones'
    if share <= normal.DROPPED_SHARE:
        yield Finding(Level.FINE, f'{text} while the node was busy: up to {usual} is usual.')
        return
    yield Finding(
        Level.LOOK,
        f'{text}: more than the usual {usual}, because the camera’s next image came before the '
        'node was done with the last.',
        'A slower camera, smaller images, fewer faces, more cores or a GPU: docs/scaling.md. '
        'Results are those of the newest image all the same.',
    )


def _part(stream: StreamStatistics, counter: str) -> str:
    """Return how many images a counter counted, of all."""
    return f'{counted(stream.total(counter), "image")} ({percent_text(stream.share(counter))})'


def _level(share: float, limit: float) -> Level:
    return Level.LOOK if share >= limit else Level.NOTE


def gap_findings(stream: StreamStatistics) -> Iterator[Finding]:
    """Yield what is wrong with the times of a stream."""
    gaps = stream.gaps
    if gaps:
        begin, longest = max(gaps, key=lambda gap: gap[1])
        yield Finding(
            Level.LOOK,
            f'{counted(len(gaps), "gap")} of more than {number_text(normal.GAP_S)} s without any '
            f'result, the longest {duration_text(longest)} at {clock_text(begin)}: filters '
            'begin anew after it.',
            'A camera that stopped, or a node that was paused (~/enable).',
        )
    series = stream.series
    if series.clock.jumps:
        yield Finding(
            Level.LOOK,
            f'The clock of the stamps jumped {counted(series.clock.jumps, "time")}; times on this '
            'page go on as the recording did.',
            'A simulator or a recording that began again, or a clock that was set.',
        )
    if not series.clock.is_stamped:
        yield Finding(
            Level.LOOK,
            'The images have no stamps: times on this page are those of the recording.',
            'Let the camera’s driver stamp them.',
        )
    if series.restarts:
        yield Finding(
            Level.NOTE,
            f'The node was started again {counted(series.restarts, "time")}: its counters began '
            'anew.',
        )
