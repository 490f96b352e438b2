"""The tables of streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from measuring.markdown import table
from measuring.report import Report, ratio_text
from measuring.stream_rows import StreamRow

MODE = (
    'Streams at 30 Hz on both sides: faces are followed from image to image (process; VIDEO, '
    'static_image_mode False), ours with all its defaults, the temporal filter among them.'
)
COLUMNS = ('median', 'p95', 'p99', 'CPU', 'MiB', 'faces', 'faces/s')
STAGES = ('detect', 'landmarks', 'new faces', 'filter', 'blendshapes', 'other')


@dataclass(frozen=True)
class StreamReport(Report):
    """Streams, and what their images take; see `StreamRow`."""

    preface: ClassVar[dict[str, str]] = {'mode': MODE}
    rows: Sequence[StreamRow]

    def tables(self) -> Iterator[tuple[str, str]]:
        """Yield each table with its title."""
        yield 'One image of a stream, RGB array in, landmarks out, ms', self._times()
        yield "This project's stages, medians in ms", self._stages()

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
    return [*(f'{ms:.2f}' for ms in times), f'{row.peak_mib:.0f}', faces, f'{row.faces_per_s:.0f}']


def _ms(value: float | None) -> str:
    return '' if value is None else f'{value:.2f}'
