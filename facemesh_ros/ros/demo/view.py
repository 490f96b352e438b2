"""The demo's live view in the terminal; sixty columns are enough for it."""

from __future__ import annotations

import math

from rich.columns import Columns
from rich.console import Group
from rich.table import Table
from rich.text import Text

from facemesh_ros.ros.demo.monitor import Monitor

STAGE = ' (ms)'
TOTAL = 'stamp to published'
FACES_SHOWN = 8


def view(witness: Monitor, footer: str) -> Group:
    """Draw what the node says right now."""
    return Group(
        _headline(witness),
        _faces(witness),
        Text('median ms', style='italic'),
        Columns(_stages(witness), padding=(0, 2)),
        Text(footer, style='dim'),
    )


def line(witness: Monitor) -> str:
    """Say the same in one line, for a terminal that cannot be redrawn."""
    faces = witness.last.faces if witness.last else []
    names = ' '.join(face.id for face in faces[:FACES_SHOWN]) or 'no face'
    total = _latencies(witness).get(TOTAL)
    return f'{witness.rate_hz:5.1f} fps  {counts(witness)}  {names}' + (
        f'  {total} ms' if total else ''
    )


def counts(witness: Monitor) -> str:
    """Say how many images there were so far."""
    dropped = witness.last.dropped_images if witness.last else 0
    lost = f', {witness.lost} lost' if witness.lost else ''
    return f'{witness.sent} images, {witness.answered} answered, {dropped} dropped{lost}'


def stages(witness: Monitor) -> str:
    """Say what each stage takes."""
    return f'median ms: {", ".join(_stages(witness)) or "not known yet"}'


def _headline(witness: Monitor) -> Text:
    text = Text(f'{witness.rate_hz:.1f} fps  {counts(witness)}', style='bold')
    if info := witness.info:
        provider = info.execution_provider.partition(' ')[0]
        text.append(f'\n{info.detector} and {info.model} on {provider}')
    return text


def _faces(witness: Monitor) -> Table:
    faces = witness.last.faces if witness.last else []
    table = Table(box=None, padding=(0, 1, 0, 0), header_style='italic')
    for heading in ('id', 'age', 'score', 'presence', 'box, px', 'points'):
        table.add_column(heading, justify='right', no_wrap=True)
    for face in faces[:FACES_SHOWN]:
        x0, y0, x1, y1 = face.box
        table.add_row(
            face.id,
            str(face.age),
            'followed' if math.isnan(face.detection_score) else f'{face.detection_score:.2f}',
            f'{face.presence:.2f}',
            f'{x1 - x0:.0f}x{y1 - y0:.0f} at {x0:.0f},{y0:.0f}',
            str(face.landmark_count),
        )
    if len(faces) > FACES_SHOWN:
        table.caption = f'and {len(faces) - FACES_SHOWN} more'
    return table


def _stages(witness: Monitor) -> list[str]:
    return [f'{name} {ms}' for name, ms in _latencies(witness).items()]


def _latencies(witness: Monitor) -> dict[str, str]:
    """Return the median ms of each stage that the node reports."""
    figures = witness.diagnostics.items()
    return {key[: -len(STAGE)]: value for key, value in figures if key.endswith(STAGE)}
