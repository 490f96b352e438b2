"""Execution providers: the wanted one or an error, never silently another.

OpenVINO is one of them by its name only: its own package runs the models, beside any ONNX Runtime.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from facemesh_ros.errors import FacemeshError
from facemesh_ros.inference.capture_lock import CAPTURE_LOCK
from facemesh_ros.inference.nvidia_libraries import load_cuda_libraries, load_tensorrt_libraries
from facemesh_ros.inference.onnx_runtime import ort
from facemesh_ros.inference.openvino_runtime import openvino_version
from facemesh_ros.inference.openvino_session import OPENVINO, OpenVinoSession
from facemesh_ros.inference.provider_options import (
    EngineFolder,
    conflict_of,
    cuda_options,
    tensorrt_options,
)

CPU = 'CPUExecutionProvider'
PROVIDERS = {
    'tensorrt': 'TensorrtExecutionProvider',
    'cuda': 'CUDAExecutionProvider',
    'openvino': OPENVINO,
    'cpu': CPU,
}
GPU_PROVIDERS = frozenset({PROVIDERS['tensorrt'], PROVIDERS['cuda']})
PRECISIONS = ('fp32', 'fp16')
_REFUSED_OPTION = re.compile(r'(?:Unknown|Failed to parse) provider option:? "([^"]+)"')
# A CUDA graph replays memory that is bound to it; a session without bound memory has none.
UNBOUND: Mapping[str, str] = MappingProxyType({'enable_cuda_graph': '0'})


class ExecutionProviderError(FacemeshError):
    """The wanted execution provider does not run here."""


class CudaOptionsError(ExecutionProviderError):
    """Options of the CUDA provider are wrong, which another provider would only hide."""


class ProviderStartError(ExecutionProviderError):
    """A provider of this build of ONNX Runtime did not start, or could not run a model.

    Attributes:
        provider: ONNX Runtime's name of it.
        reason: ONNX Runtime's message.
    """

    def __init__(self, provider: str, reason: str) -> None:
        self.provider, self.reason = provider, reason
        super().__init__(f'{provider} does not run here: {reason}; `facemesh doctor` says more')


@dataclass(frozen=True, slots=True)
class ProviderChoice:
    """The provider that the user wants.

    Attributes:
        execution_provider: A key of PROVIDERS, or auto: CUDA where it runs, else on the CPU what
            runs each model with the least time; see `runtime_choice`.
        require_gpu: Refuse anything but a GPU.
        device_id: Index of the GPU.
        precision: Precision on a GPU; all other providers use fp32.
        cuda_options: Options of ONNX Runtime's CUDA provider, each instead of this package's own,
            as names and values.
    """

    execution_provider: str = 'auto'
    require_gpu: bool = False
    device_id: int = 0
    precision: str = 'fp32'
    cuda_options: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        known = ('auto', *PROVIDERS)
        if self.execution_provider not in known:
            raise ExecutionProviderError(
                f'execution_provider {self.execution_provider!r} is not known; '
                f'known are {", ".join(known)}'
            )
        if self.precision not in PRECISIONS:
            raise ExecutionProviderError(
                f'precision {self.precision!r} is not known; known are {", ".join(PRECISIONS)}'
            )
        if conflict := conflict_of(dict(self.cuda_options)):
            raise CudaOptionsError(f'cuda_options: {conflict}')
        # Auto may fall back to the CPU, in fp32; a provider that has no fp16 by name contradicts
        # the precision.
        named = PROVIDERS.get(self.execution_provider)
        if self.precision == 'fp16' and named and named not in GPU_PROVIDERS:
            raise ExecutionProviderError(
                f'precision fp16 runs on a GPU only, not on execution_provider '
                f'{self.execution_provider!r}; set execution_provider to auto, cuda or tensorrt, '
                'or precision to fp32'
            )

    @property
    def insists_on_gpu(self) -> bool:
        """Whether a fallback to the CPU is ruled out."""
        return self.require_gpu or PROVIDERS.get(self.execution_provider) in GPU_PROVIDERS

    @property
    def wanted(self) -> str:
        """ONNX Runtime's name of the provider to try first."""
        if self.execution_provider != 'auto':
            return PROVIDERS[self.execution_provider]
        return PROVIDERS['cuda'] if PROVIDERS['cuda'] in ort.get_available_providers() else CPU


def open_session(
    onnx: bytes,
    choice: ProviderChoice,
    profile: str = '',
    folder: EngineFolder | None = None,
    bound: Mapping[str, str] = UNBOUND,
) -> ort.InferenceSession | OpenVinoSession:
    """Load a model on the chosen provider and no other one.

    Args:
        onnx: The model file.
        choice: The provider that the user wants.
        profile: Prefix of the file into which ONNX Runtime writes its profile; empty for none.
        folder: Where TensorRT keeps its engines; None to keep none.
        bound: Options of the CUDA provider that go with memory which the caller binds; they count
            before all others.

    Raises:
        ProviderStartError: If the provider does not start.
        CudaOptionsError: If ONNX Runtime does not know an option of `choice`.
        ExecutionProviderError: If the provider is not installed, or is no GPU although one is
            required.
    """
    wanted = choice.wanted
    _check_installed(wanted, choice)
    if wanted == OPENVINO:
        return _open_openvino(onnx)
    options, providers = _session_options(profile), _providers(onnx, choice, folder, bound)
    session = _open_strictly(onnx, options, providers, choice)
    active: str = session.get_providers()[0]
    if active != wanted:
        raise ProviderStartError(wanted, f'ONNX Runtime would use {active} instead')
    return session


def _open_openvino(onnx: bytes) -> OpenVinoSession:
    try:
        return OpenVinoSession(onnx)
    except (ImportError, RuntimeError) as error:
        raise ProviderStartError(OPENVINO, str(error).strip()) from error


def _open_strictly(
    onnx: bytes, options: ort.SessionOptions, providers: list[Any], choice: ProviderChoice
) -> ort.InferenceSession:
    wanted = choice.wanted
    if wanted == CPU:
        return ort.InferenceSession(onnx, options, providers=providers)
    load_cuda_libraries()
    if wanted == PROVIDERS['tensorrt']:
        load_tensorrt_libraries()
    try:
        with CAPTURE_LOCK:
            # By default ONNX Runtime prints the error and continues on the CPU.
            return ort.InferenceSession(onnx, options, providers=providers, enable_fallback=0)
    except Exception as error:  # ONNX Runtime's have no common base
        refused, users = _REFUSED_OPTION.search(str(error)), dict(choice.cuda_options)
        if refused and refused[1] in users:
            raise CudaOptionsError(
                f'cuda_options: ONNX Runtime {ort.__version__} does not take '
                f'{refused[1]}={users[refused[1]]}, as it does not know its name or its value; '
                'correct it or leave it out'
            ) from error
        raise ProviderStartError(wanted, str(error).strip()) from error


def node_placement(session: ort.InferenceSession | OpenVinoSession) -> dict[str, list[str]]:
    """Return the operators of the nodes that are assigned to each provider.

    Empty if this ONNX Runtime (before 1.24.4) does not report it.
    """
    if isinstance(session, OpenVinoSession):
        return {OPENVINO: session.operators()}
    operators: dict[str, list[str]] = {}
    if hasattr(session, 'get_provider_graph_assignment_info'):
        for part in session.get_provider_graph_assignment_info():
            nodes = [node.op_type for node in part.get_nodes()]
            operators.setdefault(part.ep_name, []).extend(nodes)
    return operators


def _session_options(profile: str) -> ort.SessionOptions:
    options = ort.SessionOptions()
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = profile
    # One thread: the models are too small to split, and spinning threads slow the node down.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    options.add_session_config_entry('session.record_ep_graph_assignment_info', '1')
    return options


def _providers(
    onnx: bytes, choice: ProviderChoice, folder: EngineFolder | None, bound: Mapping[str, str]
) -> list[Any]:
    wanted, device_id = choice.wanted, choice.device_id
    if wanted == CPU:
        return [CPU]
    ours = cuda_options(device_id, choice.precision)
    cuda = (PROVIDERS['cuda'], {**ours, **dict(choice.cuda_options), **bound})
    if wanted == PROVIDERS['cuda']:
        return [cuda, CPU]
    fp16 = choice.precision == 'fp16'
    options = tensorrt_options(device_id, fp16=fp16, folder=folder, profile=_input_shapes(onnx))
    return [(wanted, options), cuda, CPU]


def _input_shapes(onnx: bytes) -> dict[str, tuple[int, ...]]:
    """Return the shape of each input without its batch axis."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(onnx, options, providers=[CPU])
    return {item.name: tuple(item.shape[1:]) for item in session.get_inputs()}


def _check_installed(wanted: str, choice: ProviderChoice) -> None:
    if wanted == OPENVINO and not openvino_version():
        raise ExecutionProviderError(
            "execution_provider 'openvino' needs the Python package openvino, which is not "
            'installed; `pip install openvino`, beside the ONNX Runtime that is there'
        )
    if wanted != OPENVINO and wanted not in ort.get_available_providers():
        raise ExecutionProviderError(
            f'execution_provider {choice.execution_provider!r} is not in this ONNX Runtime '
            f'{ort.__version__} (it has {", ".join(ort.get_available_providers())}); install '
            'onnxruntime-gpu instead of onnxruntime, never beside it'
        )
    if choice.require_gpu and wanted not in GPU_PROVIDERS:
        raise ExecutionProviderError(
            f'require_gpu is set, but {wanted} would run the models; set execution_provider to '
            'cuda or tensorrt, with onnxruntime-gpu installed instead of onnxruntime'
        )
