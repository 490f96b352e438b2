"""The tables, as Markdown, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from measuring.markdown import bullets, table
from measuring.rows import PipelineRow, StageRow, StartUpRow
from measuring.statistics import Ratio

MODE = (
    'Picture by picture on both sides: no side follows faces from image to image (examine; '
    'static_image_mode, IMAGE), and all look once at the whole image by the short-range detector.'
)


@dataclass(frozen=True)
class Report:
    """All that a run has found.

    Attributes:
        about: Machine, versions, options.
        left_out: Who could not run, with the way out.
        pipeline: First table.
        stages: Second table.
        start_up: Third table.
    """

    about: dict[str, Any]
    left_out: list[str]
    pipeline: list[PipelineRow]
    stages: list[StageRow]
    start_up: list[StartUpRow]

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON's types."""
        return {'mode': MODE, **asdict(self)}

    def as_text(self) -> str:
        """Return everything as Markdown."""
        parts = [
            MODE,
            bullets(self.about),
            '\n'.join(f'Left out: {line}' for line in self.left_out),
            'One image, RGB array in, landmarks out, ms:\n\n' + _pipeline_table(self.pipeline),
            "This project's stages, ms:\n\n" + _stage_table(self.stages),
            'Start in a fresh process until the first faces, medians, ms:\n\n'
            + _start_up_table(self.start_up),
        ]
        return '\n\n'.join(filter(None, parts))


def _pipeline_table(rows: Iterable[PipelineRow]) -> str:
    titles = 'images|model|side|n|median|p95|p99|CPU|faces|ours / peer|CPU ours / peer'
    return table(
        titles.split('|'),
        [
            [row.scene, row.model, row.side, str(row.wall_ms.n)]
            + [f'{ms:.2f}' for ms in (row.wall_ms.median, row.wall_ms.p95, row.wall_ms.p99)]
            + [f'{row.cpu_ms:.2f}', f'{row.faces_found} of {row.faces_shown}']
            + [ratio_text(row.ratio), ratio_text(row.cpu_ratio)]
            for row in rows
        ],
    )


def _stage_table(rows: Iterable[StageRow]) -> str:
    return table(
        ['images', 'model', 'stage', 'median', 'p95'],
        [
            [row.scene, row.model, row.stage]
            + [f'{ms:.2f}' for ms in (row.wall_ms.median, row.wall_ms.p95)]
            for row in rows
        ],
    )


def _start_up_table(rows: Iterable[StartUpRow]) -> str:
    return table(
        ['model', 'side', 'n', 'Python', 'import and load', 'first image', 'total'],
        [
            [row.model, row.side, str(row.n)]
            + [f'{ms:.0f}' for ms in (row.python, row.load, row.first_image, row.total)]
            for row in rows
        ],
    )


def ratio_text(value: Ratio | None) -> str:
    """Return a ratio with its range; nothing if there is none."""
    return f'{value.overall:.2f} ({value.lowest:.2f} to {value.highest:.2f})' if value else ''
