"""Cache of TensorRT engines, which take minutes to build.

An engine runs only with the model file, GPU, driver and releases that it was built for, so its
path names all of them.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from facemesh_ros.inference.cache_folder import FOLDER_VARIABLE, default_folder
from facemesh_ros.inference.hardware import Gpu, NvidiaDriver
from facemesh_ros.inference.nvidia_libraries import tensorrt_version
from facemesh_ros.inference.onnx_runtime import ort
from facemesh_ros.inference.provider_options import BATCHES, EngineFolder
from facemesh_ros.models.files import locked, sha256_of, write_atomically

_COMPLETE = 'built.json'  # written last
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Machine:
    """What an engine depends on besides its model."""

    gpu: Gpu
    driver: str
    tensorrt: str
    onnxruntime: str

    @property
    def folder_name(self) -> str:
        """One that people can read, different for each machine."""
        facts = (
            self.gpu.name,
            f'cc{self.gpu.compute_capability}',
            f'driver{self.driver}',
            f'tensorrt{self.tensorrt}',
            f'onnxruntime{self.onnxruntime}',
        )
        return '-'.join(re.sub(r'[^\w.]+', '_', fact) for fact in facts)


def this_machine(driver: NvidiaDriver, device_id: int) -> Machine:
    """Return what engines that are built now depend on."""
    gpu = driver.gpus[device_id] if device_id < len(driver.gpus) else Gpu('unknown', '')
    return Machine(gpu, driver.version, tensorrt_version(), ort.__version__)


class EngineCache:
    """Engines of one machine; temporary ones where nothing can be written.

    Attributes:
        folder: Of this machine's engines.
        is_kept: Whether they are there at the next start.
    """

    def __init__(self, machine: Machine, folder: Path | None = None) -> None:
        """Make the folder; None for `default_folder`."""
        self.folder = (folder or default_folder()) / 'tensorrt' / machine.folder_name
        self.is_kept = self._make_folder()
        if not self.is_kept:
            self._temporary = TemporaryDirectory(prefix='facemesh-')  # gone with this object
            self.folder = Path(self._temporary.name)

    def _make_folder(self) -> bool:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self.folder / '.writable', b'')
        except OSError as error:
            _LOG.warning(
                'TensorRT engines cannot be kept in %s (%s): every start builds them anew, for '
                'minutes; set $%s to a folder that can be written',
                self.folder,
                error.strerror,
                FOLDER_VARIABLE,
            )
            return False
        return True

    def folder_of(self, model: str, onnx: bytes, precision: str) -> EngineFolder:
        """Return where the engine of a model file is stored, whether built or not."""
        file_hash = sha256_of(onnx + repr(BATCHES).encode())[:12]
        return EngineFolder(
            str(self.folder / f'{model}-{precision}-{file_hash}'), str(self.folder / 'timings')
        )

    @staticmethod
    def is_built(folder: EngineFolder) -> bool:
        """Return whether it holds a complete engine."""
        return (Path(folder.engines) / _COMPLETE).exists()

    @staticmethod
    @contextmanager
    def building(folder: EngineFolder) -> Iterator[None]:
        """Lock a folder for one process to build in; the rest of an interrupted build is removed.

        It counts as built once the block has ended without an error.
        """
        engines = Path(folder.engines)
        for path in (engines, Path(folder.timings)):
            path.mkdir(parents=True, exist_ok=True)
        with locked(engines / '.lock', exclusive=True):
            if not EngineCache.is_built(folder):
                _clear(engines)
            yield
            built = [path.name for path in engines.glob('*.engine')]
            write_atomically(engines / _COMPLETE, json.dumps(built).encode())

    @staticmethod
    def discard(folder: EngineFolder) -> None:
        """Let an engine that does not load be built anew."""
        (Path(folder.engines) / _COMPLETE).unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    for path in folder.glob('*'):
        if path.name != '.lock':
            path.unlink(missing_ok=True)
