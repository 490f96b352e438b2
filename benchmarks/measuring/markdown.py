"""Tables and lists as Markdown that is also easy to read as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with columns of even width."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    lines = [titles, ['-' * width for width in widths], *rows]
    return '\n'.join('| ' + ' | '.join(map(str.ljust, line, widths)) + ' |' for line in lines)


def bullets(about: Mapping[str, Any]) -> str:
    """Return a line for each item."""
    return '\n'.join(f'- {name}: {_said(value)}' for name, value in about.items())


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ', '.join(f'{name} {item}' for name, item in value.items())
    if isinstance(value, list):
        return ', '.join(map(str, value))
    return str(value)
