"""The tables of streams, as Markdown, and the same as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from measuring.markdown import bullets, table
from measuring.report import ratio_text
from measuring.stream_rows import StreamRow

MODE = (
    'Streams at 30 Hz on both sides: faces are followed from image to image (process; VIDEO, '
    'static_image_mode False), ours with all its defaults, the temporal filter among them.'
)
COLUMNS = ('median', 'p95', 'p99', 'CPU', 'MiB', 'faces')
STAGES = ('detect', 'landmarks', 'filter', 'blendshapes', 'other')


@dataclass(frozen=True)
class StreamReport:
    """All that a run has found.

    Attributes:
        about: Machine, versions, options.
        left_out: Who could not run, with the way out.
        rows: The table.
    """

    about: dict[str, Any]
    left_out: list[str]
    rows: Sequence[StreamRow]

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON's types."""
        return {'mode': MODE, **asdict(self)}

    def as_text(self) -> str:
        """Return everything as Markdown."""
        parts = [
            MODE,
            bullets(self.about),
            '\n'.join(f'Left out: {line}' for line in self.left_out),
            'One image of a stream, RGB array in, landmarks out, ms:\n\n' + self._times(),
            "This project's stages, medians in ms:\n\n" + self._stages(),
        ]
        return '\n\n'.join(filter(None, parts))

    def _times(self) -> str:
        peers = {row.race: row for row in self.rows if not row.stages_ms}
        own = [row for row in self.rows if row.stages_ms]
        titles = ['stream', 'model', 'setting', *COLUMNS, 'peer', *COLUMNS]
        return table(
            [*titles, 'ours / peer', 'CPU ours / peer'],
            [
                [
                    *(row.scene, row.model, _setting(row), *_figures(row)),
                    *_peer_figures(peers.get(row.race)),
                    *(ratio_text(row.ratio), ratio_text(row.cpu_ratio)),
                ]
                for row in own
            ],
        )

    def _stages(self) -> str:
        return table(
            ['stream', 'model', 'setting', *STAGES],
            [
                [row.scene, row.model, _setting(row)]
                + [_ms(row.stages_ms.get(stage)) for stage in STAGES]
                for row in self.rows
                if row.stages_ms
            ],
        )


def _setting(row: StreamRow) -> str:
    return row.setting + row.side.removeprefix('facemesh_ros')


def _peer_figures(row: StreamRow | None) -> list[str]:
    return [row.side, *_figures(row)] if row else [''] * (1 + len(COLUMNS))


def _figures(row: StreamRow) -> list[str]:
    times = (row.wall_ms.median, row.wall_ms.p95, row.wall_ms.p99, row.cpu_ms)
    found = f'{row.faces_found} of {row.faces_shown}'
    faces = 'all' if row.faces_found == row.faces_shown else found
    return [*(f'{ms:.2f}' for ms in times), f'{row.peak_mib:.0f}', faces]


def _ms(value: float | None) -> str:
    return '' if value is None else f'{value:.2f}'
