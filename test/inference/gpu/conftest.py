"""The GPU path without a GPU: plain memory and the CPU provider, else all as on CUDA."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings as hypothesis_settings
from lookup_gpu import Clock, LookupFactory

from facemesh_ros.assembly.gpu_models import load_gpu_models
from facemesh_ros.assembly.models import ModelNames, Models
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.types import Frame, PixelOrder

# Shared runners are slow at times; no test here is about speed.
hypothesis_settings.register_profile('gpu', deadline=None, print_blob=True)
hypothesis_settings.load_profile('gpu')

DETECTORS = ('short_range', 'full_range')


@pytest.fixture(scope='session')
def astronaut(require_package) -> np.ndarray:
    """(512, 512, 3) RGB with one face, read only."""
    rgb = require_package('skimage.data').astronaut()
    rgb.flags.writeable = False
    return rgb


@pytest.fixture(scope='session')
def frames(astronaut, data_folder: Path) -> list[Frame]:
    """Pictures of all sizes, with and without faces."""
    images = [cv2.imread(str(path)) for path in sorted((data_folder / 'images').iterdir())]
    return [
        Frame(astronaut, PixelOrder.RGB),
        *(Frame(image, PixelOrder.BGR) for image in images if image is not None),
    ]


@pytest.fixture(scope='session')
def on_gpu(model_store, require_models):
    """Open a landmark model, both detectors and, for v2, the blendshapes; once for each model."""
    opened: dict[str, Models] = {}

    def models(landmark_model: str) -> Models:
        if landmark_model not in opened:
            blendshapes = 'blendshapes' if landmark_model == 'v2' else ''
            names = ModelNames(landmark_model, DETECTORS, blendshapes)
            require_models(*names.all)
            loader = ModelLoader(model_store, ProviderChoice('cpu'))
            opened[landmark_model] = load_gpu_models(
                model_store, loader, names, faces=1, streams=3
            )
        return opened[landmark_model]

    yield models
    for each in opened.values():
        each.close()


@pytest.fixture
def factory() -> LookupFactory:
    """Open lookup tables instead of models."""
    return LookupFactory()


@pytest.fixture
def clock() -> Clock:
    """Time that passes when a test says so."""
    return Clock()
