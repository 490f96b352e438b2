"""Structs of arrays: dataclasses of arrays with one axis in common, and of such structs."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Struct = TypeVar('Struct')
Indices = NDArray[np.intp]
Rows = slice | Indices
# All rows, in order: what takes or replaces them need not copy them.
EVERY_ROW = slice(None)


def select(struct: Struct, rows: slice | NDArray[Any]) -> Struct:
    """Return some rows, by a slice, indices or a mask."""
    if rows is EVERY_ROW:
        return struct
    if isinstance(struct, np.ndarray):
        return cast(Struct, struct[rows])
    parts = [select(getattr(struct, name), rows) for name in _names(cast(Any, type(struct)))]
    return cast(Struct, cast(Any, type(struct))(*parts))


def put(struct: Struct, rows: Rows, others: Struct) -> Struct:
    """Return the struct with other values in some rows; its own arrays stay as they are."""
    if rows is EVERY_ROW:
        return others

    def with_others(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
        changed = one.copy()
        changed[rows] = other
        return changed

    return _mapped(with_others, struct, others)


def join(first: Struct, second: Struct) -> Struct:
    """Return the rows of both, one after the other."""
    return _mapped(lambda one, other: np.concatenate([one, other]), first, second)


def merge(chosen: NDArray[np.bool_], first: Struct, second: Struct) -> Struct:
    """Return each row from `first` where chosen, else from `second`."""

    def either(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
        return np.where(chosen.reshape(-1, *[1] * (one.ndim - 1)), one, other)

    return _mapped(either, first, second)


def _mapped(change: Any, first: Struct, second: Struct) -> Struct:
    """Apply a function of two arrays to all arrays of two structs of one kind."""
    if isinstance(first, np.ndarray):
        return cast(Struct, change(first, second))
    parts = [
        _mapped(change, getattr(first, name), getattr(second, name))
        for name in _names(cast(Any, type(first)))
    ]
    return cast(Struct, cast(Any, type(first))(*parts))


@cache
def _names(kind: type) -> tuple[str, ...]:
    """Return the names of the fields of a kind of structs."""
    return tuple(item.name for item in fields(kind))
