"""A folder to work in, with a picture and a video of a face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from videos import write_video

FRAMES = 4


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
    write_video(path, head, FRAMES, step_px=8)
    return path
