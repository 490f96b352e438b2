"""Models are opened where the user wants them, or it is said why not."""

from __future__ import annotations

import logging
import math
from threading import Event, Thread

import numpy as np
import onnxruntime
import pytest

from facemesh_ros.acceleration.opening import NetworkOpener
from facemesh_ros.core.providers import CPU, ExecutionProviderError, ProviderChoice

CUDA = 'CUDAExecutionProvider'
MODELS = ('short_range', 'full_range', 'attention')


@pytest.fixture
def opener(model_store, require_models):
    require_models(*MODELS)

    def made(**choice) -> NetworkOpener:
        return NetworkOpener(model_store, ProviderChoice(**choice))

    return made


@pytest.fixture
def gpu_build(monkeypatch):
    """What onnxruntime-gpu says without a driver; ONNX Runtime then takes the CPU, as it would."""
    if CUDA in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime may use the GPU')
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: [CUDA, CPU])


@pytest.fixture
def warnings(caplog):
    return lambda: [it.getMessage() for it in caplog.records if it.levelno >= logging.WARNING]


def test_the_proof_is_of_what_ran(opener):
    made = opener(execution_provider='cpu')
    networks = {name: made.open(name) for name in MODELS}
    assert list(made.proof.models) == list(MODELS)
    for name, network in networks.items():
        proof = made.proof.models[name]
        assert proof.placement == network.placement
        assert f'{network.placement[CPU]} nodes on {CPU} in fp32' in str(made.proof)
        assert proof.opened_ms > proof.first_ms > 0
    assert made.proof.provider == CPU
    assert made.proof.device == made.proof.values()['device'] == 'CPU'
    assert math.isnan(made.proof.warm_up_ms)


@pytest.mark.filterwarnings('ignore:Specified provider')
def test_auto_says_once_and_loudly_that_it_falls_back(opener, gpu_build, warnings):
    made = opener(precision='fp16')
    for name in MODELS:
        network = made.open(name)
        assert (network.provider, network.precision) == (CPU, 'fp32')
    (warning,) = warnings()
    assert warning.startswith('the GPU is NOT used, the CPU runs the models: ')
    assert made.proof.values()['provider warning'] in warning


@pytest.mark.filterwarnings('ignore:Specified provider')
@pytest.mark.parametrize(
    ('choice', 'complaint'),
    [
        ({'execution_provider': 'cuda'}, "execution_provider 'cuda' does not run here: "),
        ({'require_gpu': True}, 'require_gpu is set, but no GPU runs the models: '),
        (
            {'execution_provider': 'cuda', 'require_gpu': True},
            'require_gpu is set, but no GPU runs the models: ',
        ),
    ],
)
def test_who_insists_on_a_gpu_gets_the_reason_instead_of_a_cpu(
    opener, gpu_build, warnings, choice, complaint
):
    made = opener(**choice)
    with pytest.raises(ExecutionProviderError) as error:
        made.open('short_range')
    assert str(error.value).startswith(complaint)
    assert ';' in str(error.value).removeprefix(complaint)  # reason; cure
    assert made.proof.models == {}
    assert warnings() == []


@pytest.mark.parametrize('name', ['cuda', 'tensorrt'])
def test_a_build_without_it_is_the_reason(opener, name, monkeypatch, tmp_path):
    if CUDA in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime may use the GPU')
    monkeypatch.setenv('FACEMESH_CACHE_DIR', str(tmp_path))
    with pytest.raises(ExecutionProviderError, match='is installed, which is built without'):
        opener(execution_provider=name).open('short_range')
    assert list(tmp_path.iterdir()) == []


def test_models_are_opened_anew_under_those_who_use_them(opener):
    made = opener(execution_provider='cpu')
    network = made.open('short_range')
    image = np.linspace(-1, 1, 128 * 128 * 3, dtype=np.float32).reshape(1, 128, 128, 3)
    (expected,) = network.run(image, ['regressors'])
    outputs, stopping = [], Event()

    def camera() -> None:
        while not stopping.is_set():
            outputs.extend(network.run(image, ['regressors']))

    thread = Thread(target=camera, daemon=True)
    thread.start()
    for _ in range(5):
        made.reopen()
    seen = len(outputs)
    while len(outputs) < seen + 3 and thread.is_alive():
        pass
    stopping.set()
    thread.join(30)
    assert len(outputs) >= seen + 3
    assert all(np.array_equal(output, expected) for output in outputs)


def test_without_tensorrt_there_is_nothing_to_hand_over(opener):
    made = opener(execution_provider='cpu')
    made.open('short_range')
    handover = made.handover()
    handover.start()
    assert handover.wait(0)
