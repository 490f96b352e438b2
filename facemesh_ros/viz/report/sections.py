"""The parts of a report about one stream, in their order."""

from __future__ import annotations

from collections.abc import Iterator

from facemesh_ros.viz.report.charts import Curve, Plot, figure_of
from facemesh_ros.viz.report.diagnostics import StreamDiagnostics
from facemesh_ros.viz.report.face_plots import StreamPlots
from facemesh_ros.viz.report.image_parts import images_part, latency_part
from facemesh_ros.viz.report.markup import Html
from facemesh_ros.viz.report.statistics import StreamStatistics
from facemesh_ros.viz.report.tables import part
from facemesh_ros.viz.report.track_bars import bars, track_table


def all_parts(stream: StreamStatistics, diagnostics: StreamDiagnostics | None) -> Iterator[Html]:
    """Yield the parts of a stream's section that have something to show."""
    plots = StreamPlots(stream)
    yield _tracks_part(stream, plots.span)
    yield plots.confidence()
    yield plots.steadiness()
    yield latency_part(stream, plots.span, diagnostics)
    yield plots.heads()
    yield plots.gaze()
    yield plots.distance()
    yield plots.eyes_and_mouth()
    yield images_part(stream, plots.span, diagnostics)


def _tracks_part(stream: StreamStatistics, span: tuple[float, float]) -> Html:
    """Return which faces there were when."""
    times = stream.series.times
    people = Curve('', times, stream.people.astype(float), 0)
    return part(
        'Faces over time',
        'A bar per id while it was published: seen, expected but not seen (coasting), or new and '
        'not confirmed. One face should keep one id as long as it stays.',
        bars(stream, span),
        figure_of(Plot('Faces at once', '', [people], span, (0.0, None), is_count=True)),
        track_table(stream),
    )
