"""Plots over time: curves in SVG that stretches, words around it that do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facemesh_ros.types import Float64
from facemesh_ros.viz.report.curves import (
    HEIGHT,
    WIDTH,
    Scale,
    band_of,
    envelope,
    longest_step_s,
    nice_ticks,
    path_of,
)
from facemesh_ros.viz.report.markup import Content, Html, tag
from facemesh_ros.viz.report.words import clock_text, number_text

# Curves of one plot; more cannot be told apart.
MAX_CURVES = 5
# Above the highest value, of the range.
MARGIN = 0.08


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a plot.

    Attributes:
        name: In the legend.
        times: (N,) s, ascending.
        values: (N,); NaN where nothing is known.
        colour: Number of its colour, from 0.
        sigmas: (N,) standard deviations, drawn as a band; None for no band.
        is_faint: Whether it is drawn thinner, as what others are compared with.
    """

    name: str
    times: Float64
    values: Float64
    colour: int
    sigmas: Float64 | None = None
    is_faint: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """What a plot shows.

    Attributes:
        title: What is drawn.
        unit: Of its values.
        curves: Its lines.
        span: First and last time, s.
        limits: Lowest and highest value of the axis; None where the curves say it.
        normal: Range of normal values, shaded; None for no shading.
        note: A sentence below it.
        is_count: Whether values are whole numbers.
        least_range: Of the axis: less is noise.
    """

    title: str
    unit: str
    curves: Sequence[Curve]
    span: tuple[float, float]
    limits: tuple[float | None, float | None] = (None, None)
    normal: tuple[float, float] | None = None
    note: Content = None
    is_count: bool = False
    least_range: float = 0.0


def figure_of(plot: Plot) -> Html:
    """Return a plot as a figure; empty if there is nothing to draw."""
    drawn = [curve for curve in plot.curves if np.isfinite(curve.values).any()]
    if not drawn:
        return Html('')
    scale = _scale_of(plot, drawn)
    ticks = nice_ticks(scale.low, scale.high)
    if plot.is_count:
        ticks = [tick for tick in ticks if tick == round(tick)]
    seconds = (plot.span[1] - plot.span[0]) / WIDTH
    content = [_normal_band(plot, scale), _grid(ticks, scale, plot.span)]
    for curve in drawn:
        content.extend(_drawn(curve, plot.span, scale, seconds))
    svg = tag(
        'svg',
        *content,
        viewBox=f'0 0 {WIDTH} {HEIGHT}',
        preserveAspectRatio='none',
        role='img',
        aria_label=_described(plot, drawn),
        data_low=number_text(scale.low),
        data_high=number_text(scale.high),
        data_from=f'{plot.span[0]:.3f}',
        data_to=f'{plot.span[1]:.3f}',
        data_unit=plot.unit,
    )
    return tag(
        'figure',
        tag('figcaption', tag('b', plot.title), f' {plot.unit}'.rstrip(), legend_of(drawn)),
        tag('div', axis_of(ticks, scale), tag('div', svg, class_='area'), class_='plot'),
        time_axis(plot.span),
        tag('p', plot.note, class_='note') if plot.note else None,
    )


def _scale_of(plot: Plot, curves: Sequence[Curve]) -> Scale:
    values = np.concatenate([curve.values[np.isfinite(curve.values)] for curve in curves])
    # A single outlier must not press all else flat.
    low, high = (float(np.quantile(values, share)) for share in (0.002, 0.998))
    given_low, given_high = plot.limits
    low = low if given_low is None else given_low
    high = high if given_high is None else given_high
    if high - low < plot.least_range:
        middle = (high + low) / 2
        low, high = middle - plot.least_range / 2, middle + plot.least_range / 2
    # Curves at the border would be hidden by it.
    margin = MARGIN * (high - low) or 0.1 * abs(high) or 1.0
    return Scale(low if given_low is not None else low - margin, high + margin)


def _normal_band(plot: Plot, scale: Scale) -> Html:
    if plot.normal is None:
        return Html('')
    bottom, top = scale.rows(np.array(plot.normal, float)).tolist()
    if bottom == top or bottom - top == HEIGHT:  # all of it says nothing
        return Html('')
    return tag('rect', x=0, y=top, width=WIDTH, height=bottom - top, class_='normal')


def _grid(ticks: Sequence[float], scale: Scale, span: tuple[float, float]) -> Html:
    rows = scale.rows(np.array(ticks, float)).tolist()
    across = ''.join(f'M0 {row}H{WIDTH}' for row in rows)
    down = ''.join(f'M{round(WIDTH * share)} 0V{HEIGHT}' for share, _ in time_ticks(span))
    return tag('path', d=across + down, class_='grid')


def _drawn(
    curve: Curve, span: tuple[float, float], scale: Scale, seconds_per_column: float
) -> list[Html]:
    drawn = []
    if curve.sigmas is not None:
        columns, lows, _ = envelope(curve.times, curve.values - curve.sigmas, span)
        _, _, highs = envelope(curve.times, curve.values + curve.sigmas, span)
        drawn.append(
            tag('path', d=band_of(columns, lows, highs, scale), class_=f'band c{curve.colour}')
        )
    longest = max(1.0, longest_step_s(curve.times, curve.values) / seconds_per_column)
    line = path_of(*envelope(curve.times, curve.values, span), scale, longest)
    faint = ' faint' if curve.is_faint else ''
    drawn.append(tag('path', d=line, class_=f'line c{curve.colour}{faint}', data_name=curve.name))
    return drawn


def legend_of(curves: Sequence[Curve]) -> Html:
    """Return the names of curves with their colours."""
    keys = [
        tag(
            'span',
            tag('i', class_=f'c{curve.colour}' + (' faint' if curve.is_faint else '')),
            curve.name,
            class_='key',
        )
        for curve in curves
        if curve.name
    ]
    return tag('span', *keys, class_='legend') if keys else Html('')


def axis_of(ticks: Sequence[float], scale: Scale) -> Html:
    """Return the labels of the values, each beside its line."""
    labels = [
        tag(
            'span',
            number_text(tick),
            style=f'bottom:{100 * (tick - scale.low) / (scale.high - scale.low):.1f}%',
        )
        for tick in ticks
    ]
    return tag('div', *labels, class_='axis', aria_hidden='true')


def time_ticks(span: tuple[float, float]) -> list[tuple[float, str]]:
    """Return round times of a span: where they are in it, 0 to 1, and their text."""
    first, last = span
    length = last - first
    if not length > 0:
        return []
    steps = (*(0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30), *(60, 120, 300, 600, 1200, 1800, 3600, 7200))
    step = next((step for step in steps if length / step <= 6), 10 * 3600)
    numbers = range(int(first // step), int(last // step) + 1)
    times = [number * step for number in numbers if first <= number * step <= last]
    return [((time - first) / length, clock_text(time, step)) for time in times]


def time_axis(span: tuple[float, float]) -> Html:
    """Return the labels of the times below a plot."""
    labels = [tag('span', label, style=f'left:{100 * at:.1f}%') for at, label in time_ticks(span)]
    return tag('div', *labels, class_='times', aria_hidden='true')


def _described(plot: Plot, curves: Sequence[Curve]) -> str:
    """Return what a plot shows, for whoever cannot see it."""
    parts = []
    for curve in curves:
        known = curve.values[np.isfinite(curve.values)]
        low, middle, high = (number_text(float(np.quantile(known, q))) for q in (0, 0.5, 1))
        name = f'{curve.name}: ' if curve.name else ''
        parts.append(f'{name}{low} to {high}, median {middle} {plot.unit}'.rstrip())
    return f'{plot.title} over time. {"; ".join(parts)}.'


def bars_of(counts: Float64, edges: Float64, unit: str, title: str) -> Html:
    """Return a histogram as a figure."""
    highest = float(counts.max()) or 1.0
    width = WIDTH / len(counts)
    bars = [
        tag(
            'rect',
            x=f'{index * width:.1f}',
            y=f'{HEIGHT * (1 - count / highest):.1f}',
            width=f'{0.9 * width:.1f}',
            height=f'{HEIGHT * count / highest:.1f}',
            class_='bar c0',
        )
        for index, count in enumerate(counts.tolist())
        if count
    ]
    total = float(counts.sum())
    most = int(np.argmax(counts))
    described = (
        f'{title}. Most often {number_text(edges[most])} to {number_text(edges[most + 1])} '
        f'{unit}, '
        f'{100 * counts[most] / total:.0f} % of {total:.0f}.'
    )
    svg = tag(
        'svg',
        *bars,
        viewBox=f'0 0 {WIDTH} {HEIGHT}',
        preserveAspectRatio='none',
        role='img',
        aria_label=described,
    )
    ticks = nice_ticks(float(edges[0]), float(edges[-1]), 5)
    span = float(edges[-1] - edges[0])
    labels = [
        tag('span', number_text(tick), style=f'left:{100 * (tick - edges[0]) / span:.1f}%')
        for tick in ticks
    ]
    share = tag('span', f'{100 * highest / total:.0f} %', style='bottom:100%')
    axis = tag('div', share, tag('span', '0', style='bottom:0%'), class_='axis')
    return tag(
        'figure',
        tag('figcaption', tag('b', title), f' {unit}'),
        tag('div', axis, tag('div', svg, class_='area'), class_='plot low'),
        tag('div', *labels, class_='times', aria_hidden='true'),
    )
