"""Strategies' settings, pictures and networks that several tests of the core share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings

from facemesh_ros.core.network import Network
from facemesh_ros.core.providers import ProviderChoice
from facemesh_ros.models.flavour import Flavour

# Shared runners are slow at times; no test here is about speed.
settings.register_profile('core', deadline=None, print_blob=True)
settings.load_profile('core')


@pytest.fixture(scope='session')
def astronaut(require_package) -> np.ndarray:
    """(512, 512, 3) RGB with one face, read only."""
    rgb = require_package('skimage.data').astronaut()
    rgb.flags.writeable = False
    return rgb


@pytest.fixture(scope='session')
def network_of(model_store, require_models):
    """Open a provisioned model on the CPU."""

    def opened(name: str) -> Network:
        require_models(name)
        return Network(model_store.load(name, Flavour.CPU), ProviderChoice('cpu'))

    return opened
