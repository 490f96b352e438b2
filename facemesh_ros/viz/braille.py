"""Lines drawn in a terminal: each Braille character is a cell of two by four dots."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facemesh_ros.types import Float32

_BLANK = 0x2800
# Of a cell's dots, by row and column: the bits that Unicode gives them.
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.int32)
_SHIFT = 4  # bits of fraction in cv2's coordinates


def braille_lines(
    segments: Float32, corner: tuple[float, float], side_px: float, rows: int
) -> list[str]:
    """Draw a square of the image.

    Args:
        segments: (N, 2, 2) px, both ends of N lines.
        corner: (x, y) px of the square's top left.
        side_px: Its side, px.
        rows: Height of the drawing in characters; it is twice as wide.

    Returns:
        Its lines, `rows` of them, of Braille characters.

    Raises:
        ValueError: If the square or the drawing is empty.
    """
    if side_px <= 0 or rows <= 0:
        raise ValueError(f'nothing to draw in: {side_px} px, {rows} rows')
    dots_per_px = 4 * rows / side_px
    ends = (segments - np.asarray(corner, np.float32)) * dots_per_px - 0.5
    dots = np.zeros((4 * rows, 4 * rows), np.uint8)
    # Ends far outside would not fit into cv2's integers.
    inside = np.isfinite(ends).all(axis=(1, 2)) & (np.abs(ends) < 64 * rows).all(axis=(1, 2))
    fixed = np.rint(ends[inside] * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(dots, list(fixed), isClosed=False, color=1, shift=_SHIFT)
    return _characters(dots)


def _characters(dots: NDArray[np.uint8]) -> list[str]:
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    cells = dots.reshape(rows, 4, columns, 2).astype(np.int32)
    codes = _BLANK + np.einsum('ikjl,kl->ij', cells, _BITS)
    return [''.join(map(chr, row)) for row in codes.tolist()]
