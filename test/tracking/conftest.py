"""A tracker on computed faces."""

from __future__ import annotations

import pytest
from tracked_scene import Scene


@pytest.fixture(scope='session')
def scene() -> type[Scene]:
    return Scene
