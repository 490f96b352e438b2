"""Parts of the page and tables in them."""

from __future__ import annotations

from collections.abc import Sequence

from facemesh_ros.viz.report.markup import Content, Html, joined, tag


def part(title: str, explanation: Content, *contents: Html) -> Html:
    """Return a part of the page; empty if it shows nothing."""
    if not any(contents):
        return Html('')
    return joined([tag('h3', title), tag('p', explanation, class_='soft'), *contents])


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, words: bool = False) -> Html:
    """Return a table that scrolls by itself where it is too wide."""
    head = tag('tr', *(tag('th', name, scope='col') for name in heads))
    body = [
        tag('tr', *(_cell(cell, words and not n) for n, cell in enumerate(row))) for row in rows
    ]
    return tag('div', tag('table', tag('thead', head), tag('tbody', *body)), class_='scroll')


def _cell(content: str, is_words: bool) -> Html:
    return tag('td', content, class_='words' if is_words else None)
