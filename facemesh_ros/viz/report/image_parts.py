"""What became of images, and how long they took."""

from __future__ import annotations

import numpy as np

from facemesh_ros.viz.report import normal
from facemesh_ros.viz.report.charts import Curve, Plot, bars_of, figure_of
from facemesh_ros.viz.report.diagnostics import LEVEL_NAMES, StreamDiagnostics
from facemesh_ros.viz.report.markup import Html, joined, tag
from facemesh_ros.viz.report.series import COUNTERS
from facemesh_ros.viz.report.statistics import StreamStatistics
from facemesh_ros.viz.report.tables import part, table
from facemesh_ros.viz.report.words import NBSP, number_text

Span = tuple[float, float]
LATENCY_BARS = 40
RATE_COLUMNS = 240
NAMES = {'dropped_images': 'dropped', 'lost_images': 'lost', 'failed_images': 'failed'}


def latency_part(
    stream: StreamStatistics, span: Span, diagnostics: StreamDiagnostics | None
) -> Html:
    """Return latency over time and its distribution."""
    contents: list[Html] = []
    if len(stream.latencies):
        ms = 1e3 * stream.series.latencies
        shaded = 0.0, 1e3 * normal.LATENCY_P95_S
        curve = Curve('', stream.series.times, ms, 0)
        contents.append(figure_of(Plot('Latency', 'ms', [curve], span, (0.0, None), shaded)))
        known = 1e3 * stream.latencies
        # Up to what all but one in a thousand have.
        top = max(float(np.quantile(known, 0.999)), 1.0)
        counts, edges = np.histogram(np.clip(known, 0, top), LATENCY_BARS, (0.0, top))
        contents.append(bars_of(counts.astype(float), edges, 'ms', 'How often which latency'))
    if diagnostics is not None and (times := diagnostics.stage_times_ms()):
        rows = [(name, number_text(ms)) for name, ms in times.items()]
        contents.append(table(('Stage', 'median, ms'), rows))
    return part(
        'Latency',
        'From the stamp of an image to the publication of its faces; the driver’s time from '
        'exposure to stamp is not in it. Stages are those of /diagnostics.',
        *contents,
    )


def images_part(
    stream: StreamStatistics, span: Span, diagnostics: StreamDiagnostics | None
) -> Html:
    """Return what became of images."""
    rows = [('processed', stream.images), *((NAMES[it], stream.total(it)) for it in COUNTERS)]
    cells = [(name, _count(count), _share(count, stream.all_images)) for name, count in rows]
    return part(
        'Images: drops, losses and gaps',
        'Dropped: replaced by a newer one while the node was busy. Lost: sent and never received. '
        'Failed: refused, or an error. Counted between the first and the last message of the '
        'recording.',
        figure_of(Plot('Images', 'a second', _rates(stream, span), span, (0.0, None))),
        table(('Images', 'count', 'share'), cells) if stream.is_live else Html(''),
        _problems(diagnostics) if diagnostics is not None else Html(''),
    )


def _rates(stream: StreamStatistics, span: Span) -> list[Curve]:
    """Return how many images a second were processed, dropped, lost and failed."""
    length_s = max(1.0, span[1] / RATE_COLUMNS)
    # Whole ones: a part of a second would look like a slow one.
    edges = length_s * np.arange(max(2, int(span[1] / length_s) + 1))
    middles, times = (edges[:-1] + edges[1:]) / 2, stream.series.times
    processed, _ = np.histogram(times, edges)
    rates = [Curve('processed', middles, processed / length_s, 0)]
    for number, name in enumerate(COUNTERS, start=1):
        if stream.total(name):
            counts, _ = np.histogram(times, edges, weights=stream.series.counted(name))
            rates.append(Curve(NAMES[name], middles, counts / length_s, number))
    return rates


def _problems(diagnostics: StreamDiagnostics) -> Html:
    levels = ', '.join(
        f'{LEVEL_NAMES.get(level, level)} {count}'
        for level, count in sorted(diagnostics.levels.items())
    )
    rows = [(words, _count(count)) for words, count in diagnostics.problems.most_common(8)]
    return joined(
        [
            tag('p', f'What the node said of itself once a second: {levels}.', class_='soft'),
            table(('/diagnostics', 'reports'), rows, words=True) if rows else Html(''),
        ]
    )


def _count(count: int) -> str:
    return f'{count:,}'.replace(',', NBSP)


def _share(count: int, whole: int) -> str:
    return f'{100 * count / whole:.1f} %' if whole else ''
