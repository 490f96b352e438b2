"""The demo's live view in the terminal, at least sixty columns wide."""

from __future__ import annotations

import math

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from facemesh_ros.msg import FaceMesh
from facemesh_ros.ros.demo.face_sketch import can_sketch, face_sketch
from facemesh_ros.ros.demo.monitor import Monitor

TIME_SUFFIX = ' (ms)'
TOTAL = 'stamp to published'
MAX_FACES = 8


def view(monitor: Monitor, footer: str, console: Console) -> Group:
    """Draw the current state, with the faces' contours where the terminal has room for them."""
    headline = Text(f'{monitor.rate_hz:.1f} fps  {_counts(monitor)}', style='bold')
    if info := monitor.info:
        headline.append(f'\n{info.detector} and {info.model} on {info.execution_provider}')
    parts: list[RenderableType] = [
        headline,
        _faces(monitor),
        Text('median ms', style='italic'),
        Columns(_times(monitor), padding=(0, 2)),
        Text(footer, style='dim'),
    ]
    if monitor.last and can_sketch(console):
        taken = sum(len(console.render_lines(part)) for part in parts)
        # The last line stays free, or the terminal would scroll.
        parts.insert(0, face_sketch(monitor.last, console.height - taken - 1))
    return Group(*parts)


def line(monitor: Monitor) -> str:
    """Return the current state in one line, for a terminal that cannot be redrawn."""
    faces = monitor.last.faces if monitor.last else []
    seen = ', '.join(_id_and_distance(face) for face in faces[:MAX_FACES]) or 'no face'
    total = monitor.diagnostics.get(TOTAL + TIME_SUFFIX)
    latency = f'  {total} ms' if total else ''
    return f'{monitor.rate_hz:5.1f} fps  {_counts(monitor)}  {seen}{latency}'


def stage_times(monitor: Monitor) -> str:
    """Return the median time of each stage."""
    return f'median ms: {", ".join(_times(monitor)) or "not known yet"}'


def _id_and_distance(face: FaceMesh) -> str:
    distance = _distance(face)
    return f'{face.id} {distance} m' if distance else str(face.id)


def _distance(face: FaceMesh) -> str:
    """Return how far a face is from the camera in m; empty if it is not known."""
    if face.metric_source == FaceMesh.METRIC_NONE:
        return ''
    position = face.pose.pose.position
    return f'{math.hypot(position.x, position.y, position.z):.2f}'


def _counts(monitor: Monitor) -> str:
    dropped = monitor.last.dropped_images if monitor.last else 0
    lost = f', {monitor.lost} lost' if monitor.lost else ''
    images = monitor.images
    return f'{images.sent} images, {images.answered} answered, {dropped} dropped{lost}'


def _faces(monitor: Monitor) -> Table:
    faces = monitor.last.faces if monitor.last else []
    table = Table(box=None, padding=(0, 1, 0, 0), header_style='italic')
    for heading in ('id', 'age', 'score', 'presence', 'box, px', 'away, m'):
        table.add_column(heading, justify='right', no_wrap=True)
    for face in faces[:MAX_FACES]:
        x0, y0, x1, y1 = face.box
        table.add_row(
            face.id,
            str(face.age),
            'tracked' if math.isnan(face.detection_score) else f'{face.detection_score:.2f}',
            f'{face.presence:.2f}',
            f'{x1 - x0:.0f}x{y1 - y0:.0f} at {x0:.0f},{y0:.0f}',
            _distance(face),
        )
    if len(faces) > MAX_FACES:
        table.caption = f'and {len(faces) - MAX_FACES} more'
    return table


def _times(monitor: Monitor) -> list[str]:
    """Return the median time of each stage, as the node reports them."""
    return [
        f'{key.removesuffix(TIME_SUFFIX)} {value}'
        for key, value in monitor.diagnostics.items()
        if key.endswith(TIME_SUFFIX)
    ]
