"""Checks of NVIDIA's driver: missing, too old, not started, or without the GPU that is wanted."""

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


def no_driver(facts: DiagnosisFacts) -> Problem | None:
    """The driver's kernel module or its library is missing."""
    driver = facts.driver
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


def old_driver(facts: DiagnosisFacts) -> Problem | None:
    """The driver does not run the CUDA that ONNX Runtime was built for."""
    runs, built_for = facts.driver.cuda, facts.installation.cuda
    major = int(built_for.partition('.')[0] or 0)
    if runs is None or runs[0] >= major:
        return None
    oldest = OLDEST_DRIVER.get(major)
    remedy = f'install driver {oldest} or later' if oldest else 'install a newer driver'
    if runs[0] == 12 and major == 13:
        remedy += f', or `pip install "onnxruntime-gpu[cuda,cudnn]{FOR_CUDA_12}"` (CUDA 12)'
    return Problem(
        f'the {facts.driver} is too old: it runs CUDA up to '
        f'{runs[0]}.{runs[1]}, and onnxruntime-gpu {facts.installation.version} needs {built_for}',
        remedy,
    )


def driver_error(facts: DiagnosisFacts) -> Problem | None:
    """The driver is there and sees no GPU."""
    if facts.driver.cuda is None:
        return None
    error = facts.driver.error
    hidden = os.environ.get('CUDA_VISIBLE_DEVICES')
    if hidden is not None and (error == 100 or not (error or facts.driver.gpus)):
        return Problem(
            f'CUDA_VISIBLE_DEVICES={hidden!r} hides every GPU from this process',
            'unset it, or name a GPU that `nvidia-smi -L` lists',
        )
    if not error and facts.driver.gpus:
        return None
    what = _DRIVER_ERRORS.get(error, f'error {error}') if error else _DRIVER_ERRORS[100]
    return Problem(
        f'the {facts.driver} does not start: {what}',
        '`nvidia-smi` must list the GPU; after an update of the driver reboot, in a container '
        'restart it',
    )


def wrong_device(facts: DiagnosisFacts) -> Problem | None:
    """No GPU has the number that was asked for."""
    gpus = facts.driver.gpus
    if facts.device_id < len(gpus):
        return None
    listed = ', '.join(f'{index} ({gpu.name})' for index, gpu in enumerate(gpus))
    visible = os.environ.get('CUDA_VISIBLE_DEVICES')
    limited = f', with CUDA_VISIBLE_DEVICES={visible!r}' if visible is not None else ''
    return Problem(
        f'there is no GPU with device_id {facts.device_id}',
        f'set device_id to one of: {listed}{limited}',
    )
