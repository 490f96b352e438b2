"""Report of what runs where: one text for log, info, diagnostics and doctor."""

from __future__ import annotations

import json
import math
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from facemesh_ros.inference.hardware import NvidiaDriver
from facemesh_ros.inference.provider_options import EngineFolder
from facemesh_ros.inference.providers import GPU_PROVIDERS, ProviderChoice
from facemesh_ros.inference.session import ModelSession


@dataclass(frozen=True, slots=True)
class ModelReport:
    """A model after its first run.

    Attributes:
        provider: Execution provider that runs it.
        precision: Precision of its layers, fp32 or fp16.
        placement: Number of nodes per provider; empty if ONNX Runtime does not report it.
        opened_ms: How long it took to load, ms.
        first_ms: How long its first inference took, ms.
        reason: Why this provider runs it, where there was a choice; else empty.
    """

    provider: str
    precision: str
    placement: dict[str, int]
    opened_ms: float
    first_ms: float
    reason: str = ''

    def __str__(self) -> str:
        counts = ', '.join(f'{count} nodes on {name}' for name, count in self.placement.items())
        nodes = counts or f'an unknown number of nodes on {self.provider}'
        return (
            f'{nodes} in {self.precision}, opened in {self.opened_ms:.0f} ms, '
            f'first inference {self.first_ms:.1f} ms'
            + (f' ({self.reason})' if self.reason else '')
        )


@dataclass(slots=True)
class ProviderReport:
    """The providers of all models of a sensor; updated when they change.

    Attributes:
        device_id: Index of the GPU, if one is used.
        driver: NVIDIA's driver and its GPUs.
        models: Reports by name.
        warm_up_ms: How long the first run of the whole pipeline took, ms.
        warning: Why the wanted provider does not run them, and the remedy; empty if it does.
    """

    device_id: int
    driver: NvidiaDriver
    models: dict[str, ModelReport] = field(default_factory=dict)
    warm_up_ms: float = math.nan
    warning: str = ''

    @property
    def provider(self) -> str:
        """ONNX Runtime's name of the execution provider; several joined by +."""
        return '+'.join(dict.fromkeys(it.provider for it in list(self.models.values())))

    @property
    def device(self) -> str:
        """What the models run on."""
        on_gpu = any(it.provider in GPU_PROVIDERS for it in list(self.models.values()))
        if not on_gpu:
            return 'CPU'
        gpus = self.driver.gpus
        return gpus[self.device_id].name if self.device_id < len(gpus) else 'a GPU'

    def values(self) -> dict[str, str]:
        """Return everything by name, as diagnostics list it."""
        return {
            'device': self.device,
            'NVIDIA driver': self.driver.version or 'none',
            'warm-up': f'{self.warm_up_ms:.0f} ms',
            **{f'model {name}': str(model) for name, model in list(self.models.items())},
            **({'provider warning': self.warning} if self.warning else {}),
        }

    def __str__(self) -> str:
        models = '; '.join(f'{name}: {model}' for name, model in list(self.models.items()))
        driver = f', {self.driver}' if self.driver.version else ''
        return (
            f'{self.provider} on {self.device}{driver}; {models}; warm-up {self.warm_up_ms:.0f} ms'
        )


def executed_nodes(
    onnx: bytes, choice: ProviderChoice, folder: EngineFolder | None = None
) -> dict[str, int]:
    """Run a model once and count the nodes that each provider executed.

    Slower than `ModelSession.placement`, but works with every release of ONNX Runtime. Fusion
    leaves fewer nodes than the model file has.
    """
    with tempfile.TemporaryDirectory(prefix='facemesh-') as folder_of_profile:
        session = ModelSession(onnx, choice, profile=f'{folder_of_profile}/run', folder=folder)
        session.try_once()
        session.end_profile()
        (written,) = Path(folder_of_profile).iterdir()
        events = json.loads(written.read_text())
    ran = {
        (event['name'], event['args']['provider'])
        for event in events
        if event.get('cat') == 'Node' and event.get('args', {}).get('provider')
    }
    return dict(Counter(provider for _, provider in ran))
