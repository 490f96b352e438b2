"""Choice of the ONNX Runtime execution provider, never silently another one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import onnxruntime as ort

from facemesh_ros.errors import FacemeshError

CPU = 'CPUExecutionProvider'
PROVIDERS = {
    'tensorrt': 'TensorrtExecutionProvider',
    'cuda': 'CUDAExecutionProvider',
    'openvino': 'OpenVINOExecutionProvider',
    'cpu': CPU,
}
GPU_PROVIDERS = frozenset({PROVIDERS['tensorrt'], PROVIDERS['cuda']})
PRECISIONS = ('fp32', 'fp16')


class ExecutionProviderError(FacemeshError):
    """The wanted execution provider does not run here."""


@dataclass(frozen=True, slots=True)
class ProviderChoice:
    """What the user asked for.

    Attributes:
        execution_provider: A key of PROVIDERS, or auto: CUDA where it runs, else the CPU.
        require_gpu: Refuse anything but a GPU.
        device_id: Which GPU.
        precision: What a GPU calculates in; anything else calculates in fp32.
        cuda_options: Further options of ONNX Runtime's CUDA provider, by name.
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
        # Auto may end on the CPU and calculate in fp32 then; whoever names a provider that has no
        # fp16 asks for two things that exclude each other.
        named = PROVIDERS.get(self.execution_provider)
        if self.precision == 'fp16' and named and named not in GPU_PROVIDERS:
            raise ExecutionProviderError(
                f'precision fp16 runs on a GPU only, not on execution_provider '
                f'{self.execution_provider!r}; set execution_provider to auto, cuda or tensorrt, '
                'or precision to fp32'
            )

    @property
    def wanted(self) -> str:
        """ONNX Runtime's name of the provider to try first."""
        if self.execution_provider != 'auto':
            return PROVIDERS[self.execution_provider]
        return PROVIDERS['cuda'] if PROVIDERS['cuda'] in ort.get_available_providers() else CPU


def open_session(onnx: bytes, choice: ProviderChoice, profile: str = '') -> ort.InferenceSession:
    """Load a model on the chosen provider.

    Args:
        onnx: The model file.
        choice: What the user asked for.
        profile: How the file begins into which ONNX Runtime writes what it runs; empty for none.

    Raises:
        ExecutionProviderError: If the provider is not in this build of ONNX Runtime, or would not
            start; `auto` falls back to the CPU instead, unless `require_gpu`.
    """
    wanted = choice.wanted
    _check_installed(wanted, choice)
    if wanted in GPU_PROVIDERS and hasattr(ort, 'preload_dlls'):
        ort.preload_dlls()  # pip's nvidia libraries lie where no loader looks
    options = _session_options(profile)
    session = ort.InferenceSession(onnx, options, providers=_providers(wanted, choice))
    _check_started(session.get_providers()[0], wanted, choice)
    return session


def node_placement(session: ort.InferenceSession) -> dict[str, int]:
    """Return how many nodes of a model each provider runs, as ONNX Runtime has placed them.

    Empty if this ONNX Runtime (before 1.24.4) cannot tell.
    """
    if not hasattr(session, 'get_provider_graph_assignment_info'):
        return {}
    placed: Counter[str] = Counter()
    for part in session.get_provider_graph_assignment_info():
        placed[part.ep_name] += len(part.get_nodes())
    return dict(placed)


def _session_options(profile: str) -> ort.SessionOptions:
    options = ort.SessionOptions()
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = profile
    # One thread: the models are too small to share, and spinning threads steal from the node.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    options.add_session_config_entry('session.record_ep_graph_assignment_info', '1')
    return options


def _providers(wanted: str, choice: ProviderChoice) -> list[Any]:
    if wanted not in GPU_PROVIDERS:
        return [wanted] if wanted == CPU else [wanted, CPU]
    options = {'device_id': str(choice.device_id)}
    if wanted == PROVIDERS['cuda']:
        options.update(choice.cuda_options)
    if wanted == PROVIDERS['tensorrt'] and choice.precision == 'fp16':
        options['trt_fp16_enable'] = '1'  # TensorRT refuses a file that holds fp16 without it
    return [(wanted, options), CPU]


def _check_installed(wanted: str, choice: ProviderChoice) -> None:
    if wanted not in ort.get_available_providers():
        raise ExecutionProviderError(
            f'execution_provider {choice.execution_provider!r} is not in this ONNX Runtime '
            f'{ort.__version__} (it has {", ".join(ort.get_available_providers())}); install '
            'onnxruntime-gpu or onnxruntime-openvino instead of onnxruntime, never beside it'
        )
    if choice.require_gpu and wanted not in GPU_PROVIDERS:
        raise ExecutionProviderError(
            f'require_gpu is set, but {wanted} would run the models; set execution_provider to '
            'cuda or tensorrt, with onnxruntime-gpu installed instead of onnxruntime'
        )


def _check_started(active: str, wanted: str, choice: ProviderChoice) -> None:
    if active == wanted or (choice.execution_provider == 'auto' and not choice.require_gpu):
        return
    raise ExecutionProviderError(
        f'{wanted} did not start and ONNX Runtime fell back to {active}; check the NVIDIA driver '
        '(nvidia-smi) and that CUDA and cuDNN fit this onnxruntime-gpu '
        '(`pip install "onnxruntime-gpu[cuda,cudnn]"` brings both)'
    )
