"""Opens models on the wanted provider and checks each by a run, or explains why it cannot."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from facemesh_ros.inference.diagnosis.facts import DiagnosisFacts, detect_installation
from facemesh_ros.inference.diagnosis.gpu import problems_of, problems_text
from facemesh_ros.inference.gpu_faults import is_onnxruntime_error
from facemesh_ros.inference.hardware import detect_nvidia_driver
from facemesh_ros.inference.provider_options import EngineFolder
from facemesh_ros.inference.provider_report import ModelReport, ProviderReport, executed_nodes
from facemesh_ros.inference.providers import (
    CPU,
    GPU_PROVIDERS,
    PROVIDERS,
    CudaOptionsError,
    ExecutionProviderError,
    ProviderChoice,
    ProviderStartError,
)
from facemesh_ros.inference.runtime_choice import quickest_runtime
from facemesh_ros.inference.session import GpuLostError, ModelSession, variant_for
from facemesh_ros.inference.tensorrt.engine_builder import BuildWatch, Engines
from facemesh_ros.models.store import ModelStore

# Operators that compute shapes; ONNX Runtime assigns them to the CPU on purpose.
SHAPE_OPERATORS = frozenset(
    {'Cast', 'Concat', 'Constant', 'Gather', 'Range', 'Shape', 'Size', 'Slice'}
    | {'Squeeze', 'Unsqueeze', 'Reshape', 'Identity'}
)
_LOG = logging.getLogger(__name__)


def load_session(store: ModelStore, name: str, choice: ProviderChoice) -> ModelSession:
    """Load a single model; for several of one sensor see `ModelLoader`."""
    return ModelLoader(store, choice).open(name)


class ModelLoader:
    """Opens the models of one sensor and keeps a report of what runs them.

    Attributes:
        choice: The provider: the wanted one, or the CPU after auto fell back.
        report: All models that were opened.
    """

    def __init__(
        self,
        store: ModelStore,
        choice: ProviderChoice,
        watch_build: BuildWatch = lambda progress: None,
        landmark_model: str = '',
    ) -> None:
        """Load nothing yet.

        Args:
            store: The model files.
            choice: The provider to run them on.
            watch_build: Called several times a second while a TensorRT engine is built, with the
                progress as a text; whatever it raises ends the build.
            landmark_model: The one of the sensor, which decides on a CPU whether OpenVINO comes
                into the process; empty if the models have nothing to do with each other.
        """
        self.choice = self._requested = choice
        self.report = ProviderReport(choice.device_id, detect_nvidia_driver())
        self._store = store
        self._sessions: dict[str, ModelSession] = {}
        self._watch_build = watch_build
        self._landmark_model = landmark_model
        self._engines: Engines | None = None

    def open(self, name: str) -> ModelSession:
        """Open the variant of a model for the provider and run it once.

        Raises:
            ExecutionProviderError: If it does not run on a required provider; names the reason
                and the remedy.
            FacemeshError: If the model is missing or damaged.
        """
        session = self._sessions[name] = self._open_or_fall_back(name)
        if not self.report.warning:
            self._warn_of_unused_gpu()
        return session

    def accept(
        self,
        name: str,
        session: ModelSession,
        *,
        opened_ms: float,
        first_ms: float,
        reason: str = '',
    ) -> None:
        """Add a model that has run to the report.

        Raises:
            ProviderStartError: If the CPU would calculate although a GPU is required.
        """
        check_no_cpu_nodes(session, self._requested)
        self.report.models[name] = ModelReport(
            session.provider, session.precision, session.placement, opened_ms, first_ms, reason
        )

    def reopen(self) -> None:
        """Open all models again, in place; errors are those of `open`."""
        for name, session in self._sessions.items():
            session.replace_session(self._open_or_fall_back(name))

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

    def _open_or_fall_back(self, name: str) -> ModelSession:
        try:
            return self._open(name)
        except CudaOptionsError:
            raise
        except ExecutionProviderError as error:
            return self._fall_back(name, error)

    def _open(self, name: str) -> ModelSession:
        requested = self._requested
        if self.choice.wanted == PROVIDERS['tensorrt']:
            return self._open_for_tensorrt(name)
        is_free = requested.execution_provider == 'auto' and not requested.require_gpu
        if is_free and self.choice.wanted not in GPU_PROVIDERS:
            return self._open_quickest(name)
        return self._open_checked(name, self.choice)

    def _open_quickest(self, name: str) -> ModelSession:
        """Open a model in the runtime that runs it with the least time of this CPU."""
        on_cpu = replace(self.choice, execution_provider='cpu', precision='fp32')
        quickest = quickest_runtime(self._store, name, self._landmark_model)
        choice = replace(on_cpu, execution_provider=quickest.execution_provider)
        try:
            return self._open_checked(name, choice, reason=quickest.reason)
        except ExecutionProviderError as error:
            if choice == on_cpu:
                raise
            reason = f'{quickest.reason}, but {error}'
            _LOG.warning('ONNX Runtime runs %s: %s', name, reason)
            return self._open_checked(name, on_cpu, reason=reason)

    def _open_checked(
        self,
        name: str,
        choice: ProviderChoice,
        folder: EngineFolder | None = None,
        reason: str = '',
    ) -> ModelSession:
        start_s = time.perf_counter()
        onnx = self._store.load(name, variant_for(name, choice))
        session = ModelSession(onnx, choice, folder=folder)
        opened_s = time.perf_counter()
        check_runs(session)
        first_s = time.perf_counter()
        if not session.placement:
            with suppress(OSError):  # the profile cannot be written, so the counts stay unknown
                session.placement = executed_nodes(onnx, choice, folder)
        self.accept(
            name,
            session,
            opened_ms=1e3 * (opened_s - start_s),
            first_ms=1e3 * (first_s - opened_s),
            reason=reason,
        )
        return session

    def _open_for_tensorrt(self, name: str) -> ModelSession:
        """Load the engine; build it first if it is not in the cache, or does not load."""
        engines = self.engines
        folder = engines.folder_of(name)
        if engines.cache.is_built(folder):
            try:
                return self._open_checked(name, self.choice, folder)
            except ProviderStartError as error:
                _LOG.warning(
                    'the kept TensorRT engine of %s does not load: %s', name, error.reason
                )
                engines.cache.discard(folder)
        engines.build([name])
        return self._open_checked(name, self.choice, folder)

    def _fall_back(self, name: str, error: ExecutionProviderError) -> ModelSession:
        """Fall back to the CPU with a warning; or refuse, if that is not wanted."""
        requested = self._requested
        if requested.execution_provider != 'auto' or requested.require_gpu:
            raise self._refusal(error) from error
        self.report.warning = self._why_no_gpu(error)
        _LOG.warning('the GPU is NOT used, the CPU runs the models: %s', self.report.warning)
        self.choice = replace(requested, execution_provider='cpu', precision='fp32')
        return self._open(name)

    def _refusal(self, error: ExecutionProviderError) -> ExecutionProviderError:
        """Return the error, with its reason and remedy if it is about a GPU."""
        wanted, gpu_is_required = self._requested.wanted, self._requested.require_gpu
        if wanted not in GPU_PROVIDERS and not (gpu_is_required and wanted == CPU):
            return error
        failure = f'execution_provider {self._requested.execution_provider!r} does not run here'
        if gpu_is_required:
            failure = 'require_gpu is set, but no GPU runs the models'
        return ExecutionProviderError(f'{failure}: {self._why_no_gpu(error)}')

    def _why_no_gpu(self, error: ExecutionProviderError | None = None) -> str:
        """Return the problems that keep a GPU from running the models, each with its remedy."""
        reason = error.reason if isinstance(error, ProviderStartError) else ''
        provider, device_id = self._requested.wanted, self._requested.device_id
        if provider not in GPU_PROVIDERS:
            provider = PROVIDERS['cuda']
        driver = self.report.driver
        facts = DiagnosisFacts(detect_installation(), driver, provider, device_id, reason)
        problems = problems_text(problems_of(facts))
        return problems or 'the reason is not known; see `facemesh doctor`'

    def _warn_of_unused_gpu(self) -> None:
        """Warn if auto took the CPU although there is a GPU."""
        driver = self.report.driver
        has_gpu = driver.gpus or driver.version or driver.card
        if self._requested.execution_provider == 'auto' and self.choice.wanted == CPU and has_gpu:
            self.report.warning = self._why_no_gpu()
            _LOG.warning('a GPU is there and is NOT used: %s', self.report.warning)


def check_runs(session: ModelSession) -> None:
    """Acceptance check: raise ProviderStartError unless the model runs.

    Nodes are assigned to CUDA also where cuDNN is missing; the first convolution then fails.
    """
    try:
        session.try_once()
    except GpuLostError as error:
        raise ProviderStartError(session.provider, str(error.__cause__)) from error
    except Exception as error:
        if session.provider not in GPU_PROVIDERS or not is_onnxruntime_error(error):
            raise
        raise ProviderStartError(session.provider, str(error)) from error


def check_no_cpu_nodes(session: ModelSession, choice: ProviderChoice) -> None:
    """Acceptance check: raise ProviderStartError if layers run on the CPU of a required GPU."""
    left = sorted(set(session.cpu_operators) - SHAPE_OPERATORS)
    if choice.require_gpu and session.provider in GPU_PROVIDERS and left:
        raise ProviderStartError(
            session.provider, f'of {session.name}, {", ".join(left)} would run on the CPU'
        )


def check_tensorrt_installed(choice: ProviderChoice) -> None:
    """Raise ProviderStartError if TensorRT is not installed, before anything is built."""
    installed = detect_installation()
    if choice.wanted not in installed.providers or installed.missing_tensorrt:
        raise ProviderStartError(choice.wanted, '')
