"""The recall tables as Markdown, and the same as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from itertools import groupby
from typing import Any

from measuring.faces import RULE
from measuring.markdown import bullets, table
from measuring.recall_rows import WITHIN_IMAGES, Cost, RecallRow, Share, StreamRow, Tail
from measuring.second_look import SecondLook, second_look_text
from measuring.sightings import Sighting

SIZE = 'Sizes are px from the brows to the chin; a face with its hair is about twice as high.'


@dataclass(frozen=True)
class RecallReport:
    """All that a run has found.

    Attributes:
        about: Machine, versions, options.
        left_out: Who or what could not run, with the way out.
        recall: Pictures, each by itself; rows of a group have the same sizes.
        streams: One picture again and again.
        second_look: What a second look gives, None without annotations.
        sightings: All the figures, picture by picture.
    """

    about: dict[str, Any]
    left_out: list[str]
    recall: list[RecallRow]
    streams: list[StreamRow]
    second_look: SecondLook | None
    sightings: list[Sighting]

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON's types."""
        return {'rule': RULE, **asdict(self)}

    def as_text(self) -> str:
        """Return the tables as Markdown."""
        parts = [
            f'{RULE} {SIZE}',
            bullets(self.about),
            '\n'.join(f'Left out: {line}' for line in self.left_out),
            *(
                f'{group}, faces found:\n\n{_recall_table(list(rows))}'
                for group, rows in groupby(self.recall, lambda row: row.group)
            ),
            *(
                f'{group}, shown again and again as a stream:\n\n{_stream_table(list(rows))}'
                for group, rows in groupby(self.streams, lambda row: row.group)
            ),
            second_look_text(self.second_look) if self.second_look else '',
        ]
        return '\n\n'.join(filter(None, parts))


def _recall_table(rows: Sequence[RecallRow]) -> str:
    columns = [index for index, one in enumerate(rows[0].by_size) if one.there]
    titles = ['side', *(rows[0].by_size[index].size for index in columns), 'all', 'recall']
    titles += ['false', 'per picture', 'in empty ones', 'ms', 'p95', 'CPU ms', 'p95']
    return table(
        titles,
        [
            [row.side, *(_share(row.by_size[index]) for index in columns), _share(row.total)]
            + [_percent(row.total), str(row.false_faces)]
            + [f'{row.false_faces / row.pictures:.2f}']
            + [f'{row.false_in_empty} in {row.empty_pictures}']
            + [f'{ms:.1f}' for one in _both(row.cost) for ms in (one.median, one.p95)]
            for row in rows
        ],
    )


def _stream_table(rows: Sequence[StreamRow]) -> str:
    titles = ['side', 'face px', 'faces', 'in image 1', f'within {WITHIN_IMAGES}', 'ever']
    titles += ['median image', 'last image', 'false per image']
    titles += ['ms', 'p95', 'largest', 'CPU ms', 'p95', 'largest']
    return table(
        titles,
        [
            [row.side, row.size]
            + [str(count) for count in (row.there, row.at_once, row.soon, row.ever)]
            + [_number(row.median_image), _number(row.last_image), f'{row.false_per_image:.2f}']
            + [f'{ms:.1f}' for one in _both(row.cost) for ms in astuple(one)]
            for row in rows
        ],
    )


def _both(cost: Cost) -> tuple[Tail, Tail]:
    return cost.wall_ms, cost.cpu_ms


def _share(share: Share) -> str:
    return f'{share.found} of {share.there}' if share.there else ''


def _percent(share: Share) -> str:
    return f'{100 * share.found / share.there:.1f} %' if share.there else ''


def _number(image: int | None) -> str:
    return '' if image is None else str(image)
