"""The execution provider: the wanted one or a clear refusal, never silently another."""

from __future__ import annotations

import onnxruntime as ort
import pytest

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.inference.providers import (
    CPU,
    GPU_PROVIDERS,
    PRECISIONS,
    PROVIDERS,
    ExecutionProviderError,
    ProviderChoice,
    open_session,
)
from facemesh_ros.settings.parameter_specs import parameter_specs
from facemesh_ros.settings.pipeline import SensorSettings

AVAILABLE = ort.get_available_providers()
ABSENT = [
    name
    for name, provider in PROVIDERS.items()
    if provider not in AVAILABLE and name != 'openvino'  # see test_openvino
]
HAS_GPU_BUILD = bool(GPU_PROVIDERS & set(AVAILABLE))


@pytest.fixture(scope='module')
def onnx(model_store) -> bytes:
    return model_store.load('short_range', Variant.CPU)


def test_the_choices_of_the_settings_are_those_that_can_be_opened():
    assert set(parameter_specs(SensorSettings)['execution_provider'][1].choices) == {
        'auto',
        *PROVIDERS,
    }


def test_the_cpu_runs_where_it_is_wanted(onnx):
    assert open_session(onnx, ProviderChoice('cpu')).get_providers() == [CPU]


@pytest.mark.skipif(HAS_GPU_BUILD, reason='this ONNX Runtime may find a GPU, or miss it')
def test_auto_runs_without_a_gpu_build(onnx):
    assert open_session(onnx, ProviderChoice()).get_providers()[0] in PROVIDERS.values()


@pytest.mark.parametrize('name', ABSENT)
def test_a_provider_that_is_not_in_this_build_is_refused_with_the_remedy(onnx, name):
    with pytest.raises(ExecutionProviderError) as error:
        open_session(onnx, ProviderChoice(name))
    assert repr(name) in str(error.value)
    assert CPU in str(error.value)
    assert 'install onnxruntime-gpu instead of onnxruntime' in str(error.value)


def test_an_unknown_provider_is_refused_with_the_known_ones(onnx):
    with pytest.raises(ExecutionProviderError) as error:
        open_session(onnx, ProviderChoice('rocm'))
    assert "'rocm'" in str(error.value)
    assert all(name in str(error.value) for name in ('auto', *PROVIDERS))


@pytest.mark.parametrize('name', ['cpu', 'openvino'])
def test_fp16_is_refused_where_it_cannot_run_with_both_remedies(name):
    with pytest.raises(ExecutionProviderError) as error:
        ProviderChoice(name, precision='fp16')
    for part in (repr(name), 'execution_provider to auto, cuda or tensorrt', 'precision to fp32'):
        assert part in str(error.value)


def test_an_unknown_precision_is_refused_with_the_known_ones():
    with pytest.raises(ExecutionProviderError, match=r"'int8'.*fp32, fp16"):
        ProviderChoice(precision='int8')


def test_the_precisions_of_the_settings_are_those_that_can_be_chosen():
    assert parameter_specs(SensorSettings)['precision'][1].choices == PRECISIONS


def test_the_cpu_is_no_gpu(onnx):
    with pytest.raises(ExecutionProviderError, match=r'require_gpu is set.*onnxruntime-gpu'):
        open_session(onnx, ProviderChoice('cpu', require_gpu=True))


@pytest.mark.skipif(HAS_GPU_BUILD, reason='this ONNX Runtime may find a GPU')
def test_auto_does_not_take_the_cpu_where_a_gpu_is_required(onnx):
    with pytest.raises(ExecutionProviderError, match='require_gpu is set'):
        open_session(onnx, ProviderChoice(require_gpu=True))
