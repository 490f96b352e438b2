"""OpenVINO as a second runtime on a CPU: the same interface, from any number of threads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pytest

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import CATALOG, entry_of
from facemesh_ros.inference import openvino_session, providers
from facemesh_ros.inference.openvino_runtime import load_openvino, openvino_version
from facemesh_ros.inference.openvino_session import OPENVINO, OpenVinoSession
from facemesh_ros.inference.providers import ExecutionProviderError, ProviderChoice
from facemesh_ros.inference.session import ModelMismatchError, ModelSession
from facemesh_ros.models.files import sha256_of


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path, require) -> Path:
    require(openvino_version(), 'the Python package openvino')
    monkeypatch.setenv('FACEMESH_CACHE_DIR', str(tmp_path))
    return tmp_path


@pytest.fixture
def opened(model_store, require_models) -> Callable[[str], ModelSession]:
    def made(name: str) -> ModelSession:
        require_models(name)
        return ModelSession(model_store.load(name, Variant.PLAIN), ProviderChoice('openvino'))

    return made


def batch_for(session: ModelSession, count: int) -> np.ndarray:
    side = session.input_size
    return np.random.default_rng(3).random((count, side, side, 3), np.float32)


@pytest.mark.parametrize('name', CATALOG)
def test_attributes_are_those_of_the_file_also_when_it_was_compiled_before(
    opened, model_store, network_of, name
):
    for _ in ('compiled', 'loaded'):
        session = opened(name)
        assert (session.name, session.input_size) == (name, entry_of(name).input_size)
        assert session.source_sha256 == sha256_of(model_store.original(entry_of(name)))
        assert (session.provider, session.precision) == (OPENVINO, 'fp32')
        assert session.variant == Variant.PLAIN.value
        assert session.placement[OPENVINO] > 10
        assert session.cpu_operators == []
        for output, shape in network_of(name)._shapes.items():
            session.expect(output, shape)
    with pytest.raises(ModelMismatchError, match="'tongue' is missing"):
        session.expect('tongue', (3,))


def test_a_batch_is_run_as_its_images_one_by_one(opened):
    session = opened('short_range')
    batch = batch_for(session, 3)
    whole = session.run(batch)
    for number, image in enumerate(batch):
        for output, alone in zip(whole, session.run(image[None]), strict=True):
            np.testing.assert_array_equal(output[number], alone[0])
    (wanted,) = session.run(batch[:, ::-1, :, :], ['regressors'])  # not contiguous
    assert wanted.shape == (3, 896, 16)


def test_results_do_not_change_with_the_next_run(opened):
    session = opened('short_range')
    first, other = batch_for(session, 2)[:, None]
    results = session.run(first)
    kept = [result.copy() for result in results]
    session.run(other)
    for result, copy in zip(results, kept, strict=True):
        np.testing.assert_array_equal(result, copy)


@pytest.mark.parametrize('name', ['v2', 'attention', 'mesh', 'short_range', 'full_range'])
def test_a_model_that_was_kept_gives_the_same_bits(opened, cache, name):
    compiled = opened(name)
    (kept,) = cache.rglob('*.model')
    written = kept.stat().st_mtime_ns
    loaded = opened(name)
    assert kept.stat().st_mtime_ns == written
    batch = batch_for(compiled, 2)
    for one, other in zip(compiled.run(batch), loaded.run(batch), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize('damage', [b'', b'{}\n', b'\x00\xff' * 40, None])
def test_a_kept_model_that_is_damaged_is_compiled_again(opened, cache, damage):
    opened('short_range')
    (kept,) = cache.rglob('*.model')
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-100] if damage is None else damage)
    session = opened('short_range')
    session.try_once()
    assert len(kept.read_bytes()) == len(whole)


def test_without_a_folder_to_write_to_models_are_compiled(opened, monkeypatch, tmp_path):
    (tmp_path / 'file').touch()
    monkeypatch.setenv('FACEMESH_CACHE_DIR', str(tmp_path / 'file'))
    opened('short_range').try_once()


@pytest.mark.parametrize('starts', [1, 2], ids=['compiled', 'loaded'])
def test_threads_that_ask_at_once_get_the_same_bits(opened, monkeypatch, starts):
    monkeypatch.setattr(openvino_session, 'usable_cores', lambda: 3)
    session = [opened('mesh') for _ in range(starts)][-1]
    batch = batch_for(session, 4)
    expected = session.run(batch)
    found, begin = [], Barrier(4)

    def camera() -> None:
        begin.wait()
        found.extend(session.run(batch) for _ in range(10))

    threads = [Thread(target=camera) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 40
    for outputs in found:
        for one, other in zip(outputs, expected, strict=True):
            np.testing.assert_array_equal(one, other)
    copies = [session.session._free.get(timeout=60) for _ in range(session.session._count)]
    assert 1 < len(copies) <= 3


def test_wrong_batches_and_names_are_errors_and_the_session_goes_on(opened):
    session = opened('short_range')
    with pytest.raises(RuntimeError):
        session.run(np.zeros((1, 64, 64, 3), np.float32))
    with pytest.raises(KeyError, match='tongue'):
        session.run(batch_for(session, 1), ['tongue'])
    session.try_once()


def test_it_runs_in_the_thread_that_asks(opened):
    """So the thread's priority and cores hold, and its processor time is that of the run."""
    session = opened('short_range')
    compiled = session.session._compiled
    assert compiled.get_property('NUM_STREAMS') == 1
    assert compiled.get_property('INFERENCE_NUM_THREADS') == 1


def test_the_import_brings_no_client_that_reports(cache):
    program = (
        'import sys\n'
        'from facemesh_ros.inference.openvino_runtime import load_openvino\n'
        'load_openvino()\n'
        'assert not [name for name in sys.modules if "telemetry" in name], sys.modules\n'
        'from openvino.tools.ovc import convert_model\n'
    )
    subprocess.run([sys.executable, '-c', program], check=True)


def test_nothing_imports_it_that_does_not_want_it(model_store):
    program = (
        'import sys\n'
        'from facemesh_ros.inference.model_loader import load_session\n'
        'from facemesh_ros.inference.providers import ProviderChoice\n'
        'from facemesh_ros.models.store import ModelStore\n'
        'load_session(ModelStore(), "short_range", ProviderChoice("cpu"))\n'
        'assert "openvino" not in sys.modules\n'
    )
    subprocess.run([sys.executable, '-c', program], check=True)


def test_without_the_package_the_error_says_how_to_get_it(model_store, monkeypatch):
    monkeypatch.setattr(providers, 'openvino_version', lambda: '')
    onnx = model_store.load('short_range', Variant.PLAIN)
    with pytest.raises(ExecutionProviderError, match='`pip install openvino`, beside'):
        ModelSession(onnx, ProviderChoice('openvino'))


def test_a_broken_package_is_a_provider_that_does_not_start(model_store, monkeypatch):
    def broken() -> None:
        raise ImportError('libopenvino.so.2641: cannot open shared object file')

    monkeypatch.setattr(openvino_session, 'load_openvino', broken)
    onnx = model_store.load('short_range', Variant.PLAIN)
    with pytest.raises(ExecutionProviderError, match='does not run here: libopenvino'):
        ModelSession(onnx, ProviderChoice('openvino'))


def test_a_file_that_is_no_model_is_refused(monkeypatch):
    assert load_openvino().Core()
    with pytest.raises(ExecutionProviderError, match=f'{OPENVINO} does not run here'):
        ModelSession(b'no model', ProviderChoice('openvino'))
    with pytest.raises(RuntimeError):
        OpenVinoSession(b'no model')


SIGNAL_AFTERWARDS = """
import gc, signal, sys
from pathlib import Path
from threading import Thread
from facemesh_ros.inference.openvino_session import OpenVinoSession

sessions = [OpenVinoSession(Path(sys.argv[1]).read_bytes())]
thread = Thread(target=sessions.clear)
thread.start()
thread.join()
gc.collect()
handled = []
signal.signal(signal.SIGUSR1, lambda *_: handled.append(True))
signal.raise_signal(signal.SIGUSR1)
assert handled
"""


def test_a_signal_is_handled_after_another_thread_has_closed_a_model(model_store):
    onnx = model_store.folder / 'short_range.onnx'
    done = subprocess.run(
        [sys.executable, '-c', SIGNAL_AFTERWARDS, str(onnx)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
