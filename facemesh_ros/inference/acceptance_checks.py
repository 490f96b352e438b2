"""What a network has to show before it serves."""

from __future__ import annotations

from facemesh_ros.inference.diagnosis.installation import look_at_installation
from facemesh_ros.inference.gpu_faults import is_of_onnx_runtime
from facemesh_ros.inference.providers import GPU_PROVIDERS, ProviderChoice, ProviderStartError
from facemesh_ros.inference.session import GpuLostError, ModelSession

# Nodes that put shapes together; ONNX Runtime leaves them to the CPU on purpose.
BOOKKEEPING = frozenset(
    {'Cast', 'Concat', 'Constant', 'Gather', 'Range', 'Shape', 'Size', 'Slice'}
    | {'Squeeze', 'Unsqueeze', 'Reshape', 'Identity'}
)


def run_once(network: ModelSession) -> None:
    """Raise ProviderStartError unless it runs.

    Nodes are placed on CUDA also where cuDNN is missing; the first convolution then fails.
    """
    try:
        network.try_once()
    except GpuLostError as error:
        raise ProviderStartError(network.provider, str(error.__cause__)) from error
    except Exception as error:
        if network.provider not in GPU_PROVIDERS or not is_of_onnx_runtime(error):
            raise
        raise ProviderStartError(network.provider, str(error)) from error


def refuse_cpu_nodes(network: ModelSession, choice: ProviderChoice) -> None:
    """Raise ProviderStartError if the CPU would calculate although a GPU is required."""
    left = sorted(set(network.cpu_operators) - BOOKKEEPING)
    if choice.require_gpu and network.provider in GPU_PROVIDERS and left:
        raise ProviderStartError(
            network.provider, f'of {network.name}, {", ".join(left)} would run on the CPU'
        )


def refuse_without_tensorrt(choice: ProviderChoice) -> None:
    """Raise ProviderStartError if TensorRT cannot be there, before anything is built."""
    installed = look_at_installation()
    if choice.wanted not in installed.providers or installed.missing_tensorrt:
        raise ProviderStartError(choice.wanted, '')
