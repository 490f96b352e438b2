"""Models that are selected and loaded by the settings and by what is provisioned."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import onnxruntime
import pytest

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import entry_of
from facemesh_ros.errors import MissingModelError
from facemesh_ros.inference.gpu.memory import ExecutorError
from facemesh_ros.inference.model_loader import load_session
from facemesh_ros.inference.providers import CPU, ExecutionProviderError, ProviderChoice
from facemesh_ros.io import pictures_from_file
from facemesh_ros.models.store import ModelStore
from facemesh_ros.pipeline.components import Components
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder

# Measured in px with AVX-512: v2 .012, mesh .004; with AVX2 alone: v2 .010. What differs is a
# sample in ten thousand of a crop, by a 32nd of a pixel, and the last bits of sums.
TOLERANCE_PX = 0.05
SCORE_TOLERANCE = 0.001


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
    assert len(sensor.stream().process(grey)) == 0


@pytest.mark.parametrize(
    ('wanted', 'missing'),
    [({}, 'v2'), ({'landmark_model': 'mesh'}, 'mesh'), ({'detector': 'full_range'}, 'full_range')],
)
def test_what_is_missing_is_named(folder_with, wanted, missing):
    folder = folder_with('short_range', *(['v2'] if 'detector' in wanted else []))
    with pytest.raises(MissingModelError, match=f"'{missing}'.*facemesh models fetch"):
        load_sensor(SensorSettings(model_dir=str(folder), **wanted))


@pytest.mark.parametrize(
    ('driver', 'provider', 'warned'),
    [(True, 'auto', True), (False, 'auto', False), (True, 'cpu', False)],
)
def test_a_gpu_that_is_not_used_gives_a_warning(
    monkeypatch, caplog, tmp_path, model_store, driver, provider, warned
):
    if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime may use the GPU')
    version = tmp_path / 'version'
    if driver:
        version.write_text('NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06\nGCC ...\n')
    monkeypatch.setattr('facemesh_ros.inference.hardware.NVIDIA_DRIVER', version)
    monkeypatch.setattr('facemesh_ros.inference.hardware.PCI_DEVICES', tmp_path)
    report = load_sensor(SensorSettings(execution_provider=provider)).model.report
    assert report.device == 'CPU'
    warnings = [record.getMessage() for record in caplog.records if record.levelname == 'WARNING']
    assert len(warnings) == warned
    if warned:
        assert 'built without CUDA' in warnings[0]
        assert 'pip install "onnxruntime-gpu[cuda,cudnn]"' in warnings[0]
        assert report.values()['provider warning'] in warnings[0]


def test_fp16_is_fp32_where_auto_ends_on_the_cpu(model_store):
    if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime may use the GPU')
    model = load_sensor(SensorSettings(precision='fp16')).model
    assert (model.report.device, model.precision) == ('CPU', 'fp32')


def test_fp16_on_the_cpu_is_refused_before_a_model_is_touched(tmp_path):
    settings = SensorSettings(precision='fp16', execution_provider='cpu', model_dir=str(tmp_path))
    with pytest.raises(ExecutionProviderError, match='precision to fp32'):
        load_sensor(settings)


@pytest.mark.filterwarnings('ignore:Specified provider')
@pytest.mark.parametrize(
    ('name', 'precision', 'asked'),
    [
        ('short_range', 'fp32', [Variant.PLAIN, Variant.CPU]),
        ('short_range', 'fp16', [Variant.HALF, Variant.CPU]),
        ('blendshapes', 'fp16', [Variant.PLAIN, Variant.CPU]),
    ],
)
def test_a_build_for_gpus_without_a_gpu_loads_the_variant_for_the_cpu(
    monkeypatch, model_store, require_models, name, precision, asked
):
    require_models(name)
    if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime may use the GPU')
    monkeypatch.setattr('facemesh_ros.inference.runtime_choice.openvino_version', lambda: '')
    # As onnxruntime-gpu says also without a driver; ONNX Runtime then falls back as it does there.
    monkeypatch.setattr(
        onnxruntime, 'get_available_providers', lambda: ['CUDAExecutionProvider', CPU]
    )
    loaded = []

    class Store(ModelStore):
        def load(self, name, variant):
            loaded.append(variant)
            return super().load(name, variant)

    network = load_session(Store(model_store.folder), name, ProviderChoice(precision=precision))
    assert loaded == asked
    assert (network.provider, network.precision) == (CPU, 'fp32')


@pytest.mark.parametrize('landmark_model', ['mesh', 'attention', 'v2'])
def test_streams_in_threads_give_what_each_gives_alone(
    require_models, require_package, landmark_model
):
    require_models(landmark_model)
    astronaut_rgb = require_package('skimage.data').astronaut()
    sensor = load_sensor(SensorSettings(landmark_model=landmark_model))
    sizes = [(512, 512), (400, 440), (300, 360)]
    frames = [
        [
            Frame(cv2.resize(astronaut_rgb, size)[index:], PixelOrder.RGB, index * 10**8)
            for index in range(1, 6)
        ]
        for size in sizes
    ]
    alone = [_last_of(sensor, images) for images in frames]
    with ThreadPoolExecutor(len(sizes)) as threads:
        together = list(threads.map(lambda images: _last_of(sensor, images), frames))
    for one, other in zip(alone, together, strict=True):
        assert len(one) == 1
        assert np.array_equal(one.landmarks, other.landmarks)
        assert np.array_equal(one.blendshapes, other.blendshapes)
    ids = [number for faces in [*alone, *together] for number in faces.ids]
    assert len(set(ids)) == len(ids)


def _last_of(sensor, frames):
    pipeline = sensor.stream()
    return [pipeline.process(frame) for frame in frames][-1]


class Compared:
    """Models of the GPU path in a stream, each result compared with the CPU path's.

    A stream's crops follow its landmarks, so that differences in the last bits, which depend on
    the processor, grow from image to image. So both get the same crops.

    Attributes:
        landmark_count: As of the models.
        offsets_px: Largest difference of the landmarks of each face in each run.
        score_offsets: Largest difference of the blendshapes of each run.
    """

    def __init__(self, gpu: Components, cpu: Components) -> None:
        self._gpu, self._cpu = gpu, cpu
        self.landmark_count = gpu.landmark_model.landmark_count
        self.offsets_px: list[float] = []
        self.score_offsets: list[float] = []

    def predict(self, frame, rois):
        """Run the landmark model of the GPU path."""
        found, expected = (each.landmark_model.predict(frame, rois) for each in self._both)
        present = expected.presences > 0.5
        self.offsets_px.extend(np.abs(found.points - expected.points)[present].max(axis=(1, 2)))
        return found

    def scored(self, landmarks):
        """Run the blendshape model of the GPU path."""
        found, expected = (each.blendshape_model.predict(landmarks) for each in self._both)
        self.score_offsets.append(np.abs(found - expected).max())
        return found

    @property
    def _both(self) -> tuple[Components, Components]:
        return self._gpu, self._cpu


@pytest.mark.parametrize('landmark_model', ['v2', 'mesh'])
def test_a_stream_of_the_gpu_path_gives_the_same_landmarks_in_each_crop(
    monkeypatch, data_folder, require_models, require, landmark_model
):
    require_models(landmark_model, 'short_range', 'full_range')
    clip = data_folder / 'clips' / 'liveportrait__d9.mp4'
    require(clip, f'the clip {clip}')
    settings = SensorSettings(landmark_model=landmark_model, execution_provider='cpu')
    on_cpu = load_sensor(settings)
    # The whole GPU path, with the CPU in place of the GPU.
    monkeypatch.setattr('facemesh_ros.assembly.face_sensor.CUDA', CPU)
    on_gpu = load_sensor(settings, streams=2)
    try:
        pipelines = on_cpu.stream(), on_gpu.stream()
        components = pipelines[1]._components
        compared = Compared(components, pipelines[0]._components)
        blendshapes = components.blendshape_model and SimpleNamespace(predict=compared.scored)
        pipelines[1]._components = replace(
            components, landmark_model=compared, blendshape_model=blendshapes
        )
        for picture in itertools.islice(pictures_from_file(clip), 12):
            frame = Frame(picture.bgr, PixelOrder.BGR, picture.stamp_ns)
            expected, found = (pipeline.process(frame) for pipeline in pipelines)
            assert found.ids.tolist() == expected.ids.tolist() == [1]
    finally:
        on_gpu.close()
    assert len(compared.offsets_px) >= 12
    assert max(compared.offsets_px) <= TOLERANCE_PX
    assert len(compared.score_offsets) == (12 if landmark_model == 'v2' else 0)
    assert max(compared.score_offsets, default=0) <= SCORE_TOLERANCE
    assert on_gpu.model.source_sha256 == on_cpu.model.source_sha256


def test_a_gpu_that_takes_no_whole_images_gives_a_warning_and_runs_crops(
    monkeypatch, caplog, require_models
):
    require_models('mesh', 'short_range')

    def refused(*_, **__):
        raise ExecutorError('no stream')

    # The CPU in place of a GPU whose models run.
    monkeypatch.setattr('facemesh_ros.assembly.face_sensor.CUDA', CPU)
    monkeypatch.setattr('facemesh_ros.assembly.face_sensor.load_gpu_models', refused)
    sensor = load_sensor(
        SensorSettings(landmark_model='mesh', detector='short_range', execution_provider='cpu')
    )
    assert 'crops are made on the CPU: no stream' in sensor.model.report.warning
    assert sensor.model.report.warning in caplog.text
    grey = Frame(np.full((90, 120, 3), 127, np.uint8), PixelOrder.RGB)
    assert len(sensor.stream().process(grey)) == 0
    sensor.close()
