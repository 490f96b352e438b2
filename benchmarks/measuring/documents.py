"""Sections of documents that benchmarks write."""

from __future__ import annotations

from pathlib import Path

from measuring.machine import ROOT

DOCS = ROOT / 'docs'
BENCHMARKS = DOCS / 'benchmarks.md'


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
