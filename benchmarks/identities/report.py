"""The tables of ids, as Markdown, and the same as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.measuring.markdown import bullets, table

LEGEND = (
    'switches: times that a person got another id; swaps: times that an id went to another '
    'person; extra ids: ids per person beyond the first; ghosts: ids born where no face was and '
    'said to be faces; fragments: times that a visible person was lost from sight. A person who '
    'was hidden or away for more than a second counts as a new one.'
)


@dataclass(frozen=True)
class Row:
    """One side on one scene.

    Attributes:
        family: What the scene is about.
        scene: Which of them.
        side: Who gave the ids.
        ghosts: Ids born where no face was.
        scores: What motmetrics says.
    """

    family: str
    scene: str
    side: str
    ghosts: int
    scores: dict[str, float]


@dataclass(frozen=True)
class CostRow:
    """What one image of so many faces costs, ms."""

    faces: int
    tracker_ms: float
    with_filter_ms: float


@dataclass(frozen=True)
class IdentityReport:
    """All that a run has found."""

    about: dict[str, Any]
    rows: list[Row] = field(default_factory=list)
    costs: list[CostRow] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON's types."""
        return asdict(self)

    def as_text(self) -> str:
        """Return everything as Markdown."""
        sides = list(dict.fromkeys(row.side for row in self.rows))
        parts = [bullets(self.about), LEGEND]
        parts += [f'{side}:\n\n{self._side_table(side)}' for side in sides]
        if self.costs:
            parts.append(f'One image, ms, medians on one core:\n\n{self._cost_table()}')
        return '\n\n'.join(parts)

    def _side_table(self, side: str) -> str:
        of_side = [row for row in self.rows if row.side == side]
        families = dict.fromkeys(row.family for row in of_side)
        lines = [_line(name, [row for row in of_side if row.family == name]) for name in families]
        return table(_TITLES, [*lines, _line('all', of_side)])

    def _cost_table(self) -> str:
        return table(
            ['faces', 'tracker', 'tracker and filter'],
            [
                [str(row.faces), f'{row.tracker_ms:.2f}', f'{row.with_filter_ms:.2f}']
                for row in self.costs
            ],
        )


_TITLES = (
    'scenes of', 'n', 'people', 'switches', 'swaps', 'extra ids', 'ghosts', 'fragments', 'MOTA',
    'IDF1',
)  # fmt: skip


def _line(family: str, rows: Sequence[Row]) -> list[str]:
    def total(name: str) -> float:
        return sum(row.scores[name] for row in rows)

    wrong = total('num_misses') + total('num_false_positives') + total('num_switches')
    told = 2 * total('idtp')
    counts = ('num_unique_objects', 'num_switches', 'num_transfer', 'extra_ids')
    return [
        family,
        str(len(rows)),
        *(f'{total(name):.0f}' for name in counts),
        str(sum(row.ghosts for row in rows)),
        f'{total("num_fragmentations"):.0f}',
        f'{1 - wrong / total("num_objects"):.3f}',
        f'{told / (told + total("idfp") + total("idfn")):.3f}',
    ]
