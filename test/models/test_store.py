"""The store: what is loaded is what was converted, whatever happened in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import onnxruntime as ort
import pytest

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import ATTENTION, BLENDSHAPES, CATALOG, SHORT_RANGE
from facemesh_ros.errors import DamagedModelError, MissingModelError, SourceError
from facemesh_ros.models.store import ModelStore, State, default_folder

# Installs a TFLite file into a store, each path given as an argument.
_INSTALL = """
import sys
from pathlib import Path
from facemesh_ros.models.store import ModelStore
ModelStore(sys.argv[1]).install(Path(sys.argv[2]).read_bytes(), 'test')
"""
# The same, killed as by a power cut at the n-th call of a function.
_INSTALL_KILLED = (
    """
import os, signal, sys
from pathlib import Path
calls = 0
def killed(original):
    def call(*arguments, **options):
        global calls
        calls += 1
        if calls == int(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **options)
    return call
if sys.argv[3] == 'fsync':
    os.fsync = killed(os.fsync)
else:
    Path.replace = killed(Path.replace)
"""
    + _INSTALL
)


def run_python(script: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, '-c', script, *map(str, arguments)])


def make_outdated(store: ModelStore, name: str) -> None:
    path = store.folder / 'manifest.json'
    old = json.loads(path.read_text())
    old['models'][name]['converter_version'] = 'older'
    old['models'][name]['files']['short_range.older.onnx'] = ''
    path.write_text(json.dumps(old))


@pytest.fixture
def originals(tmp_path: Path, tflite: Callable[[str], bytes]) -> dict[str, Path]:
    paths = {name: tmp_path / f'{name}.tflite' for name in CATALOG}
    for name, path in paths.items():
        path.write_bytes(tflite(name))
    return paths


@pytest.mark.parametrize('variant', Variant)
def test_an_installed_model_loads_and_runs(store: ModelStore, tflite, variant) -> None:
    assert store.install(tflite('short_range'), 'test') is SHORT_RANGE
    session = ort.InferenceSession(
        store.load('short_range', variant), providers=['CPUExecutionProvider']
    )
    assert session.get_modelmeta().custom_metadata_map['name'] == 'short_range'
    assert store.state(SHORT_RANGE) is State.READY
    assert store.original(SHORT_RANGE) == tflite('short_range')


def test_a_missing_model_names_both_ways_to_get_it(store: ModelStore) -> None:
    with pytest.raises(MissingModelError) as caught:
        store.load('attention', Variant.CPU)
    assert 'facemesh models fetch' in str(caught.value)
    assert 'facemesh models add FILE' in str(caught.value)
    assert store.state(ATTENTION) is State.MISSING
    assert not store.folder.exists()


def test_an_unknown_model_names_the_known_ones(store: ModelStore) -> None:
    with pytest.raises(MissingModelError, match=', '.join(CATALOG)):
        store.load('retinaface', Variant.CPU)


def test_a_file_that_is_no_pinned_model_is_not_installed(store: ModelStore, tflite) -> None:
    with pytest.raises(SourceError, match='not a model file'):
        store.install(tflite('short_range')[:-1], 'test')
    assert not store.folder.exists()


@pytest.mark.parametrize('name', ['short_range.onnx', 'manifest.json'])
def test_tampering_is_detected_and_repaired_from_the_original(
    store: ModelStore, tflite, name
) -> None:
    store.install(tflite('short_range'), 'test')
    path = store.folder / name
    if name == 'manifest.json':
        tampered = json.loads(path.read_text())
        tampered['models']['short_range']['files']['short_range.onnx'] = '0' * 64
        path.write_text(json.dumps(tampered))
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(DamagedModelError, match='facemesh models fetch'):
        store.load('short_range', Variant.PLAIN)
    assert store.state(SHORT_RANGE) is State.DAMAGED
    assert store.convert_kept(SHORT_RANGE)
    assert store.state(SHORT_RANGE) is State.READY


@pytest.mark.parametrize('text', ['', '[]', '{"models": 1}', '{"models": {"v2": {}}}', '\0'])
def test_an_unreadable_manifest_vouches_for_nothing(store: ModelStore, tflite, text) -> None:
    store.install(tflite('short_range'), 'test')
    (store.folder / 'manifest.json').write_text(text)
    assert store.state(SHORT_RANGE) is State.MISSING
    assert store.convert_kept(SHORT_RANGE)
    assert store.state(SHORT_RANGE) is State.READY


def test_a_removed_file_counts_as_damaged(store: ModelStore, tflite) -> None:
    store.install(tflite('short_range'), 'test')
    (store.folder / 'short_range.onnx').unlink()
    assert store.state(SHORT_RANGE) is State.DAMAGED


def test_an_old_conversion_counts_as_missing_and_is_redone(store: ModelStore, tflite) -> None:
    store.install(tflite('short_range'), 'an old source')
    make_outdated(store, 'short_range')
    older = store.folder / 'short_range.older.onnx'
    older.touch()
    assert store.state(SHORT_RANGE) is State.OUTDATED
    with pytest.raises(MissingModelError, match='another version'):
        store.load('short_range', Variant.PLAIN)
    assert store.convert_kept(SHORT_RANGE)
    assert store.records()['short_range'].source == 'an old source'
    assert not older.exists()
    assert store.state(SHORT_RANGE) is State.READY


def test_a_tampered_original_is_not_converted(store: ModelStore, tflite) -> None:
    store.install(tflite('short_range'), 'test')
    (store.folder / 'tflite' / 'short_range.tflite').write_bytes(tflite('v2'))
    assert store.original(SHORT_RANGE) is None
    assert not store.convert_kept(SHORT_RANGE)


# Each file is renamed into its place once and synced twice, itself and its folder.
# The original, the conversions, the manifest.
FILES = 1 + len(SHORT_RANGE.variants) + 1
RENAMES = [('replace', n + 1) for n in range(FILES)]
SYNCS = [('fsync', n + 1) for n in range(2 * FILES)]


@pytest.mark.parametrize(
    ('before', 'function', 'call'),
    [(State.MISSING, *cut) for cut in RENAMES + SYNCS] + [(State.OUTDATED, *c) for c in RENAMES],
)
def test_a_power_cut_while_writing_leaves_nothing_wrong(
    store: ModelStore, originals, before, function, call
) -> None:
    store.install(originals['blendshapes'].read_bytes(), 'test')
    if before is State.OUTDATED:
        store.install(originals['short_range'].read_bytes(), 'test')
        make_outdated(store, 'short_range')
    process = run_python(_INSTALL_KILLED, store.folder, originals['short_range'], function, call)
    assert process.wait() == -signal.SIGKILL
    assert store.state(BLENDSHAPES) is State.READY
    # The last sync is that of the folder, when the new manifest is already in place.
    assert store.state(SHORT_RANGE) is (State.READY if (function, call) == SYNCS[-1] else before)

    store.install(originals['short_range'].read_bytes(), 'test')
    assert store.state(SHORT_RANGE) is State.READY
    assert [path for path in store.folder.rglob('*') if path.name.endswith('.partial')] == []


def test_several_processes_may_install_at_once(store: ModelStore, originals) -> None:
    names = [*CATALOG, 'short_range', 'v2']
    processes = [run_python(_INSTALL, store.folder, originals[name]) for name in names]
    assert [process.wait() for process in processes] == [0] * len(names)
    assert {store.state(entry) for entry in CATALOG.values()} == {State.READY}


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write everywhere')
def test_a_folder_that_cannot_be_written_names_the_way_out(store: ModelStore, tflite) -> None:
    store.folder.mkdir(parents=True)
    store.folder.chmod(0o555)
    with pytest.raises(SourceError, match='FACEMESH_MODEL_DIR'):
        store.install(tflite('short_range'), 'test')


def test_a_store_path_that_is_a_file_names_the_way_out(tmp_path: Path, tflite) -> None:
    (tmp_path / 'taken').write_text('')
    with pytest.raises(SourceError, match='FACEMESH_MODEL_DIR'):
        ModelStore(tmp_path / 'taken').install(tflite('short_range'), 'test')


def test_folder_comes_from_argument_then_variable_then_user_data(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv('FACEMESH_MODEL_DIR', str(tmp_path / 'variable'))
    assert ModelStore(tmp_path / 'argument').folder == tmp_path / 'argument'
    assert ModelStore('').folder == tmp_path / 'variable'
    monkeypatch.delenv('FACEMESH_MODEL_DIR')
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path / 'xdg'))
    assert default_folder() == tmp_path / 'xdg' / 'facemesh_ros' / 'models'
    monkeypatch.delenv('XDG_DATA_HOME')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert default_folder() == tmp_path / '.local' / 'share' / 'facemesh_ros' / 'models'
