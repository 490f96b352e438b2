"""What a file of Rerun holds, read back by Rerun's own reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

_IMAGE, _CLEAR = 'image', 'Clear:is_recursive'


@dataclass
class RerunFile:
    """The entities of the recording in a file.

    Attributes:
        rows: By entity its rows in the order of images: number of the image (None if static) and
            values by component, such as `Points2D:positions`.
    """

    path: Path
    rows: dict[str, list[tuple[int | None, dict[str, Any]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for chunk in _reader(self.path).stream():
            batch = chunk.to_record_batch()
            numbers = batch[_IMAGE].to_pylist() if _IMAGE in batch.schema.names else None
            for index in range(batch.num_rows):
                values = {
                    name: batch[name][index].as_py()
                    for name in batch.schema.names
                    if ':' in name and batch[name][index].as_py() is not None
                }
                number = numbers[index] if numbers is not None else None
                self.rows.setdefault(chunk.entity_path, []).append((number, values))
        for rows in self.rows.values():
            rows.sort(key=lambda row: (row[0] is not None, row[0]))

    def value(self, entity: str, component: str, image: int) -> Any:
        """What the viewer shows at an image: the latest value, None if it was cleared or never."""
        shown = None
        latest = -1
        for number, values in self.rows.get(entity, []):
            if (number is None or number <= image) and component in values:
                shown, latest = values[component], -1 if number is None else number
        cleared = max(self._clears(entity, image), default=-1)
        return None if cleared >= max(latest, 0) else shown

    def array(self, entity: str, component: str, image: int) -> np.ndarray:
        return np.array(self.value(entity, component, image))

    def _clears(self, entity: str, image: int) -> list[int]:
        parts = entity.split('/')
        above = ['/'.join(parts[:count]) for count in range(1, len(parts) + 1)]
        return [
            number
            for place in above
            for number, values in self.rows.get(place, [])
            if number is not None
            and number <= image
            and _CLEAR in values
            and (place == entity or values[_CLEAR][0])
        ]

    def numbers(self) -> np.ndarray:
        """All numbers that are drawn: positions, lines, arrows, boxes, normals, curves."""
        return np.concatenate(
            [
                np.ravel(_flat(value))
                for rows in self.rows.values()
                for _, values in rows
                for name, value in values.items()
                if _is_geometry(name)
            ]
        )


def _is_geometry(name: str) -> bool:
    drawn = ('positions', 'strips', 'vectors', 'origins', 'centers', 'half_sizes', 'normals')
    return name.endswith((*drawn, 'scalars', 'image_from_camera', 'resolution'))


def _flat(value: Any) -> list[float]:
    if isinstance(value, list):
        return [number for part in value for number in _flat(part)]
    return [float(value)]


def _reader(path: Path) -> Any:
    try:
        from rerun.chunk import RrdReader
    except ImportError:  # the last release for Python 3.10
        from rerun.experimental import RrdReader
    return RrdReader(path)
