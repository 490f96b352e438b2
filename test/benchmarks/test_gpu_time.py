"""The GPU's time: CUDA's events in their order, and runs that repeat without changing results."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from gpu_measurements.gpu_time import CudaStopwatch, timed

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.inference.gpu.memory import CudaError
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelSession

# As an address: more than 32 bits.
STREAM = 0x7F0012345678


@pytest.fixture(scope='module')
def library(tmp_path_factory) -> ctypes.CDLL:
    if not shutil.which('cc'):
        pytest.skip('needs cc')
    source, target = Path(__file__).with_name('fake_events.c'), tmp_path_factory.mktemp('c')
    command = ['cc', '-shared', '-fPIC', '-o', target / 'events.so', source]
    subprocess.run(command, check=True)
    found = ctypes.CDLL(str(target / 'events.so'))
    found.cudaGetErrorString.restype = ctypes.c_char_p
    ctypes.c_void_p.in_dll(found, 'fake_stream').value = STREAM
    return found


def test_time_passes_between_two_events_of_our_stream(library):
    now = ctypes.c_float.in_dll(library, 'fake_now_ms')
    stopwatch = CudaStopwatch(STREAM, library)
    for start_ms, took_ms in ((1.0, 2.5), (10.0, 0.25)):
        now.value = start_ms
        stopwatch.start()
        now.value += took_ms
        stopwatch.stop()
        now.value += 100
        assert stopwatch.elapsed_ms() == took_ms


def test_an_error_of_an_event_is_named(library):
    stopwatch = CudaStopwatch(STREAM + 1, library)
    with pytest.raises(CudaError, match=r'cudaEventRecord: invalid resource handle .*400'):
        stopwatch.start()


def test_runs_repeat_with_the_same_result(model_store, require_models):
    require_models('blendshapes')
    content = model_store.load('blendshapes', Variant.PLAIN)
    session = ModelSession(content, ProviderChoice('cpu'))
    (item,) = session.session.get_inputs()
    points = np.random.default_rng(0).normal(size=(2, *item.shape[1:])).astype(np.float32)
    (expected,) = session.session.run(None, {item.name: points})[:1]

    runs = timed(session)
    binding = runs.io_binding()
    binding.bind_cpu_input(item.name, points)
    binding.bind_output(session.session.get_outputs()[0].name)
    for repeats in (1, 4):
        runs.repeats = repeats
        session.session.run_with_iobinding(binding, ort.RunOptions())
        assert np.array_equal(binding.copy_outputs_to_cpu()[0], expected)
    assert len(runs.times_ms) == 1  # a single run is not timed
    assert runs.times_ms[0] > 0
