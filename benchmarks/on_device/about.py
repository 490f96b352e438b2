"""What the figures were measured on."""

from __future__ import annotations

import subprocess
from importlib import metadata
from typing import Any

import onnxruntime as ort
from measuring.machine import cores_in_use, machine
from on_device.contestant import IMAGE_WH, Contestant

from facemesh_ros.inference.hardware import nvidia_driver
from facemesh_ros.inference.providers import ProviderChoice

_ASKED = 'name,driver_version,memory.total,clocks.max.sm,clocks.max.memory,power.limit'


def about(contestant: Contestant, choice: ProviderChoice) -> dict[str, Any]:
    """Return device, driver, versions and placement."""
    sessions = contestant.device.sessions
    return {
        'device': _device(choice),
        'driver': nvidia_driver() or 'none',
        **machine(),
        'cores in use before': cores_in_use(),
        'versions': {
            'onnxruntime': ort.__version__,
            'built for CUDA': getattr(ort, 'cuda_version', '') or 'none',
            **{name: _version(name) for name in ('nvidia-cudnn-cu13', 'nvidia-cudnn-cu12')},
            'numpy': metadata.version('numpy'),
        },
        'precision': choice.precision,
        'landmark model': contestant.model,
        'nodes': {name: session.placement for name, session in sessions.items()},
        'images': f'{IMAGE_WH[0]}x{IMAGE_WH[1]} bgr8, a new one each time, in pageable memory',
    }


def _device(choice: ProviderChoice) -> str:
    if choice.execution_provider == 'cpu':
        return 'CPU'
    asked = ['nvidia-smi', f'--query-gpu={_ASKED}', '--format=csv,noheader']
    try:
        said = subprocess.run(
            [*asked, '-i', str(choice.device_id)], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return f'GPU {choice.device_id}, of which nvidia-smi says nothing'
    return said.stdout.strip()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return 'not installed'
