"""Models opened on the provider that is wanted, each proven by a run; or it is said why not."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from facemesh_ros.inference.diagnosis.facts import DiagnosisFacts
from facemesh_ros.inference.diagnosis.gpu import problems_of, told_together
from facemesh_ros.inference.diagnosis.installation import look_at_installation
from facemesh_ros.inference.gpu_faults import is_onnxruntime_error
from facemesh_ros.inference.hardware import detect_nvidia_driver
from facemesh_ros.inference.provider_options import EngineFolder
from facemesh_ros.inference.provider_report import ModelReport, ProviderReport, executed_nodes
from facemesh_ros.inference.providers import (
    CPU,
    GPU_PROVIDERS,
    PROVIDERS,
    ExecutionProviderError,
    ProviderChoice,
    ProviderStartError,
)
from facemesh_ros.inference.session import GpuLostError, ModelSession, variant_for
from facemesh_ros.inference.tensorrt.engine_builder import BuildWatch
from facemesh_ros.inference.tensorrt.engines import Engines
from facemesh_ros.models.store import ModelStore

# Nodes that put shapes together; ONNX Runtime leaves them to the CPU on purpose.
BOOKKEEPING = frozenset(
    {'Cast', 'Concat', 'Constant', 'Gather', 'Range', 'Shape', 'Size', 'Slice'}
    | {'Squeeze', 'Unsqueeze', 'Reshape', 'Identity'}
)
_LOG = logging.getLogger(__name__)


def load_session(store: ModelStore, name: str, choice: ProviderChoice) -> ModelSession:
    """Load a single model; for several of one sensor see `ModelLoader`."""
    return ModelLoader(store, choice).open(name)


class ModelLoader:
    """Opens the models of one sensor and keeps the proof of what runs them.

    Attributes:
        choice: What the models run on: what was asked for, or the CPU after auto fell back.
        report: Of all models so far.
    """

    def __init__(
        self,
        store: ModelStore,
        choice: ProviderChoice,
        watch_build: BuildWatch = lambda progress: None,
    ) -> None:
        """Load nothing yet.

        Args:
            store: Where the models are.
            choice: What to run them on.
            watch_build: Called several times a second while a TensorRT engine is built, with the
                progress as a text; whatever it raises ends the build.
        """
        self.choice = self._asked = choice
        self.report = ProviderReport(choice.device_id, detect_nvidia_driver())
        self._store = store
        self._networks: dict[str, ModelSession] = {}
        self._watch_build = watch_build
        self._engines: Engines | None = None

    def open(self, name: str) -> ModelSession:
        """Open a model in the flavour that its provider likes and run it once.

        Raises:
            ExecutionProviderError: If it does not run where it must; says why and what to do.
            FacemeshError: If the model is missing or damaged.
        """
        network = self._networks[name] = self._open_somewhere(name)
        if not self.report.warning:
            self._say_if_idle()
        return network

    def accept(
        self, name: str, network: ModelSession, *, opened_ms: float, first_ms: float
    ) -> None:
        """Take a network that has run, here or elsewhere, into the proof.

        Raises:
            ProviderStartError: If the CPU would calculate although a GPU is required.
        """
        check_no_cpu_nodes(network, self._asked)
        self.report.models[name] = ModelReport(
            network.provider, network.precision, network.placement, opened_ms, first_ms
        )

    def reopen(self) -> None:
        """Open all models anew, in place; errors are those of `open`."""
        for name, network in self._networks.items():
            network.replace_session(self._open_somewhere(name))

    def build_engines(self, names: Sequence[str]) -> Engines | None:
        """Build the TensorRT engines that models lack, which takes minutes each.

        Returns:
            The engines; None where TensorRT is not wanted.

        Raises:
            ExecutionProviderError: If TensorRT does not run here; says why and what to do.
            FacemeshError: If a model is missing or damaged.
        """
        if self.choice.wanted != PROVIDERS['tensorrt']:
            return None
        try:
            engines = self.engines
            engines.build(names)
        except ExecutionProviderError as error:
            raise self._refusal(error) from error
        return engines

    def lacks_engine(self, name: str) -> bool:
        """Tell whether `open` would first build a TensorRT engine, for minutes."""
        if self.choice.wanted == PROVIDERS['tensorrt']:
            with suppress(ProviderStartError):  # `open` says why
                return not self.engines.cache.is_built(self.engines.folder_of(name))
        return False

    @property
    def engines(self) -> Engines:
        """The TensorRT engines; raises ProviderStartError where TensorRT is not installed."""
        check_tensorrt_installed(self.choice)
        if self._engines is None:
            driver = self.report.driver
            self._engines = Engines(self._store, self.choice, driver, self._watch_build)
        return self._engines

    def _open_somewhere(self, name: str) -> ModelSession:
        try:
            return self._open(name)
        except ExecutionProviderError as error:
            return self._open_otherwise(name, error)

    def _open(self, name: str) -> ModelSession:
        if self.choice.wanted == PROVIDERS['tensorrt']:
            return self._open_for_tensorrt(name)
        return self._prove(name, self.choice)

    def _prove(
        self, name: str, choice: ProviderChoice, folder: EngineFolder | None = None
    ) -> ModelSession:
        start_s = time.perf_counter()
        onnx = self._store.load(name, variant_for(name, choice))
        network = ModelSession(onnx, choice, folder=folder)
        opened_s = time.perf_counter()
        check_runs(network)
        first_s = time.perf_counter()
        if not network.placement:
            with suppress(OSError):  # nowhere to write a profile, and only the count is unknown
                network.placement = executed_nodes(onnx, choice, folder)
        self.accept(
            name,
            network,
            opened_ms=1e3 * (opened_s - start_s),
            first_ms=1e3 * (first_s - opened_s),
        )
        return network

    def _open_for_tensorrt(self, name: str) -> ModelSession:
        """Load the engine; build it first if it is not in the cache, or does not load."""
        engines = self.engines
        folder = engines.folder_of(name)
        if engines.cache.is_built(folder):
            try:
                return self._prove(name, self.choice, folder)
            except ProviderStartError as error:
                _LOG.warning('the kept TensorRT engine of %s does not load: %s', name, error.told)
                engines.cache.discard(folder)
        engines.build([name])
        return self._prove(name, self.choice, folder)

    def _open_otherwise(self, name: str, error: ExecutionProviderError) -> ModelSession:
        """Fall back to the CPU with a warning; or refuse, if that is not wanted."""
        asked = self._asked
        if asked.execution_provider != 'auto' or asked.require_gpu:
            raise self._refusal(error) from error
        self.report.warning = self._why_no_gpu(error)
        _LOG.warning('the GPU is NOT used, the CPU runs the models: %s', self.report.warning)
        self.choice = replace(asked, execution_provider='cpu', precision='fp32')
        return self._prove(name, self.choice)

    def _refusal(self, error: ExecutionProviderError) -> ExecutionProviderError:
        """Return the error with its reason and remedy, if it is about a GPU."""
        asked = self._asked
        if asked.wanted in GPU_PROVIDERS or (asked.require_gpu and asked.wanted == CPU):
            return ExecutionProviderError(f'{self._complaint()}: {self._why_no_gpu(error)}')
        return error

    def _complaint(self) -> str:
        asked = self._asked
        if asked.require_gpu:
            return 'require_gpu is set, but no GPU runs the models'
        return f'execution_provider {asked.execution_provider!r} does not run here'

    def _why_no_gpu(self, error: ExecutionProviderError | None = None) -> str:
        told = error.told if isinstance(error, ProviderStartError) else ''
        wanted = self._asked.wanted if self._asked.wanted in GPU_PROVIDERS else PROVIDERS['cuda']
        known = DiagnosisFacts(
            look_at_installation(), self.report.driver, wanted, self._asked.device_id, told
        )
        return told_together(problems_of(known)) or 'nobody knows why; see `facemesh doctor`'

    def _say_if_idle(self) -> None:
        """Say that auto ended on the CPU although there is a GPU."""
        driver = self.report.driver
        has_gpu = driver.gpus or driver.version or driver.card
        if self._asked.execution_provider == 'auto' and self.choice.wanted == CPU and has_gpu:
            self.report.warning = self._why_no_gpu()
            _LOG.warning('a GPU is there and is NOT used: %s', self.report.warning)


def check_runs(network: ModelSession) -> None:
    """Raise ProviderStartError unless it runs.

    Nodes are placed on CUDA also where cuDNN is missing; the first convolution then fails.
    """
    try:
        network.try_once()
    except GpuLostError as error:
        raise ProviderStartError(network.provider, str(error.__cause__)) from error
    except Exception as error:
        if network.provider not in GPU_PROVIDERS or not is_onnxruntime_error(error):
            raise
        raise ProviderStartError(network.provider, str(error)) from error


def check_no_cpu_nodes(network: ModelSession, choice: ProviderChoice) -> None:
    """Raise ProviderStartError if the CPU would calculate although a GPU is required."""
    left = sorted(set(network.cpu_operators) - BOOKKEEPING)
    if choice.require_gpu and network.provider in GPU_PROVIDERS and left:
        raise ProviderStartError(
            network.provider, f'of {network.name}, {", ".join(left)} would run on the CPU'
        )


def check_tensorrt_installed(choice: ProviderChoice) -> None:
    """Raise ProviderStartError if TensorRT cannot be there, before anything is built."""
    installed = look_at_installation()
    if choice.wanted not in installed.providers or installed.missing_tensorrt:
        raise ProviderStartError(choice.wanted, '')
