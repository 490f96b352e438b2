"""The driver: absent, too old, not started, or without the GPU that was asked for."""

from __future__ import annotations

import os

from facemesh_ros.inference.diagnosis.facts import FOR_CUDA_12, DiagnosisFacts, Problem
from facemesh_ros.inference.hardware import CUDA_DRIVER_LIBRARY

# Source: NVIDIA, "CUDA Compatibility", table of minor version compatibility.
OLDEST_DRIVER = {11: '450', 12: '525', 13: '580'}
_DRIVER_ERRORS = {
    100: 'it sees no GPU',
    802: 'the system is not ready yet (on NVSwitch machines: the Fabric Manager)',
    803: 'its library and its kernel module are of different versions',
    804: "a compatibility library stands in the driver's way",
    999: 'an unknown error; often the GPU has to be reset or the machine rebooted',
}


def no_driver(known: DiagnosisFacts) -> Problem | None:
    """Say that kernel module or library of the driver is not there."""
    driver = known.driver
    if driver.cuda is not None:
        return None
    if driver.version:
        return Problem(
            f'the {driver} is loaded, but its library {CUDA_DRIVER_LIBRARY} is not here',
            'in a container: start it with `--gpus all` (NVIDIA Container Toolkit); else install '
            'the libraries of the same driver',
        )
    if driver.card:
        return Problem(
            'an NVIDIA GPU is there, but no driver is loaded',
            'install it (Ubuntu: `sudo ubuntu-drivers install`) and reboot; after an update of '
            'the kernel, install it again; `nvidia-smi` must list the GPU',
        )
    return Problem(
        'no NVIDIA driver and no NVIDIA GPU on this machine',
        'use a machine with one (in a virtual machine, pass it through), or run on the CPU: '
        'execution_provider cpu, require_gpu false',
    )


def old_driver(known: DiagnosisFacts) -> Problem | None:
    """Say that the driver does not run the CUDA that ONNX Runtime was built for."""
    runs, built_for = known.driver.cuda, known.installation.cuda
    major = int(built_for.partition('.')[0] or 0)
    if runs is None or runs[0] >= major:
        return None
    oldest = OLDEST_DRIVER.get(major)
    cure = f'install driver {oldest} or later' if oldest else 'install a newer driver'
    if runs[0] == 12 and major == 13:
        cure += f', or `pip install "onnxruntime-gpu[cuda,cudnn]{FOR_CUDA_12}"` (CUDA 12)'
    return Problem(
        f'the {known.driver} is too old: it runs CUDA up to '
        f'{runs[0]}.{runs[1]}, and onnxruntime-gpu {known.installation.version} needs {built_for}',
        cure,
    )


def driver_error(known: DiagnosisFacts) -> Problem | None:
    """Say that the driver is there and sees no GPU."""
    if known.driver.cuda is None:
        return None
    error = known.driver.error
    hidden = os.environ.get('CUDA_VISIBLE_DEVICES')
    if hidden is not None and (error == 100 or not (error or known.driver.gpus)):
        return Problem(
            f'CUDA_VISIBLE_DEVICES={hidden!r} hides every GPU from this process',
            'unset it, or name a GPU that `nvidia-smi -L` lists',
        )
    if not error and known.driver.gpus:
        return None
    what = _DRIVER_ERRORS.get(error, f'error {error}') if error else _DRIVER_ERRORS[100]
    return Problem(
        f'the {known.driver} does not start: {what}',
        '`nvidia-smi` must list the GPU; after an update of the driver reboot, in a container '
        'restart it',
    )


def wrong_device(known: DiagnosisFacts) -> Problem | None:
    """Say that no GPU has the number that was asked for."""
    gpus = known.driver.gpus
    if known.device_id < len(gpus):
        return None
    listed = ', '.join(f'{index} ({gpu.name})' for index, gpu in enumerate(gpus))
    visible = os.environ.get('CUDA_VISIBLE_DEVICES')
    limited = f', with CUDA_VISIBLE_DEVICES={visible!r}' if visible is not None else ''
    return Problem(
        f'there is no GPU with device_id {known.device_id}',
        f'set device_id to one of: {listed}{limited}',
    )
