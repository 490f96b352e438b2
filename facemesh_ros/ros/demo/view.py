"""The demo's live view in the terminal."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text

from facemesh_ros.ros.demo.witness import Witness

STAGE = ' (ms)'


def view(witness: Witness) -> Group:
    """Draw what the node says right now."""
    return Group(_headline(witness), _faces(witness), _stages(witness))


def line(witness: Witness) -> str:
    """Say the same in one line, for a terminal that cannot be redrawn."""
    faces = witness.last.faces if witness.last else []
    names = ' '.join(face.id for face in faces) or 'no face'
    stages = ', '.join(f'{name} {ms}' for name, ms in _latencies(witness).items())
    return (
        f'{witness.rate_hz:5.1f} fps  {len(faces)} face(s) {names}  {_drops(witness)}  '
        f'ms: {stages or "not known yet"}'
    )


def _headline(witness: Witness) -> Text:
    info = witness.info
    what = (
        f'{info.detector} + {info.model} on {info.execution_provider.partition(" ")[0]}'
        if info
        else ''
    )
    return Text(f'facemesh  {what}  {witness.rate_hz:.1f} fps  {_drops(witness)}', style='bold')


def _drops(witness: Witness) -> str:
    dropped = witness.last.dropped_images if witness.last else 0
    return f'{witness.sent} images, {witness.answered} answered, {dropped} dropped'


def _faces(witness: Witness) -> Table:
    table = Table(title='faces', title_justify='left')
    for heading in ('id', 'age', 'score', 'presence', 'box, px', 'landmarks'):
        table.add_column(heading, justify='right')
    for face in witness.last.faces if witness.last else []:
        x0, y0, x1, y1 = face.box
        table.add_row(
            face.id,
            str(face.age),
            f'{face.detection_score:.2f}',
            f'{face.presence:.2f}',
            f'{x1 - x0:.0f} x {y1 - y0:.0f} at {x0:.0f}, {y0:.0f}',
            str(face.landmark_count),
        )
    return table


def _latencies(witness: Witness) -> dict[str, str]:
    """Return the median ms of each stage that the node reports."""
    figures = witness.diagnostics.items()
    return {key[: -len(STAGE)]: value for key, value in figures if key.endswith(STAGE)}


def _stages(witness: Witness) -> Table:
    table = Table(title='median latency, ms', title_justify='left')
    stages = _latencies(witness)
    for name in stages:
        table.add_column(name, justify='right')
    if stages:
        table.add_row(*stages.values())
    return table
