"""The facts that a diagnosis of the GPU starts from, and the problems that it finds."""

from __future__ import annotations

from dataclasses import dataclass

from facemesh_ros.inference.diagnosis.installation import Installation
from facemesh_ros.inference.hardware import NvidiaDriver
from facemesh_ros.inference.providers import PROVIDERS

# Source: ONNX Runtime's release notes; the wheels from 1.27 on are for CUDA 13.
FOR_CUDA_12 = '<1.27'


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
