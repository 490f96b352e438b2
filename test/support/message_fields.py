"""What is in ROS messages, field by field.

Two serialised messages of the same content may differ: the bytes between fields are anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np


def fields_of(
    msg: Any, without: Collection[str] = (), path: str = ''
) -> Iterator[tuple[str, Any]]:
    """Yield every number and text of a message with its path, but for fields of some names."""
    if hasattr(msg, 'get_fields_and_field_types'):
        for name in msg.get_fields_and_field_types():
            if name not in without:
                yield from fields_of(getattr(msg, name), without, f'{path}.{name}')
    elif not isinstance(msg, str) and hasattr(msg, '__len__') and (
        len(msg) and hasattr(msg[0], 'get_fields_and_field_types')
    ):  # fmt: skip
        yield f'{path}.length', len(msg)
        for index, one in enumerate(msg):
            yield from fields_of(one, without, f'{path}[{index}]')
    else:
        yield path, msg


def assert_same_bits(found: Any, expected: Any, without: Collection[str] = ()) -> None:
    """Each number is the same to the last bit, that of NaN and -0.0 too, and each text."""
    ours, theirs = dict(fields_of(found, without)), dict(fields_of(expected, without))
    assert ours.keys() == theirs.keys()
    for path, value in theirs.items():
        assert np.asarray(ours[path]).tobytes() == np.asarray(value).tobytes(), path
