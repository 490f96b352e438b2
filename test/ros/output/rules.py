"""A rule of those who read a message, and what rules are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Rule:
    """What must hold of a message, and whose rule it is."""

    what: str
    whose: str
    holds: Callable[[Any], bool]


def numbers(*msgs: Any) -> np.ndarray:
    """All numbers of small messages such as points, colours and poses."""
    return np.array([number for msg in msgs for number in _numbers(msg)], float)


def _numbers(msg: Any) -> Iterator[float]:
    for name in msg.get_fields_and_field_types():
        value = getattr(msg, name)
        if hasattr(value, 'get_fields_and_field_types'):
            yield from _numbers(value)
        elif np.ndim(value):
            yield from np.ravel(value)
        else:
            yield value


def tf2_takes(header: Any) -> bool:
    return bool(header.frame_id) and not header.frame_id.startswith('/')


def is_rotation(quaternion: Any) -> bool:
    return abs(np.linalg.norm(numbers(quaternion)) - 1) < 1e-6


def are_colours(*colours: Any) -> bool:
    values = numbers(*colours)
    return bool(((values >= 0) & (values <= 1)).all())
