"""Structs of arrays: dataclasses of arrays with one axis in common, and of such structs."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Struct = TypeVar('Struct')


def select(struct: Struct, rows: slice | NDArray[Any]) -> Struct:
    """Return some rows, by a slice, indices or a mask."""
    return _mapped(lambda array: array[rows], struct)


def join(first: Struct, second: Struct) -> Struct:
    """Return the rows of both, one after the other."""
    return _mapped(lambda *arrays: np.concatenate(arrays), first, second)


def merge(chosen: NDArray[np.bool_], first: Struct, second: Struct) -> Struct:
    """Return each row from `first` where chosen, else from `second`."""

    def either(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
        return np.where(chosen.reshape(-1, *[1] * (one.ndim - 1)), one, other)

    return _mapped(either, first, second)


def _mapped(change: Any, first: Struct, *others: Struct) -> Struct:
    """Apply a function of arrays to all arrays of structs of one kind."""
    if not is_dataclass(first):
        return cast(Struct, change(first, *others))
    structs = (first, *others)
    parts = (
        _mapped(change, *(getattr(one, item.name) for one in structs)) for item in fields(first)
    )
    return cast(Struct, cast(Any, type(first))(*parts))
