"""What goes wrong on a device."""

from __future__ import annotations

from facemesh_ros.inference.providers import ExecutionProviderError


class DeviceError(ExecutionProviderError):
    """A device does not do what it is asked for."""


class CudaError(DeviceError):
    """CUDA itself refuses a call: what it was asked for, or the GPU, is lost."""


class DeviceLostError(DeviceError):
    """A device that ran models does not run them now; the next call may find it again."""
