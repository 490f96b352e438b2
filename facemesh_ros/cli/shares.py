"""Shares of a run, for jobs that some other scheduler starts: `--share 2/5`."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.io import MediaSource


@dataclass(frozen=True, slots=True)
class Share:
    """One of so many shares of the sources of a run.

    A source's share hangs on its own path alone: not on the order in which files are given, nor
    on what else is there when a share begins. So each source is in one share, whenever the shares
    begin, though an archive may grow meanwhile. Shares by size would be more even, but a file that
    comes in between would move others, which then are done twice, or never.

    Attributes:
        number: From 1.
        count: How many there are.
    """

    number: int
    count: int

    @staticmethod
    def parsed(text: str) -> Share:
        """Return the share that a text such as 2/5 names; raises ValueError if it names none."""
        match = re.fullmatch(r'([0-9]+)/([0-9]+)', text)
        if match is None:
            raise ValueError('is to be NUMBER/COUNT, as 2/5')
        share = Share(int(match[1]), int(match[2]))
        if not 1 <= share.number <= share.count:
            raise ValueError(f'the number is to be from 1 to the count, {share.count}')
        return share

    def takes(self, source: MediaSource) -> bool:
        """Tell whether a source is in this share: by the absolute path of its first file."""
        path = os.fsencode(os.path.abspath(source.files[0]))
        number = int.from_bytes(hashlib.sha256(path).digest()[:8], 'big')
        return number % self.count == self.number - 1

    def named(self, target: Path) -> Path:
        """Return the name of this share's part of an output: faces.2of5.jsonl for faces.jsonl."""
        # Leading zeros, so that a shell's * puts the parts in order.
        digits = len(str(self.count))
        return target.with_name(
            f'{target.stem}.{self.number:0{digits}}of{self.count}{target.suffix}'
        )

    def ids(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return ids that no other share gives: its first is its number, the next COUNT later."""
        return (ids - 1) * self.count + self.number


def sources_of(share: Share | None, sources: Sequence[MediaSource]) -> list[MediaSource]:
    """Return those of a share; all, if there is none."""
    return [source for source in sources if share is None or share.takes(source)]
