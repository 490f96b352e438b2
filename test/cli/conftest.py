"""A folder to work in, with a picture and a video of a face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

FRAMES, RATE_HZ = 4, 10.0


@pytest.fixture(scope='session')
def head(require_package) -> np.ndarray:
    """(240, 320, 3) BGR with one face."""
    astronaut = require_package('skimage.data').astronaut()
    return np.ascontiguousarray(astronaut[10:250, 60:380, ::-1])


@pytest.fixture
def workplace(tmp_path, monkeypatch, head, model_store) -> Path:
    """The current folder, empty but for face.png; models are there."""
    folder = tmp_path / 'workplace'
    folder.mkdir()
    monkeypatch.chdir(folder)
    cv2.imwrite('face.png', head)
    return folder


@pytest.fixture
def clip(workplace, head) -> Path:
    """A video of a face that moves to the right by 8 px per picture."""
    path = workplace / 'clip.mp4'
    codec = cv2.VideoWriter_fourcc(*'mp4v')
    writer = cv2.VideoWriter(str(path), codec, RATE_HZ, (320, 240))
    for frame in range(FRAMES):
        writer.write(np.roll(head, 8 * frame, axis=1))
    writer.release()
    return path
