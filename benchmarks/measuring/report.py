"""What every report of a benchmark is made of."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from measuring.markdown import bullets
from measuring.statistics import Ratio


@dataclass(frozen=True)
class Report:
    """All that a run has found, as Markdown and as JSON.

    Attributes:
        preface: What is to be known before the figures, by its name in JSON.
        about: Machine, versions, options.
        left_out: Who or what could not run, with the way out.
    """

    preface: ClassVar[dict[str, str]] = {}
    about: dict[str, Any]
    left_out: list[str]

    @property
    def introduction(self) -> str:
        """What the text begins with."""
        return ' '.join(self.preface.values())

    @abstractmethod
    def tables(self) -> Iterator[tuple[str, str]]:
        """Yield each table with its title."""

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON's types."""
        return {**self.preface, **asdict(self)}

    def as_text(self) -> str:
        """Return the tables as Markdown."""
        parts = [
            self.introduction,
            bullets(self.about),
            '\n'.join(f'Left out: {line}' for line in self.left_out),
            *(f'{title}:\n\n{table}' for title, table in self.tables()),
        ]
        return '\n\n'.join(filter(None, parts))


def ratio_text(value: Ratio | None) -> str:
    """Return a ratio with its range; nothing if there is none."""
    return f'{value.overall:.2f} ({value.lowest:.2f} to {value.highest:.2f})' if value else ''
