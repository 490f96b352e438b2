"""An open network, only the Python package index, nothing but a stick: each ends with models."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import re
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.catalog.models import BUNDLE, WHEEL
from facemesh_ros.cli.main import main
from facemesh_ros.models import fetch as fetching
from facemesh_ros.models import pip_wheel
from facemesh_ros.models.files import sha256_of
from facemesh_ros.models.store import ModelStore
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder

SOURCES = [Path(path) for path in os.environ.get('FACEMESH_MODEL_SOURCES', '').split(os.pathsep)]
BESIDE = Path(__file__).parents[3] / 'shared' / 'models'


@pytest.fixture(autouse=True)
def empty_machine(network_at, refused_port, monkeypatch, store: ModelStore) -> None:
    """No models, and no network but what a test offers."""
    network_at(refused_port)
    monkeypatch.delenv('FACEMESH_MODEL_SOURCES', raising=False)
    monkeypatch.setenv('FACEMESH_MODEL_DIR', str(store.folder))


@pytest.fixture(scope='module')
def official_bundle(require) -> Path:
    """The real file."""
    found = [p / BUNDLE.file_name for p in (*SOURCES, BESIDE) if (p / BUNDLE.file_name).is_file()]
    require(found, f'{BUNDLE.file_name} in $FACEMESH_MODEL_SOURCES')
    return found[0]


@dataclass
class Site:
    """A web server.

    Attributes:
        port: Where it listens, on this machine only.
        pages: Content by path.
        cut_at: Bytes after which it breaks a transfer off.
    """

    port: int = 0
    pages: dict[str, bytes] = field(default_factory=dict)
    cut_at: int | None = None


class Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, site: Site, *arguments: object) -> None:
        self.site = site
        super().__init__(*arguments)

    def do_GET(self) -> None:
        content = self.site.pages.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header('Content-Length', str(len(content)))
        if content.startswith(b'<'):
            self.send_header('Content-Type', 'text/html')
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the client had enough
            self.wfile.write(content[: self.site.cut_at])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    handler = functools.partial(Handler, site)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        site.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield site
        server.shutdown()


@pytest.fixture
def bundle_at(monkeypatch, site: Site) -> Callable[[bytes], None]:
    """Publish a file where the official bundle is looked for."""

    def publish(content: bytes) -> None:
        site.pages['/bundle'] = content
        monkeypatch.setattr(fetching, 'BUNDLE_URL', f'http://127.0.0.1:{site.port}/bundle')
        monkeypatch.setenv('no_proxy', '127.0.0.1')

    return publish


@pytest.fixture
def index_of(monkeypatch, site: Site) -> Callable[[bytes], None]:
    """Publish a wheel in a package index and pin it, as the real one is 35 MB."""

    def publish(content: bytes, **pinned: object) -> None:
        page = f'<html><a href="/files/{WHEEL.file_name}">{WHEEL.file_name}</a></html>'
        site.pages['/simple/mediapipe/'] = page.encode()
        site.pages[f'/files/{WHEEL.file_name}'] = content
        pin = replace(WHEEL, size=len(content), sha256=sha256_of(content))
        monkeypatch.setattr(pip_wheel, 'WHEEL', replace(pin, **pinned))
        monkeypatch.setenv('PIP_INDEX_URL', f'http://127.0.0.1:{site.port}/simple')
        monkeypatch.setenv('no_proxy', '127.0.0.1')

    return publish


@pytest.fixture
def published_wheel(wheel: Path) -> bytes:
    """The originals in a wheel that pip takes for one."""
    metadata = 'Metadata-Version: 2.1\nName: mediapipe\nVersion: 0.10.21\n'
    with zipfile.ZipFile(wheel, 'a') as packed:
        folder = 'mediapipe-0.10.21.dist-info'
        packed.writestr(f'{folder}/METADATA', metadata)
        packed.writestr(f'{folder}/WHEEL', 'Wheel-Version: 1.0\nTag: cp311-cp311-any\n')
        packed.writestr(f'{folder}/RECORD', '')
    return wheel.read_bytes()


def facemesh_models(*arguments: object) -> int:
    return main(['models', *map(str, arguments)])


def assert_a_face_is_found(astronaut: np.ndarray, landmark_model: str) -> None:
    sensor = load_sensor(SensorSettings(execution_provider='cpu'))
    assert sensor.model.landmark_model == landmark_model
    assert len(sensor.stream().process(Frame(astronaut, PixelOrder.RGB))) == 1


def test_an_open_network_gives_the_bundle(
    capsys, store, official_bundle, bundle_at, astronaut
) -> None:
    bundle_at(official_bundle.read_bytes())
    assert facemesh_models('fetch') == 0
    said = capsys.readouterr()
    assert f'Ready in {store.folder}: short_range, v2, blendshapes.' in said.out
    assert 'Optional, not there: full_range, attention, mesh.' in said.out
    assert 'bundle face_landmarker.task: 3.8 of 3.8 MB' in said.err
    assert store.records()['v2'].source == BUNDLE.title
    assert main(['doctor']) == 0
    assert_a_face_is_found(astronaut, 'v2')


def test_the_package_index_alone_gives_the_wheel(
    capsys, store, published_wheel, index_of, astronaut
) -> None:
    index_of(published_wheel)
    assert facemesh_models('fetch') == 0
    said = capsys.readouterr()
    assert 'full_range, attention, mesh.' in said.out
    assert 'bundle face_landmarker.task: cannot be reached (Connection refused)' in said.err
    assert 'facemesh models add face_landmarker.task' in said.out
    assert store.records()['attention'].source == WHEEL.title
    assert main(['doctor']) == 0
    assert_a_face_is_found(astronaut, 'attention')


def test_a_stick_gives_the_bundle(capsys, store, official_bundle, astronaut) -> None:
    assert facemesh_models('add', official_bundle) == 0
    assert 'short_range, v2, blendshapes' in capsys.readouterr().out
    assert_a_face_is_found(astronaut, 'v2')


def test_the_folder_of_an_older_robot_is_converted_anew(
    capsys, store, tmp_path, tflite, astronaut
) -> None:
    other = ModelStore(tmp_path / 'other robot')
    for name in ('short_range', 'mesh'):
        other.install(tflite(name), 'its source')
        for onnx in other.folder.glob(f'{name}*.onnx'):
            onnx.write_bytes(b'what an older converter made')
    stick = shutil.copytree(other.folder, tmp_path / 'stick')
    old = json.loads((stick / 'manifest.json').read_text())
    for record in old['models'].values():
        record['converter_version'] = '0'
    (stick / 'manifest.json').write_text(json.dumps(old))

    assert facemesh_models('add', stick) == 0
    assert_a_face_is_found(astronaut, 'mesh')
    # Put into its place as it is, it works after one command without a network.
    shutil.rmtree(store.folder)
    shutil.copytree(stick, store.folder)
    assert main(['doctor']) == 1
    assert 'outdated' in capsys.readouterr().out
    assert facemesh_models('fetch', '--if-needed') == 0
    assert 'Connection refused' not in capsys.readouterr().err
    assert_a_face_is_found(astronaut, 'mesh')


def test_a_damaged_file_of_a_folder_is_told_and_the_others_are_taken(
    capsys, store, tmp_path, tflite
) -> None:
    stick = tmp_path / 'stick'
    (stick / 'tflite').mkdir(parents=True)
    (stick / 'tflite' / 'mesh.tflite').write_bytes(tflite('mesh')[:-1])
    (stick / 'tflite' / 'attention.tflite').write_bytes(tflite('attention'))
    (stick / BUNDLE.file_name).write_bytes(b'PK')
    (stick / 'notes.tflite').write_bytes(b'no model of ours')
    assert facemesh_models('add', stick) == 0
    said = capsys.readouterr()
    first, second = sorted(said.err.splitlines())
    assert f'skipped: {stick / BUNDLE.file_name}: damaged or truncated' in first
    assert f'skipped: {stick}/tflite/mesh.tflite: 1242397 bytes' in second
    assert sorted(store.records()) == ['attention']


@pytest.mark.parametrize('change', ['other', 'short', 'cut'])
def test_another_bundle_is_refused_and_leaves_nothing(
    capsys, store, site, official_bundle, bundle_at, change
) -> None:
    content = official_bundle.read_bytes()
    changed = {'other': content[:-1] + b'?', 'short': content[:-1], 'cut': content}[change]
    bundle_at(changed)
    site.cut_at = 2_000_000 if change == 'cut' else None
    assert facemesh_models('fetch') == 1
    error = capsys.readouterr().err
    assert 'that are not the pinned 3758596 bytes with SHA-256 64184e229b26' in error
    assert f'the server sent {2_000_000 if change == "cut" else len(changed)} bytes' in error
    assert not store.folder.exists()


def test_another_wheel_than_the_pinned_one_is_refused(
    capsys, store, published_wheel, index_of
) -> None:
    index_of(published_wheel, sha256='0' * 64)
    assert facemesh_models('fetch') == 1
    error = capsys.readouterr().err
    assert 'sent another file than the pinned' in error
    assert f'bytes with SHA-256 {"0" * 64}' in error
    assert not store.folder.exists()


def test_a_wheel_that_breaks_off_is_refused(
    capsys, store, site, published_wheel, index_of
) -> None:
    index_of(published_wheel)
    site.cut_at = 1_000_000
    assert facemesh_models('fetch') == 1
    # Older releases of pip see a wrong hash, newer ones missing bytes.
    told = r'wheel mediapipe 0\.10\.21: (the package index|the Python package index|ERROR: )'
    assert re.search(told, capsys.readouterr().err)
    assert not store.folder.exists()


def test_an_index_without_the_wheel_is_named(capsys, site, monkeypatch) -> None:
    monkeypatch.setenv('PIP_INDEX_URL', f'http://127.0.0.1:{site.port}/simple')
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    assert facemesh_models('fetch') == 1
    error = capsys.readouterr().err
    assert 'wheel mediapipe 0.10.21: the package index, mirror or folder of wheels' in error
    assert 'MB/s' not in error  # nothing has come


@pytest.mark.parametrize('folder', ['absent', 'file'])
def test_no_room_for_temporary_files_names_the_way_out(
    capsys, monkeypatch, tmp_path, published_wheel, index_of, folder
) -> None:
    index_of(published_wheel)
    (tmp_path / 'file').write_text('')
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path / folder))
    assert facemesh_models('fetch') == 1
    assert 'name another one with $TMPDIR' in capsys.readouterr().err


def test_a_full_folder_for_temporary_files_names_the_way_out(
    in_namespace, site, index_of, tmp_path
) -> None:
    index_of(bytes(8 * 2**20))  # pip runs out of room before it compares any hash
    script = """
        mount -t tmpfs -o size=1m tmpfs "$1"
        TMPDIR="$1" facemesh models fetch
        ls -A "$1"
    """
    (tmp_path / 'tmp').mkdir()
    said = in_namespace(script, tmp_path / 'tmp').stdout
    assert 'temporary files is full; name another one with $TMPDIR' in said
    assert said.splitlines()[-1].startswith('  - name local files')  # nothing is left there
