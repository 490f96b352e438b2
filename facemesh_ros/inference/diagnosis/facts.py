"""Facts about a machine, for a diagnosis of its GPU, and the problems that it finds."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from facemesh_ros.inference.hardware import NvidiaDriver
from facemesh_ros.inference.nvidia_libraries import load_cuda_libraries, load_tensorrt_libraries
from facemesh_ros.inference.onnx_runtime import ort
from facemesh_ros.inference.providers import GPU_PROVIDERS, PROVIDERS

# Source: ONNX Runtime's release notes; the wheels from 1.27 on are for CUDA 13.
FOR_CUDA_12 = '<1.27'
# All install the same module and overwrite each other, so only one of them can be complete.
RUNTIMES = (
    'onnxruntime',
    'onnxruntime-gpu',
    'onnxruntime-openvino',
    'onnxruntime-directml',
    'onnxruntime-migraphx',
    'onnxruntime-rocm',
    'onnxruntime-training',
    'ort-nightly',
    'ort-nightly-gpu',
)
_NVIDIA = ('nvidia-', 'tensorrt')


@dataclass(frozen=True, slots=True)
class Installation:
    """ONNX Runtime and NVIDIA's libraries as they are installed.

    Attributes:
        version: Of the imported module.
        providers: Those that it was built with.
        cuda: The CUDA that it was built for, e.g. 13.0; empty for none or unknown.
        runtimes: Version of each package that owns the module, by its name.
        nvidia: Version of each of NVIDIA's packages, by its name.
        missing: CUDA and cuDNN libraries that it needs and that are not found.
        missing_tensorrt: The same of TensorRT.
        machine: Kind of processor, e.g. x86_64.
    """

    version: str
    providers: tuple[str, ...]
    cuda: str = ''
    runtimes: dict[str, str] = field(default_factory=dict)
    nvidia: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    missing_tensorrt: tuple[str, ...] = ()
    machine: str = 'x86_64'

    @property
    def has_gpu_build(self) -> bool:
        """Whether this build could use a GPU at all."""
        return not GPU_PROVIDERS.isdisjoint(self.providers)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a GPU is not used, and what to do about it, each half a sentence."""

    reason: str
    remedy: str

    def __str__(self) -> str:
        return f'{self.reason}; {self.remedy}'


@dataclass(frozen=True, slots=True)
class DiagnosisFacts:
    """Facts about the machine on which a GPU does not run the models.

    Attributes:
        installation: Packages that pip has installed.
        driver: NVIDIA's driver and its GPUs.
        wanted: ONNX Runtime's name of the provider.
        device_id: Which GPU was asked for.
        ort_error: ONNX Runtime's error when it was tried; empty if it was not.
    """

    installation: Installation
    driver: NvidiaDriver
    wanted: str = PROVIDERS['cuda']
    device_id: int = 0
    ort_error: str = ''

    @property
    def short_name(self) -> str:
        """The provider as people call it."""
        return self.wanted.removesuffix('ExecutionProvider')

    @property
    def installing(self) -> str:
        """How to install an ONNX Runtime for this machine, with its libraries."""
        if self.installation.machine == 'aarch64':
            return (
                'install an onnxruntime-gpu: on a Jetson, one built for its JetPack; on an ARM '
                'server `pip install "onnxruntime-gpu[cuda,cudnn]"`'
            )
        runs = self.driver.cuda
        limit = FOR_CUDA_12 if runs is not None and runs[0] == 12 else ''
        return f'`pip install "onnxruntime-gpu[cuda,cudnn]{limit}"`'


def detect_installation() -> Installation:
    """Detect what is installed; loads NVIDIA's libraries if the build is for GPUs."""
    providers = tuple(ort.get_available_providers())
    has_tensorrt = PROVIDERS['tensorrt'] in providers
    return Installation(
        version=ort.__version__,
        providers=providers,
        cuda=_cuda_version(),
        runtimes=dict(_runtimes(Path(ort.__file__).parents[1])),
        nvidia=dict(_nvidia_packages()),
        missing=load_cuda_libraries(),
        missing_tensorrt=load_tensorrt_libraries() if has_tensorrt else (),
        machine=platform.machine(),
    )


def _cuda_version() -> str:
    try:
        from onnxruntime.capi import build_and_package_info as built
    except ImportError:
        return ''
    return getattr(built, 'cuda_version', None) or ''


def _runtimes(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield those in the folder of the imported module; one in another folder does no harm."""
    for name in RUNTIMES:
        for found in metadata.distributions(name=name, path=[str(folder)]):
            yield name, found.version


def _nvidia_packages() -> Iterator[tuple[str, str]]:
    for found in metadata.distributions():
        name = (found.metadata['Name'] or '').lower()
        if name.startswith(_NVIDIA):
            yield name, found.version
