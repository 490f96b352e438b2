"""Pieces of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# `code`, and --option, which would else be shown with a dash.
_CODE = re.compile(r"(`[^`]*`)|(?<![\w'-])--[a-z][\w-]*")
# Would be read as emphasis, a link, HTML, or the end of a table's cell.
_SPECIAL = re.compile(r'([\\*_<>\[\]|$`])')


def text(words: str) -> str:
    """Return text that Markdown shows as it is; options and what is in `backticks` are code."""
    parts = _CODE.sub(lambda it: it[1] or f'`{it[0]}`', words).split('`')
    return ''.join(
        code(part) if index % 2 else _SPECIAL.sub(r'\\\1', part)
        for index, part in enumerate(parts)
    )


def code(words: str) -> str:
    """Return text as code, also in a table."""
    return f'`{words}`'.replace('|', r'\|') if words else ''


def block(lines: str, language: str = 'text') -> str:
    """Return a block of code."""
    return f'```{language}\n{lines.rstrip()}\n```\n'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells are Markdown."""
    lines = [head, ['---'] * len(head), *rows]
    return ''.join(f'| {" | ".join(cells)} |\n' for cells in lines)


def page(title: str, introduction: str, *parts: str) -> str:
    """Return a page with its parts a blank line apart."""
    return '\n'.join((f'# {title}\n', f'{introduction}\n', *parts))
