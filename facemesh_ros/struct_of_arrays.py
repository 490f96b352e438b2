"""Structs of arrays: dataclasses whose fields share their first axis, one row per item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Struct = TypeVar('Struct')
Self = TypeVar('Self', bound='StructOfArrays')
Indices = NDArray[np.intp]
Rows = slice | Indices
# All rows, in order: selecting or replacing them copies nothing.
ALL_ROWS = slice(None)


class StructOfArrays:
    """Base of dataclasses of two or more fields that are arrays, or structs of arrays again."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(_values_of(cast(Any, type(self)))(self)[0])

    def __getitem__(self: Self, rows: Rows | NDArray[np.bool_]) -> Self:
        if rows is ALL_ROWS:
            return self
        kind = cast(Any, type(self))
        return cast(Self, kind(*map(itemgetter(rows), _values_of(kind)(self))))

    def __add__(self: Self, others: Self) -> Self:
        return join(self, others)


def select(struct: Struct, rows: slice | NDArray[Any]) -> Struct:
    """Return some rows, by a slice, indices or a mask."""
    if isinstance(struct, (np.ndarray, StructOfArrays)):
        return cast(Struct, struct[rows])
    return _mapped(lambda array: array[rows], struct)


def put(struct: Struct, rows: Rows, others: Struct) -> Struct:
    """Return the struct with other values in some rows; its own arrays stay as they are."""
    if rows is ALL_ROWS:
        return others

    def with_others(array: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
        changed = array.copy()
        changed[rows] = values
        return changed

    return _mapped(with_others, struct, others)


def join(first: Struct, second: Struct) -> Struct:
    """Return the rows of both, one after the other."""
    return _mapped(lambda *arrays: np.concatenate(arrays), first, second)


def merge(chosen: NDArray[np.bool_], first: Struct, second: Struct) -> Struct:
    """Return each row from `first` where chosen, else from `second`."""

    def either(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
        return np.where(chosen.reshape(-1, *[1] * (one.ndim - 1)), one, other)

    return _mapped(either, first, second)


def _mapped(change: Callable[..., NDArray[Any]], *structs: Struct) -> Struct:
    """Apply a function of arrays to each field of structs of one type."""
    kind = cast(Any, type(structs[0]))
    if kind is np.ndarray:
        return cast(Struct, change(*structs))
    values = zip(*map(_values_of(kind), structs), strict=True)
    return cast(Struct, kind(*[_mapped(change, *arrays) for arrays in values]))


@cache
def _values_of(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that takes a struct of this type apart into the values of its fields."""
    return attrgetter(*(item.name for item in fields(cast(Any, kind))))
