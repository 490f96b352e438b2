"""The TensorRT engines of a store's models; those that are missing in the cache are built."""

from __future__ import annotations

from collections.abc import Sequence

from facemesh_ros.inference.hardware import NvidiaDriver
from facemesh_ros.inference.provider_options import EngineFolder
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import variant_for
from facemesh_ros.inference.tensorrt.engine_builder import BuildRequest, BuildWatch, build_engine
from facemesh_ros.inference.tensorrt.engine_cache import EngineCache, this_machine
from facemesh_ros.models.store import ModelStore


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
            with self.cache.building(folder):
                if not self.cache.is_built(folder):  # else another process has built it meanwhile
                    build_engine(self._request(model, folder), title, self._watch)

    def _request(self, model: str, folder: EngineFolder) -> BuildRequest:
        choice = self._choice
        return BuildRequest(
            model,
            str(self._store.folder),
            choice.precision,
            choice.device_id,
            folder.engines,
            folder.timings,
        )
