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
        titles = (
            'stream|model|setting|side|n|median|p95|p99|CPU|faces|MiB|ours / peer|CPU ours / peer'
        )
        return table(
            titles.split('|'),
            [
                [row.scene, row.model, row.setting, row.side, str(row.wall_ms.n)]
                + [f'{ms:.2f}' for ms in (row.wall_ms.median, row.wall_ms.p95, row.wall_ms.p99)]
                + [f'{row.cpu_ms:.2f}', f'{row.faces_found} of {row.faces_shown}']
                + [f'{row.peak_mib:.0f}', ratio_text(row.ratio), ratio_text(row.cpu_ratio)]
                for row in self.rows
            ],
        )

    def _stages(self) -> str:
        return table(
            ['stream', 'model', 'setting', 'side', *STAGES],
            [
                [row.scene, row.model, row.setting, row.side]
                + [_ms(row.stages_ms.get(stage)) for stage in STAGES]
                for row in self.rows
                if row.stages_ms
            ],
        )


def _ms(value: float | None) -> str:
    return '' if value is None else f'{value:.2f}'
