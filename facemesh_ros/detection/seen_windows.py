"""What detection windows showed when they were last searched: the same need no other look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facemesh_ros.detection.scan_plan import DetectionWindow
from facemesh_ros.types import Float32, Frame, UInt8

# A window is compared by the means of so many cells along its side: a head of the smallest face
# that a detector finds in it covers two by three.
CELLS = 24
# Of a cell every fourth part of its rows is read: enough to average, at a fourth of the time.
ROWS_PER_CELL = 4
# A window has changed if the mean of a cell has, by more than so many of 255 levels. The noise of
# a camera (standard deviation 8) stays below; a face of 24 px that appears in 1280x720 changes one
# by 70 or more, on each of 16 backgrounds.
MAX_CHANGE = 10
# What has not changed is searched all the same after it was left out so often.
MAX_SKIPS = 7


@dataclass(slots=True)
class _LastLook:
    cells: UInt8
    skips: int = 0


class SeenWindows:
    """Remembers windows in which nothing is left to be found, and tells when they change."""

    def __init__(self) -> None:
        self._looks: dict[object, _LastLook] = {}
        self._cells: dict[object, UInt8] = {}

    def reset(self) -> None:
        """Forget all windows."""
        self._looks.clear()

    def unseen(
        self, frame: Frame, windows: Sequence[DetectionWindow], known_xyxy: Float32
    ) -> list[DetectionWindow]:
        """Return the windows that show something else than when they were remembered.

        Also those that were left out `MAX_SKIPS` times, and those that never were remembered.

        Args:
            frame: The image.
            windows: That are due in it.
            known_xyxy: (N, 4) px, boxes of faces that are known: what changes there is no news.
        """
        self._cells = {_key(window): cell_means(frame, window) for window in windows}
        return [window for window in windows if self._is_unseen(frame, window, known_xyxy)]

    def note(self, window: DetectionWindow, *, is_settled: bool) -> None:
        """Remember what a window of the last `unseen` shows, or forget it.

        Args:
            window: It has been searched.
            is_settled: Whether nothing in it is left to be found; if not, its next turn counts.
        """
        key = _key(window)
        if is_settled:
            self._looks[key] = _LastLook(self._cells[key])
        else:
            self._looks.pop(key, None)

    def _is_unseen(self, frame: Frame, window: DetectionWindow, known_xyxy: Float32) -> bool:
        key = _key(window)
        last = self._looks.get(key)
        if last is None or last.skips >= MAX_SKIPS:
            return True
        if _differ(self._cells[key], last.cells, _known_cells(frame, window, known_xyxy)):
            return True
        last.skips += 1
        return False


def cell_means(frame: Frame, window: DetectionWindow) -> UInt8:
    """Return the mean levels of a window's cells, (rows, columns) or (rows, columns, C).

    What is left at the right and at the bottom, less than a cell, is not in them.
    """
    x, y, cell, columns, rows = _grid(frame, window)
    shown = frame.image[y : y + rows * cell : cell // ROWS_PER_CELL, x : x + columns * cell]
    means: UInt8 = cv2.resize(  # type: ignore[assignment]
        shown, (columns, rows), interpolation=cv2.INTER_AREA
    )
    return means


def _grid(frame: Frame, window: DetectionWindow) -> tuple[int, int, int, int, int]:
    """Return where a window begins, x and y, the side of its cells, px, columns and rows."""
    width, height = frame.image_wh
    side = window.side(frame.image_wh)
    if window.region is None:
        low, high = (0, 0), (width, height)
    else:
        x, y = window.region.centres[0].tolist()
        low = max(round(x - side / 2), 0), max(round(y - side / 2), 0)
        high = min(round(x + side / 2), width), min(round(y + side / 2), height)
    cell = ROWS_PER_CELL * max(1, int(side / CELLS / ROWS_PER_CELL))
    columns, rows = (max(1, (end - start) // cell) for start, end in zip(low, high, strict=True))
    return *low, cell, columns, rows


def _known_cells(frame: Frame, window: DetectionWindow, known_xyxy: Float32) -> NDArray[np.bool_]:
    """Return (rows, columns) whether the middle of a cell lies in a box of (N, 4) px."""
    x, y, cell, columns, rows = _grid(frame, window)
    xs = x + cell * (np.arange(columns) + 0.5)
    ys = y + cell * (np.arange(rows) + 0.5)
    boxes = known_xyxy[:, :, None]
    across = (xs >= boxes[:, 0]) & (xs <= boxes[:, 2])
    down = (ys >= boxes[:, 1]) & (ys <= boxes[:, 3])
    return np.any(down[:, :, None] & across[:, None], axis=0)  # type: ignore[no-any-return]


def _differ(cells: UInt8, others: UInt8, is_known: NDArray[np.bool_]) -> bool:
    if cells.shape != others.shape:
        return True
    changes = np.asarray(cv2.absdiff(cells, others)).reshape(*is_known.shape, -1).max(axis=2)
    return bool(np.any((changes > MAX_CHANGE) & ~is_known))


def _key(window: DetectionWindow) -> object:
    """Return a value that is equal for windows of the same detectors and region."""
    region = window.region
    if region is None:
        return window.detectors
    return (
        window.detectors,
        *region.centres[0].tolist(),
        *region.sizes_wh[0].tolist(),
        *region.rotations_rad.tolist(),
    )
