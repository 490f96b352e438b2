"""A sentence of a report, and how it is meant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How a finding is meant."""

    FINE = 'fine'
    NOTE = 'note'
    LOOK = 'look'


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence about a stream.

    Attributes:
        level: How it is meant.
        text: The sentence.
        advice: What to do, or where to read more; empty if there is nothing to do.
    """

    level: Level
    text: str
    advice: str = ''
