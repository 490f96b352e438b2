"""Disks that are full, read-only or cut off at any byte: an error, never a half model."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import pytest

from facemesh_ros.catalog.models import MESH, SHORT_RANGE
from facemesh_ros.errors import SourceError
from facemesh_ros.models.store import ModelStore, State

# Ends before anything, within the original, and within each of three conversions.
SIZES = ('4k', '200k', '400k', '900k', '1300k')


@pytest.fixture
def original(tmp_path: Path, tflite) -> Path:
    path = tmp_path / 'short_range.tflite'
    path.write_bytes(tflite('short_range'))
    return path


@pytest.mark.parametrize('size', SIZES)
def test_a_full_disk_is_named_and_the_rest_comes_when_there_is_room(
    in_namespace, tmp_path, original, size
) -> None:
    disk = tmp_path / 'disk'
    disk.mkdir()
    script = """
        mount -t tmpfs -o size=$1 tmpfs "$2"
        facemesh models add "$3" --dir "$2/models"; echo "status $?"
        facemesh models verify --dir "$2/models" | grep short_range
        find "$2" -name '*.partial'
        mount -o remount,size=8m "$2"
        facemesh models add "$3" --dir "$2/models" > /dev/null; echo "status $?"
        facemesh models verify --dir "$2/models" | grep short_range
    """
    done = in_namespace(script, size, disk, original)
    assert done.stdout.splitlines() == [
        f'facemesh: cannot write to {disk}/models: No space left on device; choose another '
        'folder with --dir or $FACEMESH_MODEL_DIR',
        'status 1',
        'short_range: missing: facemesh models fetch',
        'status 0',
        'short_range: ready',
    ], done


def test_a_read_only_folder_is_named_and_its_models_work(
    in_namespace, tmp_path, original, tflite
) -> None:
    folder = tmp_path / 'models'
    ModelStore(folder).install(original.read_bytes(), 'test')
    ModelStore(folder).install(tflite('mesh'), 'test')
    (folder / '.lock').unlink()  # as on an image that was put together elsewhere
    script = """
        mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
        export FACEMESH_MODEL_DIR="$1"
        facemesh models add "$2"; echo "status $?"
        facemesh models verify | grep -e ^short_range -e ^mesh
        facemesh doctor | grep -o 'model short_range.*in fp32'
    """
    done = in_namespace(script, folder, original)
    refused, status, *working, measured = done.stdout.splitlines()
    assert refused.startswith(f'facemesh: cannot write to {folder}: Read-only file system; choose')
    assert status == 'status 1'
    assert working == ['short_range: ready', 'mesh: ready']
    assert 'nodes on ' in measured


def install_up_to(limit: int, folder: Path, content: bytes, *, killed: bool) -> int:
    """Install in a child that may write no byte of any file beyond `limit`; return its status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 99
    try:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL if killed else signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        ModelStore(folder).install(content, 'test')
        status = 0
    except SourceError as error:
        told = 'File too large' in str(error) and '--dir or $FACEMESH_MODEL_DIR' in str(error)
        status = 1 if told else 98
    finally:
        os._exit(status)


@pytest.fixture(scope='module')
def lengths(tflite, tmp_path_factory) -> list[int]:
    """How long the files of a store with one model are."""
    store = ModelStore(tmp_path_factory.mktemp('store'))
    store.install(tflite('short_range'), 'test')
    return sorted({path.stat().st_size for path in store.folder.rglob('*') if path.is_file()})


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded')
@pytest.mark.parametrize('killed', [True, False], ids=['killed', 'refused'])
def test_a_file_that_ends_at_any_byte_is_never_trusted(store, tflite, lengths, killed) -> None:
    """By the kernel's limit on the size of a file: the process dies there, or gets an error."""
    store.install(tflite('mesh'), 'test')
    ends = {0, 1, *(length + step for length in lengths[1:] for step in (-1, 0))}
    assert len(ends) >= 10
    for limit in sorted(ends):
        complete = limit >= lengths[-1]
        status = install_up_to(limit, store.folder, tflite('short_range'), killed=killed)
        assert status == (0 if complete else -signal.SIGXFSZ if killed else 1), limit
        assert store.state(SHORT_RANGE) is (State.READY if complete else State.MISSING), limit
        assert store.state(MESH) is State.READY, limit
    assert not list(store.folder.rglob('*.partial'))
