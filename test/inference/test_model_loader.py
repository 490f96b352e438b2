"""Models are opened on the wanted provider, or the error explains why they cannot."""

from __future__ import annotations

import logging
import math
import time
import weakref
from threading import Event, Thread

import numpy as np
import onnxruntime
import pytest

from facemesh_ros.inference import model_loader, nvidia_libraries, providers
from facemesh_ros.inference.diagnosis import facts
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.providers import CPU, ExecutionProviderError, ProviderChoice
from facemesh_ros.inference.tensorrt import engine_builder

CUDA = 'CUDAExecutionProvider'
MODELS = ('short_range', 'full_range', 'attention')


@pytest.fixture
def loader(model_store, require_models):
    require_models(*MODELS)

    def made(**choice) -> ModelLoader:
        return ModelLoader(model_store, ProviderChoice(**choice))

    return made


@pytest.fixture(autouse=True)
def one_runtime_on_the_cpu(monkeypatch):
    """Which of two is the quicker one: see test_runtime_choice."""
    monkeypatch.setattr('facemesh_ros.inference.runtime_choice.openvino_version', lambda: '')


@pytest.fixture
def gpu_build(monkeypatch):
    """What onnxruntime-gpu says without a driver; ONNX Runtime then takes the CPU, as it would."""
    if CUDA in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime may use the GPU')
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: [CUDA, CPU])


@pytest.fixture
def warnings(caplog):
    return lambda: [it.getMessage() for it in caplog.records if it.levelno >= logging.WARNING]


def test_the_report_is_of_what_ran(loader):
    made = loader(execution_provider='cpu')
    networks = {name: made.open(name) for name in MODELS}
    assert list(made.report.models) == list(MODELS)
    for name, network in networks.items():
        report = made.report.models[name]
        assert report.placement == network.placement
        assert f'{network.placement[CPU]} nodes on {CPU} in fp32' in str(made.report)
        assert report.opened_ms > 0 < report.first_ms
    assert made.report.provider == CPU
    assert made.report.device == made.report.values()['device'] == 'CPU'
    assert math.isnan(made.report.warm_up_ms)


@pytest.mark.filterwarnings('ignore:Specified provider')
def test_auto_warns_once_that_it_falls_back(loader, gpu_build, warnings):
    made = loader(precision='fp16')
    for name in MODELS:
        network = made.open(name)
        assert (network.provider, network.precision) == (CPU, 'fp32')
    (warning,) = warnings()
    assert warning.startswith('the GPU is NOT used, the CPU runs the models: ')
    assert made.report.values()['provider warning'] in warning


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
def test_a_required_gpu_gives_an_error_with_the_reason_instead_of_the_cpu(
    loader, gpu_build, warnings, choice, complaint
):
    made = loader(**choice)
    with pytest.raises(ExecutionProviderError) as error:
        made.open('short_range')
    assert str(error.value).startswith(complaint)
    assert ';' in str(error.value).removeprefix(complaint)  # reason; remedy
    assert made.report.models == {}
    assert warnings() == []


@pytest.mark.parametrize('name', ['cuda', 'tensorrt'])
def test_a_build_without_it_is_the_reason(loader, name, monkeypatch, tmp_path):
    if CUDA in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime may use the GPU')
    monkeypatch.setenv('FACEMESH_CACHE_DIR', str(tmp_path))
    with pytest.raises(ExecutionProviderError, match='is installed, which is built without'):
        loader(execution_provider=name).open('short_range')
    assert list(tmp_path.iterdir()) == []


def test_models_are_reopened_while_other_threads_use_them(loader):
    made = loader(execution_provider='cpu')
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


def test_reopened_models_leave_no_old_session_behind(loader):
    made = loader(execution_provider='cpu')
    network = made.open('short_range')
    for _ in range(3):
        old = weakref.ref(network.session._sess)
        made.reopen()
        assert old() is None
        network.try_once()


@pytest.fixture
def tensorrt_on_the_cpu(monkeypatch, tmp_path):
    """A machine whose TensorRT and CUDA are the CPU: the sequence without the engines."""
    on_cpu = {**providers.PROVIDERS, 'tensorrt': CPU, 'cuda': CPU}
    for module in (providers, model_loader, facts):
        monkeypatch.setattr(module, 'PROVIDERS', on_cpu)
    monkeypatch.setattr(nvidia_libraries, 'TENSORRT', ('libm.so.6',))
    monkeypatch.setenv('FACEMESH_CACHE_DIR', str(tmp_path / 'cache'))
    # The process that builds has to believe it too.
    (tmp_path / 'sitecustomize.py').write_text(
        f'from facemesh_ros.inference import providers\nproviders.PROVIDERS = {on_cpu!r}\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    nvidia_libraries.load_tensorrt_libraries.cache_clear()
    yield tmp_path / 'cache'
    nvidia_libraries.load_tensorrt_libraries.cache_clear()


def test_missing_engines_are_built_with_progress_and_are_there_at_the_next_start(
    loader, tensorrt_on_the_cpu, caplog
):
    caplog.set_level(logging.INFO)
    first = loader(execution_provider='tensorrt')
    first.build_engines(MODELS)
    assert len(list(tensorrt_on_the_cpu.rglob('built.json'))) == len(MODELS)
    for number, name in enumerate(MODELS, 1):
        title = f'the TensorRT engine of {name} ({number} of {len(MODELS)})'
        assert f'building {title}, which takes minutes the first time' in caplog.text
        assert f'{title} is built after' in caplog.text
    caplog.clear()
    second = loader(execution_provider='tensorrt')
    for name in MODELS:
        first.open(name).try_once()
        second.open(name).try_once()
    assert caplog.records == []


def test_a_model_that_is_opened_without_an_engine_builds_it(loader, tensorrt_on_the_cpu, caplog):
    caplog.set_level(logging.INFO)
    loader(execution_provider='tensorrt').open('short_range').try_once()
    assert 'the TensorRT engine of short_range (1 of 1) is built after' in caplog.text


def test_progress_is_logged_and_watched_and_whoever_watches_may_end_the_build(
    model_store, tensorrt_on_the_cpu, monkeypatch, caplog
):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(engine_builder, '_LOG_PERIOD_S', 0.3)
    # A builder that never ends.
    (tensorrt_on_the_cpu.parent / 'sitecustomize.py').write_text('import time; time.sleep(600)')
    watched = []

    class EndError(Exception):
        pass

    def watch(progress: str) -> None:
        watched.append(progress)
        if 'still building' in caplog.text:
            raise EndError

    made = ModelLoader(model_store, ProviderChoice('tensorrt'), watch)
    start_s = time.monotonic()
    with pytest.raises(EndError):
        made.build_engines(['short_range'])
    assert time.monotonic() - start_s < 5
    assert watched[0] == 'building the TensorRT engine of short_range (1 of 1): 0 s so far'
    assert not list(tensorrt_on_the_cpu.rglob('built.json'))


def test_without_a_folder_to_write_to_engines_serve_until_the_end(
    loader, tensorrt_on_the_cpu, caplog
):
    caplog.set_level(logging.INFO)
    tensorrt_on_the_cpu.touch()  # a file in the way
    made = loader(execution_provider='tensorrt')
    engines = made.build_engines(['short_range'])
    assert not engines.cache.is_kept
    assert 'TensorRT engines cannot be kept in' in caplog.text
    assert caplog.text.count('the TensorRT engine of short_range (1 of 1) is built after') == 1
    made.open('short_range').try_once()
    assert caplog.text.count('is built after') == 1


def test_an_engine_that_cannot_be_built_is_refused_with_the_reason(loader, tensorrt_on_the_cpu):
    made = loader(execution_provider='tensorrt')
    # As where the builder runs out of memory.
    (tensorrt_on_the_cpu.parent / 'sitecustomize.py').write_text('raise SystemExit("killed")')
    with pytest.raises(
        ExecutionProviderError, match=r'TensorRT cannot build short_range: .*killed'
    ):
        made.build_engines(['short_range'])


def test_other_providers_have_no_engines(loader):
    assert loader(execution_provider='cpu').build_engines(MODELS) is None
