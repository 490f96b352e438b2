"""The modules of `./run`."""

import importlib
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / 'tools'


@pytest.fixture
def workspace(monkeypatch):
    """Return a function that imports a module of `./run`."""
    monkeypatch.syspath_prepend(TOOLS)
    return lambda name: importlib.import_module(f'workspace.{name}')
