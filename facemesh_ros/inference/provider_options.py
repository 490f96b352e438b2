"""Options of ONNX Runtime's providers, with reasons.

Source: ONNX Runtime's documentation of the CUDA and TensorRT execution providers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from facemesh_ros.inference.nvidia_libraries import fp16_may_use_tensor_cores

CUDA_MEMORY_LIMIT_BYTES = 1 << 30
# Batches for which a TensorRT engine is built: smallest, the one it is tuned for, largest.
BATCHES = (1, 4, 64)
# Options that go with the memory and the stream of this package, and what to do instead.
_OWN_OPTIONS = {
    'device_id': 'choose the GPU by the parameter device_id',
    'user_compute_stream': 'leave it out',
    'has_user_compute_stream': 'leave it out',
    'gpu_external_alloc': 'leave it out',
    'gpu_external_free': 'leave it out',
    'gpu_external_empty_cache': 'leave it out',
}


@dataclass(frozen=True, slots=True)
class EngineFolder:
    """Folders in which TensorRT keeps the engines of one model.

    Attributes:
        engines: Folder of the engines of this model file, on this GPU, driver and TensorRT.
        timings: Folder of measured kernels, shared by all models of this GPU, driver and TensorRT.
    """

    engines: str
    timings: str


def cuda_options(device_id: int, precision: str) -> dict[str, str]:
    """Return the options of the CUDA provider for models in fp32 or fp16."""
    # Without TF32 cuDNN also keeps fp16 off the tensor cores. With it, and NVIDIA's libraries told
    # to do without, fp32 layers stay fp32 and fp16 ones are fast.
    tf32 = precision == 'fp16' and fp16_may_use_tensor_cores()
    return {
        'device_id': str(device_id),
        # Grow by what is requested; doubling reserves tens of GiB at large batches, which other
        # models may need.
        'arena_extend_strategy': 'kSameAsRequested',
        'gpu_mem_limit': str(CUDA_MEMORY_LIMIT_BYTES),
        # The default search tries every algorithm again for each new number of faces: a stall in
        # the middle of a stream, with workspaces of any size.
        'cudnn_conv_algo_search': 'HEURISTIC',
        'cudnn_conv_use_max_workspace': '0',
        # fp32 must mean fp32; TF32 has a mantissa of 10 bits.
        'use_tf32': str(int(tf32)),
    }


def tensorrt_options(
    device_id: int, *, fp16: bool, folder: EngineFolder | None, profile: dict[str, tuple[int, ...]]
) -> dict[str, str]:
    """Return the options of the TensorRT provider.

    Args:
        device_id: Index of the GPU.
        fp16: Whether fp16 is allowed; without it TensorRT refuses files that contain fp16.
        folder: Where engines are kept; None to keep none.
        profile: Shape of each input without its batch axis. Without it an engine is rebuilt
            whenever a batch is larger than all before, for minutes in mid-stream.
    """
    options = {'device_id': str(device_id)}
    if fp16:
        options['trt_fp16_enable'] = '1'
    if folder:
        options |= {
            'trt_engine_cache_enable': '1',
            'trt_engine_cache_path': folder.engines,
            'trt_timing_cache_enable': '1',
            'trt_timing_cache_path': folder.timings,
        }
    if profile:
        for bound, batch in zip(('min', 'opt', 'max'), BATCHES, strict=True):
            options[f'trt_profile_{bound}_shapes'] = ','.join(
                f'{name}:{"x".join(map(str, (batch, *shape)))}' for name, shape in profile.items()
            )
    return options


def is_on(options: Mapping[str, str], name: str, default: str = '0') -> bool:
    """Tell whether an option is on, in any of ONNX Runtime's spellings of yes."""
    return str(options.get(name, default)) in ('1', 'true', 'True')


def conflict_of(options: Mapping[str, str]) -> str:
    """Return what is wrong with options that a user asks for; empty if nothing is.

    Args:
        options: In addition to `cuda_options`, by name.
    """
    for name, instead in _OWN_OPTIONS.items():
        if name in options:
            return f'{name} is set by this package; {instead}'
    if is_on(options, 'fuse_conv_bias') and not is_on(options, 'prefer_nhwc'):
        return (
            'fuse_conv_bias without prefer_nhwc adds to each result what its memory held before; '
            'set prefer_nhwc to 1 too, or fuse_conv_bias to 0'
        )
    return ''
