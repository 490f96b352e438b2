"""What detection windows showed when they were last searched: the same need no other look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from facemesh_ros import native
from facemesh_ros.detection.scan_plan import DetectionWindow
from facemesh_ros.types import FaceDetections, Float32, Frame, UInt8

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


# Whether nothing that was found in a window is left to be known.
IsSettled = Callable[[DetectionWindow, FaceDetections], bool]


@dataclass(slots=True)
class _LastLook:
    cells: UInt8
    found: FaceDetections
    skips: int = 0


class SeenWindows:
    """Remembers what windows showed and what was found in them, and tells when that is old."""

    def __init__(self) -> None:
        self._looks: dict[object, _LastLook] = {}
        self._cells: list[tuple[object, UInt8]] = []

    def reset(self) -> None:
        """Forget all windows."""
        self._looks.clear()

    def unseen(
        self,
        frame: Frame,
        windows: Sequence[DetectionWindow],
        known_xyxy: Float32,
        is_settled: IsSettled,
    ) -> list[DetectionWindow]:
        """Return the windows that show something else than when they were searched last.

        Also those that never were, that were left out `MAX_SKIPS` times, or are not settled.

        Args:
            frame: The image.
            windows: That are due in it.
            known_xyxy: (N, 4) px, boxes of faces that are known: what changes there is no news.
            is_settled: Asked for windows that have not changed.
        """
        unseen, self._cells = [], []
        height, width = frame.image.shape[:2]
        for window in windows:
            key, cells = _grid(window, width, height)[0], cell_means(frame, window)
            last = self._looks.get(key)
            if (
                last is None
                or last.skips >= MAX_SKIPS
                or _differ(cells, last.cells, frame, window, known_xyxy)
                or not is_settled(window, last.found)
            ):
                unseen.append(window)
                self._cells.append((key, cells))
            else:
                last.skips += 1
        return unseen

    def note(self, found: Sequence[FaceDetections]) -> None:
        """Remember what the windows of the last `unseen` show, and what was found in each."""
        for (key, cells), detections in zip(self._cells, found, strict=True):
            self._looks[key] = _LastLook(cells, detections)


def cell_means(frame: Frame, window: DetectionWindow) -> UInt8:
    """Return the mean levels of a window's cells, (rows, columns) or (rows, columns, C).

    What is left at the right and at the bottom, less than a cell, is not in them.
    """
    height, width = frame.image.shape[:2]
    _, x, y, cell, columns, rows = _grid(window, width, height)
    shown = frame.image[y : y + rows * cell : cell // ROWS_PER_CELL, x : x + columns * cell]
    means: UInt8 = cv2.resize(  # type: ignore[assignment]
        shown, (columns, rows), interpolation=cv2.INTER_AREA
    )
    return means


@lru_cache(maxsize=1024)
def _grid(
    window: DetectionWindow, width: int, height: int
) -> tuple[object, int, int, int, int, int]:
    """Return a window's key and where it begins, x and y, its cells' side, px, columns and rows.

    The key is equal for windows of the same detectors and region.
    """
    key: object = window.detectors
    side: float
    if window.region is None:
        side, low_x, low_y, high_x, high_y = max(width, height), 0, 0, width, height
    else:
        region = window.region
        numbers = region.centres, region.sizes_wh, region.rotations_rad
        key = window.detectors, *map(np.ndarray.tobytes, numbers)
        (x, y), side = region.centres[0].tolist(), float(region.sizes_wh[0, 0])
        low_x, low_y = max(round(x - side / 2), 0), max(round(y - side / 2), 0)
        high_x, high_y = min(round(x + side / 2), width), min(round(y + side / 2), height)
    cell = ROWS_PER_CELL * max(1, int(side / CELLS / ROWS_PER_CELL))
    columns, rows = max(1, (high_x - low_x) // cell), max(1, (high_y - low_y) // cell)
    return key, low_x, low_y, cell, columns, rows


def _differ(
    cells: UInt8, others: UInt8, frame: Frame, window: DetectionWindow, known_xyxy: Float32
) -> bool:
    """Return whether cells differ, but for those whose middle lies in a box of (N, 4) px."""
    if cells.shape != others.shape:
        return True
    height, width = frame.image.shape[:2]
    _, x, y, cell, _, _ = _grid(window, width, height)
    return native.cells_differ(cells, others, known_xyxy, x, y, cell, MAX_CHANGE)
