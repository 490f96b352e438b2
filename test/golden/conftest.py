"""The goldens' pictures, decoded to the very pixels that MediaPipe was given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

ABOUT = json.loads((Path(__file__).parent / 'about.json').read_text())['pictures']
ASTRONAUT = 'skimage.data.astronaut'


def checked(name: str, rgb: np.ndarray) -> np.ndarray:
    digest = hashlib.sha256(rgb.tobytes()).hexdigest()
    assert digest == ABOUT[name]['pixels_sha256'], (
        f'{name} decodes to other pixels than MediaPipe was given'
    )
    return rgb


@pytest.fixture(scope='session')
def astronaut(require_package) -> np.ndarray:
    return checked(ASTRONAUT, require_package('skimage.data').astronaut())


@pytest.fixture(scope='session')
def pictures(data_folder: Path, astronaut) -> Callable[[], Iterator[tuple[str, np.ndarray]]]:
    """Each picture by its golden name, RGB."""

    def each() -> Iterator[tuple[str, np.ndarray]]:
        for name in ABOUT:
            if name == ASTRONAUT:
                yield name, astronaut
                continue
            bgr = cv2.imread(str(data_folder / 'images' / name), cv2.IMREAD_COLOR)
            assert bgr is not None, f'{name} is missing from {data_folder}'
            yield name, checked(name, np.ascontiguousarray(bgr[..., ::-1]))

    return each
