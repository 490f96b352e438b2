"""`facemesh models` as a user runs it, with and without a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from facemesh_ros.catalog.models import BUNDLE_URL, CATALOG
from facemesh_ros.cli.main import main
from facemesh_ros.models.store import ModelStore, State


@pytest.fixture(autouse=True)
def no_network(network_at, refused_port, monkeypatch, store: ModelStore) -> None:
    network_at(refused_port)
    monkeypatch.delenv('FACEMESH_MODEL_SOURCES', raising=False)
    monkeypatch.setenv('FACEMESH_MODEL_DIR', str(store.folder))


@pytest.fixture
def provisioned(store: ModelStore, tflite) -> ModelStore:
    for name in CATALOG:
        store.install(tflite(name), 'test')
    return store


def facemesh(*arguments: object) -> int:
    return main(['models', *map(str, arguments)])


def test_without_any_source_every_way_out_is_named(capsys, store) -> None:
    assert facemesh('fetch') == 1
    error = capsys.readouterr().err
    for way in (
        'facemesh models add face_landmarker.task',
        'facemesh models add mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl',
        'facemesh models add FOLDER',
        'FACEMESH_MODEL_SOURCES',
        'Connection refused',
    ):
        assert way in error
    assert store.records() == {}


def test_fetch_takes_local_sources_first_and_then_has_nothing_to_do(
    capsys, monkeypatch, provisioned, tmp_path
) -> None:
    monkeypatch.setenv('FACEMESH_MODEL_DIR', str(tmp_path / 'robot'))
    sources = (tmp_path / 'absent', provisioned.folder)
    monkeypatch.setenv('FACEMESH_MODEL_SOURCES', os.pathsep.join(map(str, sources)))
    assert facemesh('fetch') == 0
    said = capsys.readouterr()
    assert 'absent: no such file or folder' in said.err
    assert 'cannot be reached' not in said.err
    robot = ModelStore(tmp_path / 'robot')
    for entry in CATALOG.values():
        for variant in entry.variants:
            assert robot.load(entry.name, variant) == provisioned.load(entry.name, variant)
    assert facemesh('fetch') == 0
    assert 'nothing to do' in capsys.readouterr().out


def test_if_needed_asks_no_network_for_what_the_node_can_do_without(
    capsys, monkeypatch, provisioned, tmp_path
) -> None:
    for name in ('short_range', 'attention'):
        store = ModelStore(tmp_path / 'robot')
        store.install(provisioned.original(CATALOG[name]), 'test')
    monkeypatch.setenv('FACEMESH_MODEL_DIR', str(store.folder))
    assert facemesh('fetch', '--if-needed') == 0
    told = capsys.readouterr()
    assert 'v2' in told.out
    assert 'Connection refused' not in told.err
    assert facemesh('fetch') == 0
    assert 'Connection refused' in capsys.readouterr().err

    monkeypatch.setenv('FACEMESH_MODEL_SOURCES', str(provisioned.folder))  # not the network
    assert facemesh('fetch', '--if-needed') == 0
    assert set(store.records()) == set(CATALOG)


def test_what_every_start_of_the_demo_does_without_is_told_once_for_a_folder(
    capsys, monkeypatch, provisioned, tmp_path
) -> None:
    for name in ('robot', 'laptop'):
        offered = tmp_path / f'{name}_offered'
        offered.mkdir()
        for model in ('short_range', 'attention'):
            (offered / f'{model}.tflite').write_bytes(provisioned.original(CATALOG[model]))
        monkeypatch.setenv('FACEMESH_MODEL_SOURCES', str(offered))
        told = []
        for _ in range(3):
            assert facemesh('fetch', '--if-needed', '--dir', tmp_path / name) == 0
            told.append(capsys.readouterr().out)
        assert 'v2, blendshapes: download https://' in told[0]
        assert f'`facemesh models add --dir {tmp_path / name} face_landmarker.task`' in told[0]
        assert told[1:] == ['', '']
    ModelStore(tmp_path / 'robot').install(provisioned.original(CATALOG['v2']), 'test')
    assert facemesh('fetch', '--if-needed', '--dir', tmp_path / 'robot') == 0
    assert (
        'Optional, not there: full_range, mesh, blendshapes.' in capsys.readouterr().out
    )  # it is news
    assert facemesh('fetch', '--dir', tmp_path / 'robot') == 0
    assert 'blendshapes: download' in capsys.readouterr().out  # asked for


def test_what_is_told_to_type_works_where_it_was_told(tmp_path) -> None:
    """A path is told where the shell does not find the name, as after `./run`."""
    installed = Path(sys.prefix) / 'bin' / 'facemesh'
    if not installed.exists():
        pytest.skip('needs the environment that ./run makes')
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin' / 'facemesh').symlink_to(installed)

    def told(command, path, place):
        listed = subprocess.run(
            [command, 'models', 'list'],
            env={**os.environ, 'PATH': path},
            cwd=place,
            check=True,
            capture_output=True,
            text=True,
        )
        return re.findall('missing: (.*) models fetch', listed.stdout)[0]

    assert told(installed, '/usr/bin:/bin', tmp_path) == str(installed)
    assert told(installed, '/usr/bin:/bin', sys.prefix) == 'bin/facemesh'
    assert told('facemesh', f'{tmp_path}/bin:/usr/bin:/bin', tmp_path) == 'facemesh'


def test_without_the_bundle_it_goes_on_with_what_it_has(
    capsys, monkeypatch, store, wheel, tmp_path, tflite
) -> None:
    detector = tmp_path / 'detector.tflite'
    detector.write_bytes(tflite('short_range'))
    monkeypatch.setenv('FACEMESH_MODEL_SOURCES', f'{wheel}{os.pathsep}{detector}')
    assert facemesh('fetch') == 0
    said = capsys.readouterr().out
    assert 'Optional, not there: v2, blendshapes.' in said
    assert 'facemesh models add face_landmarker.task' in said
    assert sorted(store.records()) == ['attention', 'full_range', 'mesh', 'short_range']


def test_fetch_repairs_without_a_network(capsys, provisioned) -> None:
    (provisioned.folder / 'v2.onnx').write_bytes(b'damaged')
    manifest = provisioned.folder / 'manifest.json'
    records = json.loads(manifest.read_text())
    records['models']['attention']['converter_version'] = 'older'
    manifest.write_text(json.dumps(records))
    assert facemesh('verify') == 1
    said = capsys.readouterr().out
    assert 'v2: damaged' in said
    assert 'attention: outdated' in said
    assert 'short_range: ready' in said
    assert facemesh('fetch') == 0
    assert 'v2, attention' in capsys.readouterr().out
    assert facemesh('verify') == 0


@pytest.mark.parametrize(
    ('names', 'status'),
    [
        (['full_range', 'mesh'], 0),
        (['short_range', 'blendshapes'], 1),
        (['attention', 'blendshapes'], 1),
    ],
)
def test_verify_asks_for_a_detector_and_a_landmark_model_alone(
    store, tflite, names, status
) -> None:
    for name in names:
        store.install(tflite(name), 'test')
    assert facemesh('verify') == status


def test_add_takes_archives_files_and_folders(capsys, bundle, wheel, store, provisioned) -> None:
    target = bundle.parent / 'robot'
    assert facemesh('add', bundle, wheel, provisioned.folder, '--dir', target) == 0
    assert sorted(ModelStore(target).records()) == sorted(CATALOG)
    assert 'not there' not in capsys.readouterr().out


def test_add_says_what_is_still_missing(capsys, wheel) -> None:
    assert facemesh('add', wheel) == 0
    said = capsys.readouterr().out
    assert 'attention' in said
    assert f'v2, blendshapes: download {BUNDLE_URL}' in said


def test_add_refuses_in_one_line(capsys, tmp_path, store) -> None:
    offered = tmp_path / 'face_landmarker.task'
    offered.write_bytes(b'<html>404</html>')
    assert facemesh('add', offered) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('facemesh: ')
    assert '3758596 bytes' in line
    assert store.records() == {}


def test_list_shows_every_model_before_and_after(capsys, store, tflite) -> None:
    assert facemesh('list') == 0
    assert capsys.readouterr().out.count('missing') == len(CATALOG)
    store.install(tflite('attention'), 'a stick')
    assert facemesh('list') == 0
    (line,) = (
        line for line in capsys.readouterr().out.splitlines() if line.startswith('attention')
    )
    for cell in ('landmarks', '192 px', '478', 'attention.cpu.onnx', 'a stick', 'ready'):
        assert cell in line


@pytest.mark.parametrize('package', ['onnx', 'tflite', 'flatbuffers'])
@pytest.mark.parametrize('action', ['add', 'fetch'])
def test_missing_packages_for_the_conversion_are_named(action, package, tflite, tmp_path) -> None:
    single = tmp_path / 'short_range.tflite'
    single.write_bytes(tflite('short_range'))
    arguments = ['models', action, *([str(single)] if action == 'add' else [])]
    script = (
        f'import sys; sys.modules[{package!r}] = None\n'
        'from facemesh_ros.cli.main import main\n'
        f'sys.exit(main({arguments!r}))'
    )
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert package in line
    assert 'pip install onnx tflite flatbuffers' in line


def test_interrupting_a_silent_network_ends_with_130(silent_port, network_at, tmp_path) -> None:
    network_at(silent_port)
    process = subprocess.Popen([sys.executable, '-m', 'facemesh_ros.cli', 'models', 'fetch'])
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130


def test_two_fetches_at_once_never_show_half_a_model(monkeypatch, store, tflite, tmp_path) -> None:
    entries = [CATALOG[name] for name in ('short_range', 'mesh')]
    for entry in entries:
        (tmp_path / f'{entry.name}.tflite').write_bytes(tflite(entry.name))
    monkeypatch.setenv('FACEMESH_MODEL_SOURCES', str(tmp_path))
    command = [sys.executable, '-m', 'facemesh_ros.cli', 'models', 'fetch', '--if-needed']
    processes = [subprocess.Popen(command) for _ in range(2)]
    seen: set[State] = set()
    while any(process.poll() is None for process in processes):
        seen |= {store.state(entry) for entry in entries}
    assert [process.returncode for process in processes] == [0, 0]
    assert seen <= {State.MISSING, State.READY}
    assert {store.state(entry) for entry in entries} == {State.READY}


def test_an_incomplete_command_explains_itself(capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert 'COMMAND' in capsys.readouterr().err


def test_the_store_can_be_moved(provisioned, tmp_path) -> None:
    moved = Path(shutil.move(provisioned.folder, tmp_path / 'moved'))
    assert facemesh('verify', '--dir', moved) == 0


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_downloaded(capsys):
    assert facemesh('fetch', '--dir', '/proc/models') == 1
    said = capsys.readouterr().err
    assert said.startswith('facemesh: cannot write to /proc/models: ')
    assert 'choose another folder with --dir' in said
