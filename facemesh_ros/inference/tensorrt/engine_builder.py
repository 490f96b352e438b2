"""Builds the TensorRT engines of models, each in a process of its own, which takes minutes.

ONNX Runtime holds Python's lock while it opens a session, until 1.31: a build in this process
could neither report progress nor be interrupted. And a builder that runs out of memory ends alone.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from facemesh_ros.inference.cache_folder import FOLDER_VARIABLE
from facemesh_ros.inference.child_process import end_with_parent
from facemesh_ros.inference.hardware import NvidiaDriver
from facemesh_ros.inference.provider_options import EngineFolder
from facemesh_ros.inference.providers import PROVIDERS, ProviderChoice, ProviderStartError
from facemesh_ros.inference.session import ModelSession, variant_for
from facemesh_ros.inference.tensorrt.engine_cache import EngineCache, this_machine
from facemesh_ros.models.store import ModelStore

_ERROR_CHARACTERS = 200
_POLL_S = 0.1
_LOG_PERIOD_S = 10.0
_LOG = logging.getLogger(__name__)

# Called several times a second while an engine is built; whatever it raises ends the build.
BuildWatch = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """Which engine to build, and where to store it; see `EngineFolder`."""

    model: str
    model_dir: str
    precision: str
    device_id: int
    engines: str
    timings: str


class Engines:
    """TensorRT engines of the models of one store.

    Attributes:
        cache: Where they are stored.
    """

    def __init__(
        self, store: ModelStore, choice: ProviderChoice, driver: NvidiaDriver, watch: BuildWatch
    ) -> None:
        """Open the cache of this machine; `watch` sees every build, see `build_engine`."""
        self.cache = EngineCache(this_machine(driver, choice.device_id))
        self._store, self._choice, self._watch = store, choice, watch

    def folder_of(self, model: str) -> EngineFolder:
        """Return where the engine of a model is stored, whether built or not."""
        onnx = self._store.load(model, variant_for(model, self._choice))
        return self.cache.folder_of(model, onnx, self._choice.precision)

    def build(self, models: Sequence[str]) -> None:
        """Build the engines that are not in the cache yet; errors are those of `build_engine`."""
        folders = {model: self.folder_of(model) for model in models}
        missing = {
            model: folder for model, folder in folders.items() if not self.cache.is_built(folder)
        }
        for number, (model, folder) in enumerate(missing.items(), 1):
            title = f'TensorRT engine of {model} ({number} of {len(missing)})'
            try:
                self._build(model, folder, title)
            except OSError as error:
                raise ProviderStartError(
                    PROVIDERS['tensorrt'],
                    f'the {title} cannot be kept in {self.cache.folder}: {error.strerror}; make '
                    f'room there, or set ${FOLDER_VARIABLE} to another folder',
                ) from error

    def _build(self, model: str, folder: EngineFolder, title: str) -> None:
        with self.cache.building(folder):
            if not self.cache.is_built(folder):  # else another process has built it meanwhile
                build_engine(self._request(model, folder), title, self._watch)

    def _request(self, model: str, folder: EngineFolder) -> BuildRequest:
        precision, device_id = self._choice.precision, self._choice.device_id
        model_dir = str(self._store.folder)
        return BuildRequest(model, model_dir, precision, device_id, folder.engines, folder.timings)


def build_engine(request: BuildRequest, title: str, watch: BuildWatch) -> None:
    """Build an engine and wait for it, with progress in the log.

    Args:
        request: Which engine.
        title: The engine in the log, e.g. `TensorRT engine of v2 (1 of 3)`.
        watch: Called with the progress as a text; may end the build by an exception.

    Raises:
        ProviderStartError: If it cannot be built; holds the builder's last words.
    """
    _LOG.info('building the %s, which takes minutes the first time', title)
    start_s = time.monotonic()
    builder = _start(request)
    try:
        output = _wait(builder, title, watch)
    finally:
        builder.kill()  # if it was interrupted
        builder.wait()
    if builder.returncode:
        last = (
            ' '.join(output.split())[-_ERROR_CHARACTERS:] or f'it ended with {builder.returncode}'
        )
        raise ProviderStartError(
            PROVIDERS['tensorrt'], f'TensorRT cannot build {request.model}: {last}'
        )
    _LOG.info('the %s is built after %.1f s', title, time.monotonic() - start_s)


def _start(request: BuildRequest) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, '-m', __name__, json.dumps(asdict(request)), str(os.getpid())],
        env={
            **os.environ,
            'PYTHONPATH': os.pathsep.join(path or os.getcwd() for path in sys.path),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors='replace',
        start_new_session=True,  # Ctrl-C is for this process, which then ends the builder
    )


def _wait(builder: subprocess.Popen[str], title: str, watch: BuildWatch) -> str:
    """Return what the builder has written to its standard error, once it has ended."""
    start_s = logged_s = time.monotonic()
    while True:
        try:
            return builder.communicate(timeout=_POLL_S)[1]
        except subprocess.TimeoutExpired:
            now_s = time.monotonic()
            progress = f'building the {title}: {now_s - start_s:.0f} s so far'
            if now_s - logged_s > _LOG_PERIOD_S:
                _LOG.info('still %s', progress)
                logged_s = now_s
            watch(progress)


def main(request: BuildRequest) -> None:
    """Build an engine in this process and store it."""
    choice = ProviderChoice('tensorrt', device_id=request.device_id, precision=request.precision)
    onnx = ModelStore(request.model_dir).load(request.model, variant_for(request.model, choice))
    folder = EngineFolder(request.engines, request.timings)
    ModelSession(onnx, choice, folder=folder).try_once()


if __name__ == '__main__':
    end_with_parent(int(sys.argv[2]))
    try:
        main(BuildRequest(**json.loads(sys.argv[1])))
    except Exception as error:  # ONNX Runtime's have no common base
        sys.exit(str(error))
