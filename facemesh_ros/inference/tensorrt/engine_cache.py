"""Where TensorRT keeps what took it minutes to build, each thing only for whom it was built."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from facemesh_ros.inference.hardware import Gpu, NvidiaDriver
from facemesh_ros.inference.nvidia_libraries import tensorrt_version
from facemesh_ros.inference.onnx_runtime import ort
from facemesh_ros.inference.provider_options import BATCHES, EngineFolder
from facemesh_ros.models.files import locked, sha256_of, write_atomically

FOLDER_VARIABLE = 'FACEMESH_CACHE_DIR'
_MARK = 'built.json'
_LOG = logging.getLogger(__name__)


def default_folder() -> Path:
    """Return $FACEMESH_CACHE_DIR, else facemesh_ros in the user's cache folder."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    shared = os.environ.get('XDG_CACHE_HOME') or '~/.cache'
    return Path(shared).expanduser() / 'facemesh_ros'


@dataclass(frozen=True, slots=True)
class Machine:
    """What an engine is bound to, beside its model."""

    gpu: Gpu
    driver: str
    tensorrt: str
    onnxruntime: str

    @property
    def folder_name(self) -> str:
        """Readable, and different for each machine."""
        facts = (
            self.gpu.name,
            f'cc{self.gpu.compute_capability}',
            f'driver{self.driver}',
            f'tensorrt{self.tensorrt}',
            f'onnxruntime{self.onnxruntime}',
        )
        return '-'.join(re.sub(r'[^\w.]+', '_', fact) for fact in facts)


def this_machine(driver: NvidiaDriver, device_id: int) -> Machine:
    """Return what engines that are built now are bound to."""
    gpu = driver.gpus[device_id] if device_id < len(driver.gpus) else Gpu('unknown', '')
    return Machine(gpu, driver.version, tensorrt_version(), ort.__version__)


class EngineCache:
    """Engines of one machine; where nothing can be written, there are none.

    Attributes:
        folder: Of this machine's engines.
    """

    def __init__(self, machine: Machine, folder: Path | None = None) -> None:
        self.folder = (folder or default_folder()) / 'tensorrt' / machine.folder_name
        self._writable = self._make(self.folder)

    @staticmethod
    def _make(folder: Path) -> bool:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / '.writable', b'')
        except OSError as error:
            _LOG.warning(
                'TensorRT engines cannot be kept in %s (%s): every start builds them anew, for '
                'minutes; set $%s to a folder that can be written',
                folder,
                error.strerror,
                FOLDER_VARIABLE,
            )
            return False
        return True

    def place(self, model: str, onnx: bytes, precision: str) -> EngineFolder | None:
        """Return where the engine of a model file lies or is to be; None if it cannot be kept."""
        if not self._writable:
            return None
        file_hash = sha256_of(onnx + repr(BATCHES).encode())[:12]
        return EngineFolder(
            str(self.folder / f'{model}-{precision}-{file_hash}'), str(self.folder / 'timings')
        )

    @staticmethod
    def is_built(place: EngineFolder | None) -> bool:
        """Return whether a whole engine lies there."""
        return place is not None and (Path(place.engines) / _MARK).exists()

    @staticmethod
    @contextmanager
    def building(place: EngineFolder) -> Iterator[None]:
        """Build inside: one process at a time, and what an interrupted one left is gone."""
        engines = Path(place.engines)
        for folder in (engines, Path(place.timings)):
            folder.mkdir(parents=True, exist_ok=True)
        with locked(engines / '.lock', exclusive=True):
            if not EngineCache.is_built(place):
                _clear(engines)
            yield
            built = [path.name for path in engines.glob('*.engine')]
            write_atomically(engines / _MARK, json.dumps(built).encode())

    @staticmethod
    def forget(place: EngineFolder) -> None:
        """Forget an engine that does not load."""
        (Path(place.engines) / _MARK).unlink(missing_ok=True)


@contextmanager
def kept_or_temporary(place: EngineFolder | None) -> Iterator[EngineFolder]:
    """Give a place; one that is gone at the end, if nothing can be kept."""
    if place is not None:
        yield place
        return
    with TemporaryDirectory(prefix='facemesh-') as folder:
        yield EngineFolder(f'{folder}/engines', f'{folder}/timings')


def _clear(folder: Path) -> None:
    for path in folder.glob('*'):
        if path.name != '.lock':
            path.unlink(missing_ok=True)
