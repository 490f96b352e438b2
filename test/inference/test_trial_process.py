"""A trial in a process of its own: however it ends, this process lives on and says what was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import facemesh_ros
from facemesh_ros.errors import DamagedModelError
from facemesh_ros.inference import runtime_choice, trial_process
from facemesh_ros.inference.openvino_runtime import openvino_version
from facemesh_ros.inference.runtime_choice import WORTH_IT, quickest_runtime
from facemesh_ros.inference.runtime_trial import OTHER, USUAL
from facemesh_ros.inference.trial_process import NoTrialError, try_in_process
from facemesh_ros.models.store import ModelStore

MODEL = 'short_range'
PACKAGE_PARENT = str(Path(facemesh_ros.__file__).parents[1])
PATIENCE_S = 30.0
KILL = 'import os, signal; os.kill(os.getpid(), signal.{})'
WAIT = (
    'import os, pathlib, time\n'
    'pathlib.Path(os.environ["TRIAL_ID"]).write_text(str(os.getpid()))\n'
    'time.sleep(600)'
)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path, require, require_models) -> Path:
    require(openvino_version(), 'the Python package openvino')
    require_models(MODEL)
    monkeypatch.setenv('FACEMESH_CACHE_DIR', str(tmp_path / 'cache'))
    monkeypatch.setattr(runtime_choice, '_decided', {})
    return tmp_path / 'cache'


@pytest.fixture
def openvino_does(monkeypatch, tmp_path) -> Callable[[str], Path]:
    """Let OpenVINO's package do something else when it is imported; returns its folder."""
    folder = tmp_path / 'packages'
    (folder / 'openvino').mkdir(parents=True)
    monkeypatch.syspath_prepend(str(folder))

    def does(code: str) -> Path:
        (folder / 'openvino' / '__init__.py').write_text(code)
        return folder

    return does


def test_a_trial_ends_with_times_and_leaves_no_library_here(model_store, cache):
    program = (
        'import sys\n'
        f'sys.path.insert(0, {PACKAGE_PARENT!r})\n'
        'from facemesh_ros.inference.runtime_choice import quickest_runtime\n'
        'from facemesh_ros.models.store import ModelStore\n'
        f'print(quickest_runtime(ModelStore({str(model_store.folder)!r}), {MODEL!r}).reason)\n'
        'assert "openvino" not in sys.modules\n'
        'assert "libopenvino" not in open("/proc/self/maps").read()\n'
    )
    # -I: what the environment says of paths is left out, so only this process knows them.
    done = subprocess.run(
        [sys.executable, '-I', '-c', program], capture_output=True, text=True, check=True
    )
    assert 'processor time measured here: ONNX Runtime ' in done.stdout
    ((known,),) = [[*it.values()] for it in json.loads(read(cache)).values()]
    assert set(known['processor_ms']) == {USUAL, OTHER}
    assert known['refusal'] == ''


def test_what_wins_is_kept_as_compiled(model_store, cache):
    assert try_in_process(model_store, MODEL, 1e3).refusal == ''
    assert len(list(cache.rglob('*.model'))) == 1


def test_what_libraries_write_does_no_harm(model_store, openvino_does):
    openvino_does('print("{1}")\nraise ImportError("this one\\nis broken")')
    assert 'is broken' in try_in_process(model_store, MODEL, WORTH_IT).refusal


@pytest.mark.parametrize(
    ('code', 'told'),
    [
        *((KILL.format(name), f'crashed with {name}') for name in ('SIGSEGV', 'SIGILL', 'SIGBUS')),
        (
            'import os; os.write(2, b"no such\\ninstruction\\n"); os.abort()',
            'its trial crashed with SIGABRT (no such instruction)',
        ),
        ('raise AssertionError("of its own")', 'its trial failed (AssertionError: of its own)'),
        ('import os; os._exit(0)', 'its trial ended without a result'),
    ],
)
def test_a_crash_is_a_refusal_that_is_remembered_with_the_way_out(
    model_store, openvino_does, monkeypatch, cache, code, told
):
    openvino_does(code)
    choice = quickest_runtime(model_store, MODEL)
    assert choice.execution_provider == USUAL
    assert told in choice.reason
    assert choice.reason.endswith(f'; remove {cache / "runtimes.json"} to try it again')
    openvino_does(KILL.format('SIGKILL'))
    monkeypatch.setattr(runtime_choice, '_decided', {})
    assert quickest_runtime(model_store, MODEL) == choice


def test_one_that_hangs_is_ended_and_remembered(model_store, openvino_does, monkeypatch, tmp_path):
    monkeypatch.setenv('TRIAL_ID', str(tmp_path / 'id'))
    monkeypatch.setattr(trial_process, 'TIME_LIMIT_S', 5.0)
    openvino_does(WAIT)
    choice = quickest_runtime(model_store, MODEL)
    assert 'its trial failed (it did not end within 5 s and was killed)' in choice.reason
    assert has_ended(int((tmp_path / 'id').read_text()))


@pytest.mark.parametrize('name', ['SIGKILL', 'SIGTERM', 'SIGINT'])
def test_one_that_somebody_has_ended_is_made_at_the_next_start(
    model_store, openvino_does, monkeypatch, cache, capfd, name
):
    openvino_does(KILL.format(name))
    choice = quickest_runtime(model_store, MODEL)
    assert choice.execution_provider == USUAL
    assert f'not tried: its process was ended by {name}; the next start tries it' in choice.reason
    assert not (cache / 'runtimes.json').exists()
    assert capfd.readouterr() == ('', '')
    openvino_does('raise ImportError("this one is broken")')
    monkeypatch.setattr(runtime_choice, '_decided', {})
    assert 'this one is broken' in quickest_runtime(model_store, MODEL).reason


@pytest.mark.parametrize(
    ('python', 'told'),
    [('', 'does not know its Python'), ('/no/such/python', 'No such file or directory')],
)
def test_without_a_python_to_start_it_says_so(model_store, monkeypatch, cache, python, told):
    monkeypatch.setattr(sys, 'executable', python)
    with pytest.raises(NoTrialError, match=told):
        try_in_process(model_store, MODEL, WORTH_IT)
    assert quickest_runtime(model_store, MODEL).execution_provider == USUAL
    assert not (cache / 'runtimes.json').exists()


def test_a_damaged_model_is_told_as_ever(model_store, tmp_path, cache):
    folder = tmp_path / 'models'
    folder.mkdir()
    for path in model_store.folder.glob('*.*'):
        (folder / path.name).symlink_to(path)
    damaged = folder / f'{MODEL}.onnx'
    damaged.unlink()
    damaged.write_bytes(b'half of it')
    with pytest.raises(DamagedModelError, match='not what the manifest says'):
        quickest_runtime(ModelStore(folder), MODEL)
    assert not (cache / 'runtimes.json').exists()


@pytest.mark.parametrize('name', ['SIGKILL', 'SIGTERM', 'SIGINT'])
def test_it_ends_with_the_process_that_waits_for_it(
    model_store, openvino_does, tmp_path, cache, name
):
    packages, told = openvino_does(WAIT), tmp_path / 'id'
    program = (
        f'import sys; sys.path[:0] = [{str(packages)!r}, {PACKAGE_PARENT!r}]\n'
        'from facemesh_ros.inference.runtime_choice import quickest_runtime\n'
        'from facemesh_ros.models.store import ModelStore\n'
        f'quickest_runtime(ModelStore({str(model_store.folder)!r}), {MODEL!r})\n'
    )
    environment = {**os.environ, 'TRIAL_ID': str(told)}
    parent = subprocess.Popen(
        [sys.executable, '-c', program],
        env=environment,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(lambda: told.exists() and bool(told.read_text()))
        os.killpg(parent.pid, signal.Signals[name])
        assert parent.wait(PATIENCE_S) == -signal.Signals[name]
        wait_until(lambda: has_ended(int(told.read_text())))
    finally:
        parent.kill()
        parent.wait()
    assert not (cache / 'runtimes.json').exists()


def read(cache: Path) -> str:
    return (cache / 'runtimes.json').read_text()


def has_ended(process: int) -> bool:
    """Tell of a process that may be nobody's child, and then waits to be collected."""
    try:
        return Path('/proc', str(process), 'stat').read_text().rpartition(')')[2].split()[0] == 'Z'
    except OSError:
        return True


def wait_until(condition: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends_s
        time.sleep(0.05)
