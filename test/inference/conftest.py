"""Machines for the diagnosis, as they were seen."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from facemesh_ros.inference.diagnosis.facts import DiagnosisFacts, Installation
from facemesh_ros.inference.hardware import Gpu, NvidiaDriver

GPU_BUILD = ('TensorrtExecutionProvider', 'CUDAExecutionProvider', 'CPUExecutionProvider')
WELL = Installation('1.31.1', GPU_BUILD, '13.0', {'onnxruntime-gpu': '1.31.1'})
H200 = NvidiaDriver('580.65.06', (13, 0), (Gpu('NVIDIA H200', '9.0'),), card=True)


@pytest.fixture(autouse=True)
def no_hidden_gpu(monkeypatch) -> None:
    """Whoever runs the tests may have hidden one."""
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)


@pytest.fixture
def machine_facts():
    """Make the facts of a machine without problems, but for what is given."""

    def made(
        installation: dict[str, Any] | None = None,
        driver: dict[str, Any] | None = None,
        **known: Any,
    ) -> DiagnosisFacts:
        return DiagnosisFacts(
            replace(WELL, **(installation or {})), replace(H200, **(driver or {})), **known
        )

    return made


@pytest.fixture(scope='session')
def stand_in() -> ModuleType:
    """The folder `stand_in`: tests are no package, so it cannot be imported by its name."""
    path = Path(__file__).parent / 'stand_in' / 'building.py'
    spec = importlib.util.spec_from_file_location('stand_in', path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
