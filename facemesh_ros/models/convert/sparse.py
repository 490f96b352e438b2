"""Sparse weights of TFLite files."""

from __future__ import annotations

from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from facemesh_ros.errors import ConversionError

_VECTORS = {
    tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
    tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
    tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
}


def dense_from_sparse(
    name: str, numbers: NDArray[Any], shape: tuple[int, ...], sparsity: Any
) -> NDArray[Any]:
    """Put the zeros of a tensor back.

    Args:
        name: Of the tensor, for people.
        numbers: (K,) what is stored, row by row.
        shape: Of the tensor.
        sparsity: The tensor's SparsityParameters: all axes dense but the last, which is in
            compressed rows.

    Returns:
        The dense tensor.

    Raises:
        ConversionError: If it is stored in another sparse layout, or the layout does not fit.

    Source: TensorFlow Lite `schema.fbs`, SparsityParameters.
    """
    axes = [sparsity.DimMetadata(axis) for axis in range(sparsity.DimMetadataLength())]
    formats = [axis.Format() for axis in axes]
    rows_only = [tflite.DimensionType.DENSE] * (len(shape) - 1)
    order = sparsity.TraversalOrderAsNumpy()
    if (
        formats != [*rows_only, tflite.DimensionType.SPARSE_CSR]
        or not np.array_equal(order, np.arange(len(shape)))
        or sparsity.BlockMapLength()
    ):
        raise ConversionError(f'{name}: only sparse rows are supported')
    last = axes[-1]
    starts = _integers(last.ArraySegmentsType(), last.ArraySegments())
    columns = _integers(last.ArrayIndicesType(), last.ArrayIndices())
    dense = np.zeros((len(starts) - 1, shape[-1]), numbers.dtype)
    if dense.size != np.prod(shape) or not len(columns) == len(numbers) == starts[-1]:
        raise ConversionError(f'{name}: the sparse rows do not fit the shape {shape}')
    dense[np.repeat(np.arange(len(dense)), np.diff(starts)), columns] = numbers
    return dense.reshape(shape)


def _integers(kind: int, table: Any) -> NDArray[np.int64]:
    vector = _VECTORS[kind]()
    vector.Init(table.Bytes, table.Pos)
    return np.asarray(vector.ValuesAsNumpy(), np.int64)
