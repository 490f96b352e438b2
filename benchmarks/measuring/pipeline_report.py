"""The tables of pictures, each by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from measuring.markdown import table
from measuring.report import Report, ratio_text
from measuring.rows import PipelineRow, StageRow, StartUpRow

MODE = (
    'Picture by picture on both sides: no side follows faces from image to image (examine; '
    'static_image_mode, IMAGE), and all look once at the whole image by the short-range detector.'
)


@dataclass(frozen=True)
class PipelineReport(Report):
    """Pictures, each by itself.

    Attributes:
        pipeline: First table.
        stages: Second table.
        start_up: Third table.
    """

    preface: ClassVar[dict[str, str]] = {'mode': MODE}
    pipeline: list[PipelineRow]
    stages: list[StageRow]
    start_up: list[StartUpRow]

    def tables(self) -> Iterator[tuple[str, str]]:
        """Yield each table with its title."""
        yield 'One image, RGB array in, landmarks out, ms', _pipeline_table(self.pipeline)
        yield "This project's stages, ms", _stage_table(self.stages)
        title = 'Start in a fresh process until the first faces, medians, ms'
        yield title, _start_up_table(self.start_up)


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
