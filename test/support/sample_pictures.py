"""Pictures with known faces: those of $FACEMESH_DATA, or the ones bundled with scikit-image."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from ground_truth import TrueFaces
from numpy.typing import NDArray

TRUTH = Path(__file__).with_name('faces.tsv')
BUNDLED = 'scikitimage__'
FACE, OPTIONAL, NONE = 'face', 'optional', 'none'


@dataclass(frozen=True)
class Picture:
    """A picture and its faces.

    Attributes:
        name: File name and modifications.
        rgb: (H, W, 3) uint8.
        faces: Its true faces.
        quarters: Right angles by which its heads are turned clockwise.
    """

    name: str
    rgb: NDArray[np.uint8]
    faces: TrueFaces
    quarters: int = 0


def load_pictures(data_folder: Path | None) -> list[Picture]:
    """Load the annotated pictures.

    Args:
        data_folder: Value of $FACEMESH_DATA; None for the pictures bundled with scikit-image: one
            face, one optional face, and five pictures without a face.
    """
    return list(_read(data_folder))


def _read(data_folder: Path | None) -> Iterator[Picture]:
    for name, faces in true_faces().items():
        if data_folder is not None:
            yield Picture(name, _decoded(data_folder / 'images' / name), faces)
        elif name.startswith(BUNDLED):
            yield Picture(name, _bundled(name), faces)


def true_faces() -> dict[str, TrueFaces]:
    """Read the true faces of each picture, by file name."""
    lines = [line for line in TRUTH.read_text().splitlines() if not line.startswith('#')]
    rows_of: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(lines, delimiter='\t'):
        rows = rows_of.setdefault(row['picture'], [])
        if row['kind'] != NONE:
            rows.append(row)
    return {name: _faces_of(rows) for name, rows in rows_of.items()}


def _faces_of(rows: list[dict[str, str]]) -> TrueFaces:
    boxes = np.array([[float(row[side]) for side in ('x0', 'y0', 'x1', 'y1')] for row in rows])
    boxes = boxes.reshape(-1, 4)
    optional = np.array([row['kind'] == OPTIONAL for row in rows], bool)
    return TrueFaces(boxes, boxes[:, 3] - boxes[:, 1], optional)


def _decoded(path: Path) -> NDArray[np.uint8]:
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise FileNotFoundError(f'{path} is not a picture; set FACEMESH_DATA to the right folder')
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


def _bundled(name: str) -> NDArray[np.uint8]:
    from skimage import data

    image = getattr(data, Path(name.removeprefix(BUNDLED)).stem)()
    return np.ascontiguousarray(image if image.ndim == 3 else np.dstack([image] * 3), np.uint8)


def rotate_picture(picture: Picture, quarters: int) -> Picture:
    """Rotate a picture clockwise by a number of right angles, 0 to 3."""
    rgb, boxes = picture.rgb, picture.faces.boxes_xyxy
    for _ in range(quarters):
        x0, y0, x1, y1 = boxes.T
        bottom = len(rgb) - 1
        boxes = np.stack([bottom - y1, x0, bottom - y0, x1], axis=1)
        rgb = np.rot90(rgb, -1)
    name = f'{picture.name}, rotated by {90 * quarters}°' if quarters else picture.name
    faces = replace(picture.faces, boxes_xyxy=boxes)
    turned = (picture.quarters + quarters) % 4
    return Picture(name, np.ascontiguousarray(rgb), faces, turned)
