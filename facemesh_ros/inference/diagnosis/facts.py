"""What is known when a GPU does not run the models."""

from __future__ import annotations

from dataclasses import dataclass

from facemesh_ros.inference.diagnosis.installation import Installation
from facemesh_ros.inference.hardware import NvidiaDriver
from facemesh_ros.inference.providers import PROVIDERS

# Source: ONNX Runtime's release notes; the wheels from 1.27 on are for CUDA 13.
FOR_CUDA_12 = '<1.27'


@dataclass(frozen=True, slots=True)
class Problem:
    """A reason and the way out, each half a sentence."""

    reason: str
    cure: str

    def __str__(self) -> str:
        return f'{self.reason}; {self.cure}'


@dataclass(frozen=True, slots=True)
class DiagnosisFacts:
    """All that is known when a GPU does not run.

    Attributes:
        installation: What pip has installed.
        driver: What the machine has.
        wanted: ONNX Runtime's name of the provider.
        device_id: Which GPU was asked for.
        told: What ONNX Runtime said when it was tried; empty if it was not.
    """

    installation: Installation
    driver: NvidiaDriver
    wanted: str = PROVIDERS['cuda']
    device_id: int = 0
    told: str = ''

    @property
    def short_name(self) -> str:
        """The provider as people call it."""
        return self.wanted.removesuffix('ExecutionProvider')

    @property
    def installing(self) -> str:
        """How to get an ONNX Runtime that fits this machine, with its libraries."""
        if self.installation.machine == 'aarch64':
            return (
                'install an onnxruntime-gpu: on a Jetson, one built for its JetPack; on an ARM '
                'server `pip install "onnxruntime-gpu[cuda,cudnn]"`'
            )
        runs = self.driver.cuda
        limit = FOR_CUDA_12 if runs is not None and runs[0] == 12 else ''
        return f'`pip install "onnxruntime-gpu[cuda,cudnn]{limit}"`'
