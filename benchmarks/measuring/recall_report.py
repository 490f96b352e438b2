"""The tables of recall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import groupby
from typing import ClassVar

from ground_truth import RULE
from measuring.markdown import table
from measuring.recall_rows import WITHIN_IMAGES, Cost, RecallRow, Share, StreamRow, Tail
from measuring.report import Report
from refinement_accuracy import SecondLook, second_look_table
from measuring.sightings import Sighting

SIZE = 'Sizes are px from the brows to the chin; a face with its hair is about twice as high.'


@dataclass(frozen=True)
class RecallReport(Report):
    """Faces found and false ones.

    Attributes:
        recall: Pictures, each by itself; rows of a group have the same sizes.
        streams: One picture again and again.
        second_look: What a second look gives, None without annotations.
        sightings: All the figures, picture by picture.
    """

    preface: ClassVar[dict[str, str]] = {'rule': RULE}
    recall: list[RecallRow]
    streams: list[StreamRow]
    second_look: SecondLook | None
    sightings: list[Sighting]

    @property
    def introduction(self) -> str:
        """What the text begins with."""
        return f'{RULE} {SIZE}'

    def tables(self) -> Iterator[tuple[str, str]]:
        """Yield each table with its title."""
        for group, recall in groupby(self.recall, lambda row: row.group):
            yield f'{group}, faces found', _recall_table(list(recall))
        for group, streams in groupby(self.streams, lambda row: row.group):
            yield f'{group}, shown again and again as a stream', _stream_table(list(streams))
        if self.second_look:
            yield second_look_table(self.second_look)


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
