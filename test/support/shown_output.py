"""What a document shows as a command's output, against what the command prints now.

Figures may differ, and paths and times with them; words, keys and their order may not. A line of
`…` or `...` stands for any lines, and within a line for any words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

GAPS = ('…', '...')
_NUMBER = re.compile(r'(?<![A-Za-z])[-+]?\d[\d.,]*(?:e[-+]?\d+)?')


def shape_of(line: str) -> str:
    """Return a line with figures, paths and runs of blanks masked."""
    line = re.sub(r'(?:~|\.{0,2})(?:/[\w.@+-]+)+/?', 'PATH', line)
    # In the place of a detector's score, in images in which it did not run.
    line = _NUMBER.sub('#', re.sub(r'\btracked\b', '0', line))
    line = re.sub(r'\b([a-z]{1,4})\d+\b', r'\1#', line)
    line = re.sub(r'[━─╸╺▏▎▍▌▋▊▉█]+', '━', line)
    return re.sub(r'\s+', ' ', line).strip()


def missing_line(shown: Sequence[str], printed: Sequence[str]) -> str | None:
    """Return the first line that is shown but not printed after those before it, None if none.

    `…` at the end of a shown line stands for its rest.
    """
    rest = [shape_of(line) for line in printed]
    for line in shown:
        if line.strip() in GAPS:
            continue
        wanted = '.*'.join(map(re.escape, shape_of(line).replace('...', '…').split('…')))
        found = (index for index, said in enumerate(rest) if re.fullmatch(wanted, said))
        if (index := next(found, None)) is None:
            return line
        del rest[: index + 1]
    return None
