"""Whether the code can say what a document quotes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ('facemesh_ros', 'tools/workspace', 'launch')
GAP = '…'
LENGTH = 3
# What a string is filled with when it is said.
_FILLED = '\0'
# Figures, paths, and names as those of execution providers.
_FIGURE = re.compile(rf'{_FILLED}|\d|/|%[a-z]|[a-z][A-Z]')


@cache
def _sequences() -> frozenset[tuple[str, ...]]:
    """Return all words that follow each other in a string of the code."""
    found = set()
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob('*.py'):
            for text in _strings(ast.parse(path.read_text(encoding='utf-8'))):
                words = [_FILLED, *_words(text), _FILLED]  # strings are joined
                found |= {
                    tuple(words[start : start + length])
                    for length in (LENGTH - 1, LENGTH)
                    for start in range(len(words) - length + 1)
                }
    return frozenset(found)


def _words(text: str) -> list[str]:
    """Return words without punctuation; those with figures or paths count as filled in."""
    words = [word.strip('.,;:()') for word in text.split()]
    return [_FILLED if _FIGURE.search(word) else word for word in words if word]


def _strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield ''.join(
                str(part.value) if isinstance(part, ast.Constant) else _FILLED
                for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def unsaid_words(quoted: str) -> str:
    """Return the first words of a quoted message that no string of the code has; empty if none.

    Three words that follow each other do so in a string, where one of them may be filled in.

    Args:
        quoted: The message; `…` stands for anything.
    """
    for part in quoted.replace('...', GAP).split(GAP):
        words = _words(part)
        for start in range(max(len(words) - LENGTH + 1, 1)):
            run = tuple(words[start : start + LENGTH])
            if len(run) >= LENGTH - 1 and not _is_said(run):
                return ' '.join(run)
    return ''


def _is_said(run: tuple[str, ...]) -> bool:
    known = [index for index, word in enumerate(run) if word != _FILLED]
    if len(known) < LENGTH - 1:
        return True
    if run[1:-1] == (_FILLED,):  # perhaps with the end of one string and the begin of another
        return {run[:2], run[1:]} <= _sequences()
    blanked = (
        tuple(_FILLED if index in blanks else word for index, word in enumerate(run))
        for count in range(len(known) - 1)
        for blanks in combinations(known, count)
    )
    return any(words in _sequences() for words in blanked)
