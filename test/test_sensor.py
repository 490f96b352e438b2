"""Which models run, by what is wanted and what is provisioned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from facemesh_ros.core.settings import SensorSettings
from facemesh_ros.core.types import Frame, PixelOrder
from facemesh_ros.models.catalog import entry_of
from facemesh_ros.models.errors import MissingModelError
from facemesh_ros.models.store import ModelStore
from facemesh_ros.sensor import load_sensor


@pytest.fixture
def folder_with(model_store, require, tmp_path):
    """Make a model folder that holds some of the models."""

    def made(*names: str) -> Path:
        for name in names:
            original = model_store.original(entry_of(name))
            require(original is not None, f'the original of {name} in {model_store.folder}')
            ModelStore(tmp_path).install(original, 'test')
        return tmp_path

    return made


@pytest.mark.parametrize(
    ('provisioned', 'detector', 'landmark_model', 'blendshapes'),
    [
        (['full_range', 'mesh'], 'auto: full_range', 'mesh', 0),
        (
            ['full_range', 'short_range', 'mesh', 'attention'],
            'auto: short_range+full_range',
            'attention',
            0,
        ),
        (['short_range', 'attention', 'blendshapes'], 'auto: short_range', 'attention', 0),
        (['short_range', 'attention', 'v2'], 'auto: short_range', 'v2', 0),
        (['short_range', 'v2', 'blendshapes'], 'auto: short_range', 'v2', 52),
    ],
)
def test_auto_runs_on_what_is_there(
    folder_with, provisioned, detector, landmark_model, blendshapes
):
    sensor = load_sensor(SensorSettings(model_dir=str(folder_with(*provisioned))))
    assert sensor.model.detector == detector
    assert sensor.model.landmark_model == landmark_model
    assert len(sensor.model.blendshape_names) == blendshapes
    grey = Frame(np.full((90, 120, 3), 127, np.uint8), PixelOrder.RGB)
    assert len(sensor.pipeline.process(grey)) == 0


@pytest.mark.parametrize(
    ('wanted', 'missing'),
    [({}, 'v2'), ({'landmark_model': 'mesh'}, 'mesh'), ({'detector': 'full_range'}, 'full_range')],
)
def test_what_is_missing_is_named(folder_with, wanted, missing):
    folder = folder_with('short_range', *(['v2'] if 'detector' in wanted else []))
    with pytest.raises(MissingModelError, match=f"'{missing}'.*facemesh models fetch"):
        load_sensor(SensorSettings(model_dir=str(folder), **wanted))


@pytest.mark.parametrize(
    ('driver', 'provider', 'idle'),
    [(True, 'auto', True), (False, 'auto', False), (True, 'cpu', False)],
)
def test_an_idle_gpu_is_told(monkeypatch, tmp_path, model_store, driver, provider, idle):
    if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime may use the GPU')
    version = tmp_path / 'version'
    if driver:
        version.write_text('NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06\nGCC ...\n')
    monkeypatch.setattr('facemesh_ros.hardware.NVIDIA_DRIVER', version)
    assert load_sensor(SensorSettings(execution_provider=provider)).model.gpu_idle == idle
