"""Model files for the tests of provisioning, taken from the provisioned store."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from facemesh_ros.catalog.model_entry import Archive, Variant
from facemesh_ros.catalog.models import BUNDLE, CATALOG, WHEEL, entry_of
from facemesh_ros.models.convert.tflite_to_onnx import onnx_from_tflite
from facemesh_ros.models.store import ModelStore

sys.path.insert(0, str(Path(__file__).with_name('golden')))


@pytest.fixture(scope='session')
def tflite(model_store: ModelStore, require) -> Callable[[str], bytes]:
    """Original TFLite file of a model."""

    def content(name: str) -> bytes:
        original = model_store.original(entry_of(name))
        require(original is not None, f'the original of {name} in {model_store.folder}')
        return original

    return content


@pytest.fixture(scope='session')
def converted(tflite) -> Callable[[str, Variant], bytes]:
    """Convert the original of a model."""

    @functools.cache
    def content(name: str, variant: Variant) -> bytes:
        return onnx_from_tflite(tflite(name), entry_of(name), variant)

    return content


@pytest.fixture(scope='session')
def astronaut(require_package) -> np.ndarray:
    """(512, 512, 3) RGB with one face."""
    return require_package('skimage.data').astronaut()


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """An empty store."""
    return ModelStore(tmp_path / 'store')


@pytest.fixture
def in_namespace() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a shell script that knows `facemesh` and may mount; its mounts end with it."""
    namespace = ['unshare', '--map-root-user', '--mount']
    if not shutil.which('unshare') or subprocess.run([*namespace, 'true']).returncode:
        pytest.skip('this system lets no process mount for itself')

    def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        facemesh = f'facemesh() {{ "{sys.executable}" -m facemesh_ros.cli "$@" 2>&1; }}\n'
        command = [*namespace, 'bash', '-c', facemesh + textwrap.dedent(script), 'bash']
        return subprocess.run(
            [*command, *map(str, arguments)],
            cwd=Path(__file__).parents[2],
            env={**os.environ, 'FACEMESH_MODEL_SOURCES': ''},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def make_archive(path: Path, archive: Archive, tflite: Callable[[str], bytes]) -> Path:
    """Pack originals as an archive does; a model kept in another edition is left out."""
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as packed:
        packed.writestr('README', 'not a model')
        for entry in CATALOG.values():
            for member in entry.members:
                content = tflite(entry.name)
                if member.archive is archive and len(content) == member.size:
                    packed.writestr(member.path, content)
    return path


@pytest.fixture
def bundle(tmp_path: Path, tflite: Callable[[str], bytes]) -> Path:
    """A bundle with v2, blendshapes and, if the store has that edition, short_range."""
    return make_archive(tmp_path / BUNDLE.file_name, BUNDLE, tflite)


@pytest.fixture
def wheel(tmp_path: Path, tflite: Callable[[str], bytes]) -> Path:
    """A wheel with attention, mesh, full_range and, if the store has that edition, short_range."""
    return make_archive(tmp_path / WHEEL.file_name, WHEEL, tflite)


@pytest.fixture
def refused_port() -> Iterator[int]:
    """A port that refuses connections: taken, so that no one else gets it, but not listening."""
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        yield int(taken.getsockname()[1])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(('127.0.0.1', 0), backlog=16) as listening:
        yield int(listening.getsockname()[1])


@pytest.fixture
def network_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make a local port the only network that downloads and pip can see."""

    def redirect(port: int) -> None:
        proxy = f'http://127.0.0.1:{port}'
        for name in ('https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'):
            monkeypatch.setenv(name, proxy)
        for name in ('no_proxy', 'NO_PROXY', 'PIP_FIND_LINKS', 'PIP_RETRIES', 'PIP_PROXY'):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv('PIP_NO_CACHE_DIR', '1')
        monkeypatch.setenv('PIP_CONFIG_FILE', '/dev/null')
        monkeypatch.setenv('PIP_INDEX_URL', f'{proxy}/simple')

    return redirect
