"""Reports: facts about a measurement and its tables, as Markdown that reads well when printed.

A table's rows are dictionaries; a column is a title and a format string over a row's items:

    Column = ('median', '{wall.median:.2f}')

A cell whose item is None stays empty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from common.machine import ROOT

Column = tuple[str, str]
Row = Mapping[str, Any]
TABLES_PAGE = ROOT / 'docs' / 'benchmarks_tables.md'
# Items of a row that say what it is of, and items of a report in JSON that are no tables.
KEYS = ('system', 'family', 'kind', 'model', 'group', 'size')
HEAD = ('mode', 'about', 'left_out')


@dataclass(frozen=True)
class Table:
    """One table of a report.

    Attributes:
        name: Key of its rows in JSON; tables of the same name share it.
        title: Heading.
        columns: Titles and formats.
        rows: See the module.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]

    def as_section(self, before: Sequence[Row] = ()) -> str:
        """Return heading and table; `before` as for `as_text`."""
        return f'{self.title}:\n\n{self.as_text(before)}'

    def as_text(self, before: Sequence[Row] = ()) -> str:
        """Return the table with columns of even width.

        Args:
            before: Rows of an earlier report; cells that have changed since show both values.
        """
        titles = [title for title, _ in self.columns]
        lines = [
            [_with_before(text, row, _same_row(row, before)) for _, text in self.columns]
            for row in self.rows
        ]
        widths = [max(map(len, column)) for column in zip(titles, *lines, strict=True)]
        return '\n'.join(
            '| ' + ' | '.join(map(str.ljust, line, widths)) + ' |'
            for line in [titles, ['-' * width for width in widths], *lines]
        )


@dataclass
class Report:
    """Everything a benchmark has found.

    Attributes:
        introduction: What to know before reading the figures.
        about: Machine, versions, options.
        left_out: What could not be measured, and how to make it run.
        tables: In order.
        data: More items for JSON.
        before: Rows of an earlier report, by the name of their table; see `read_rows`.
    """

    introduction: str
    about: dict[str, Any]
    left_out: Sequence[str] = ()
    tables: list[Table] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    before: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    def as_text(self) -> str:
        """Return everything as Markdown."""
        left_out = '\n'.join(f'Left out: {line}' for line in self.left_out)
        tables = [table.as_section(self.before.get(table.name, ())) for table in self.tables]
        return '\n\n'.join(filter(None, [self.head(), left_out, *tables]))

    def head(self) -> str:
        """Return introduction and facts."""
        facts = '\n'.join(f'- {name}: {_fact(value)}' for name, value in self.about.items())
        return '\n\n'.join(filter(None, [self.introduction, facts]))

    def as_json(self) -> str:
        """Return everything as JSON."""
        rows: dict[str, list[Row]] = {}
        for table in self.tables:
            rows.setdefault(table.name, []).extend(table.rows)
        head = {'mode': self.introduction, 'about': self.about, 'left_out': self.left_out}
        return json.dumps({**head, **rows, **self.data}, indent=1, default=_json_value)


def spread_columns(item: str, decimals: int = 2, prefix: str = '') -> list[Column]:
    """Return columns for the median, p95 and p99 of a row's `Spread`."""
    parts = ('median', 'p95', 'p99')
    return [(prefix + part, f'{{{item}.{part}:.{decimals}f}}') for part in parts]


def ratio_column(title: str, item: str) -> Column:
    """Return a column for a row's `Ratio` with its range."""
    return title, f'{{{item}.overall:.2f}} ({{{item}.lowest:.2f}} to {{{item}.highest:.2f}})'


def write_section(document: Path, name: str, text: str) -> None:
    """Replace what lies between the two comments with a section's name.

    Raises:
        ValueError: If the document has no such comments.
    """
    begin, end = f'<!-- {name}: made by ./run bench -->', f'<!-- {name}: end -->'
    before, found, rest = document.read_text().partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f'{document} lacks the lines {begin} and {end}')
    document.write_text(f'{before}{begin}\n\n{text}\n\n{end}{after}')


def read_rows(report: Path) -> dict[str, Sequence[Row]]:
    """Return the rows of a report written as JSON, by the name of their table.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is not JSON.
    """
    items = json.loads(report.read_text())
    return {name: rows for name, rows in items.items() if name not in HEAD and _are_rows(rows)}


def _are_rows(item: Any) -> bool:
    return isinstance(item, list) and all(isinstance(each, dict) for each in item)


def _same_row(row: Row, before: Sequence[Row]) -> Row | None:
    """Return the earlier row that has the same keys."""
    keys = [key for key in KEYS if key in row]
    same = (each for each in before if all(each.get(key) == row[key] for key in keys))
    return next(same, None) if keys else None


def _with_before(text: str, row: Row, before: Row | None) -> str:
    """Return a cell, and where it has changed, what it was; not of what has attributes."""
    now = _cell(text, row)
    fields = [name for _, name, _, _ in Formatter().parse(text) if name]
    if before is None or not fields or any(name not in before for name in fields):
        return now
    earlier = _cell(text, before)
    return now if now == earlier else f'{earlier or "-"} → {now or "-"}'


def _cell(text: str, row: Row) -> str:
    fields = [name for _, name, _, _ in Formatter().parse(text) if name]
    roots = {name.partition('.')[0].partition('[')[0] for name in fields}
    if any(row[root] is None for root in roots):
        return ''
    empty = any(Formatter().get_field(name, (), row)[0] is None for name in fields)
    return '' if empty else text.format(**row)


def _fact(value: Any) -> str:
    if isinstance(value, dict):
        return ', '.join(f'{name} {item}' for name, item in value.items())
    return ', '.join(map(str, value)) if isinstance(value, list) else str(value)


def _json_value(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.tolist()  # of numpy
