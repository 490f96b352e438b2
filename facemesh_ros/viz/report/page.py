"""The whole report: one HTML page that needs no other file and no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np

from facemesh_ros.viz.report.diagnostics import Diagnostics
from facemesh_ros.viz.report.finding import Finding, Level
from facemesh_ros.viz.report.findings import findings_of
from facemesh_ros.viz.report.markup import Html, tag
from facemesh_ros.viz.report.sections import all_parts
from facemesh_ros.viz.report.series import StreamSeries
from facemesh_ros.viz.report.statistics import StreamStatistics
from facemesh_ros.viz.report.words import (
    NBSP,
    counted,
    date_text,
    duration_text,
    number_text,
    percent_text,
)

_MARKS = {
    Level.FINE: ('fine', '✓', 'normal'),
    Level.NOTE: ('note-level', 'i', 'to know'),
    Level.LOOK: ('look', '!', 'look at this'),
}


@dataclass
class Report:
    """What a report is about; give it each image, then ask for its page.

    Attributes:
        name: Of the recording or file.
        origin: A sentence about where the faces come from.
        problems: What could not be read, a sentence each.
        diagnostics: What was recorded of /diagnostics.
        streams: By name, in the order in which they came.
    """

    name: str
    origin: str = ''
    problems: list[str] = field(default_factory=list)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    streams: dict[str, StreamSeries] = field(default_factory=dict)

    def stream(self, name: str) -> StreamSeries:
        """Return the series of a stream, a new one if nothing came of it yet."""
        return self.streams.setdefault(name, StreamSeries(name))


def page_of(report: Report) -> str:
    """Return the page."""
    streams = [StreamStatistics(series) for series in report.streams.values()]
    style, script = _asset('page.css'), _asset('page.js')
    title = f'Faces in {report.name}'
    head = tag(
        'head',
        tag('meta', charset='utf-8'),
        tag('meta', http_equiv='Content-Security-Policy', content=_policy(style, script)),
        tag('meta', name='viewport', content='width=device-width, initial-scale=1'),
        tag('meta', name='color-scheme', content='light dark'),
        tag('title', title),
        tag('style', Html(style)),
    )
    sections = [_section(report, stream, number) for number, stream in enumerate(streams)]
    body = tag(
        'body',
        tag('main', _introduction(report, streams, title), *sections, _footer()),
        tag('script', Html(script)),
    )
    return f'<!DOCTYPE html>\n{tag("html", head, body, lang="en")}\n'


@cache
def _asset(name: str) -> str:
    return (files(__package__) / name).read_text(encoding='utf-8').strip()


def _policy(style: str, script: str) -> str:
    """Return a policy by which a browser fetches nothing and runs this page's script only."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def _introduction(report: Report, streams: Sequence[StreamStatistics], title: str) -> Html:
    pieces = [tag('h1', title)]
    if report.origin:
        pieces.append(tag('p', report.origin, class_='soft'))
    found = [Finding(Level.LOOK, problem) for problem in report.problems]
    if not streams:
        found.append(Finding(Level.LOOK, 'There is no image in it, so there is nothing to show.'))
    if found:
        pieces.append(_list(found))
    if len(streams) > 1:
        links = [
            tag('a', stream.series.name, href=f'#stream{number}')
            for number, stream in enumerate(streams)
        ]
        pieces.append(tag('nav', *links, aria_label='Cameras'))
    return tag('header', *pieces)


def _section(report: Report, stream: StreamStatistics, number: int) -> Html:
    diagnostics = report.diagnostics.of(stream.series.name, len(report.streams))
    is_named = len(report.streams) > 1 or stream.series.name != report.name
    return tag(
        'section',
        tag('h2', stream.series.name) if is_named else None,
        tag('p', _what(stream)),
        _facts(stream),
        _list(list(findings_of(stream, diagnostics))),
        *(all_parts(stream, diagnostics) if stream.images else ()),
        class_='stream',
        id=f'stream{number}',
    )


def _what(stream: StreamStatistics) -> str:
    """Return what was recorded, in a sentence."""
    series = stream.series
    when = date_text(series.first_stamp_ns)
    sizes = ' and '.join(f'{w} × {h}' for w, h in series.image_whs)
    rate = f' at {number_text(round(stream.rate_hz, 1))} Hz' if stream.rate_hz > 0 else ''
    text = f'{counted(stream.images, "image")} of {sizes} px, {duration_text(stream.span_s)}{rate}'
    text += f', from {when}.' if when else '.'
    info = series.info
    if info is None:
        return f'{text} Its info was not recorded, so the model is not known.'
    provider = f' on {info.execution_provider}' if info.execution_provider else ''
    precision = f' ({info.precision})' if info.precision else ''
    filtered = 'smoothed over time' if series.filtered else 'not smoothed'
    return f'{text} Landmark model {info.model}{provider}{precision}, landmarks {filtered}.'


def _facts(stream: StreamStatistics) -> Html:
    """Return the numbers that are asked for first."""
    late = float(np.quantile(stream.latencies, 0.95)) if len(stream.latencies) else None
    facts = {
        'Length': duration_text(stream.span_s),
        'Rate': f'{number_text(round(stream.rate_hz, 1))}{NBSP}Hz' if stream.rate_hz > 0 else '–',
        'Most at once': str(int(stream.people.max())) if stream.images else '–',
        'Ids': str(len(stream.confirmed)),
        'Latency, p95': f'{1e3 * late:.0f} ms' if late is not None else '–',
        'Dropped': percent_text(stream.share('dropped_images')) if stream.is_live else '–',
    }
    return tag(
        'dl',
        *(tag('div', tag('dt', name), tag('dd', value)) for name, value in facts.items()),
        class_='facts',
    )


def _list(findings: list[Finding]) -> Html:
    items = []
    for finding in findings:
        kind, mark, meaning = _MARKS[finding.level]
        items.append(
            tag(
                'li',
                tag('b', mark, class_='mark', role='img', aria_label=meaning),
                tag('span', finding.text),
                tag('span', finding.advice, class_='advice') if finding.advice else None,
                class_=kind,
            )
        )
    return tag('ul', *items, class_='findings')


def _footer() -> Html:
    return tag(
        'footer',
        tag(
            'p',
            'Made by ',
            tag('code', 'facemesh report'),
            '. Curves show the lowest and the highest value of each column. Names such as '
            'docs/report.md are files of facemesh_ros; that one says how each number is defined '
            'and where the normal ones come from. Faces are personal data: so is this page where '
            'somebody can tell whose they are.',
        ),
    )
