"""A lost GPU is told from what is wrong with a call: by real errors of ONNX Runtime."""

from __future__ import annotations

import numpy as np
import pytest
from onnxruntime.capi import onnxruntime_pybind11_state as state

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.inference import session as network_module
from facemesh_ros.inference.gpu_faults import is_gpu_fault, is_onnxruntime_error
from facemesh_ros.inference.providers import CPU, ProviderChoice
from facemesh_ros.inference.session import GpuLostError, ModelSession

# As ONNX Runtime 1.31 says them, with the places that it names.
PLACE = (
    '/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:129 '
    'std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, '
    'const char*) [with ERRTYPE = cudaError; bool THRW = true] '
)
LOST = [
    (state.Fail, f'[ONNXRuntimeError] : 1 : FAIL : {PLACE}CUDA failure 700: an illegal memory '),
    (state.RuntimeException, f'{PLACE}CUDNN failure 4000: CUDNN_STATUS_INTERNAL_ERROR ; GPU=0'),
    (state.RuntimeException, 'BFCArena: Failed to allocate memory for requested buffer of size 9'),
    (state.RuntimeException, 'cuDNN is unavailable for CUDA Execution Provider: no libcudnn'),
    (state.EPFail, 'TensorRT EP execution context enqueue failed.'),
    (RuntimeError, 'Error in execution: CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED'),
]
OURS = [
    (state.InvalidArgument, f'{PLACE}Got invalid dimensions for input: image'),
    (state.RuntimeException, f'{PLACE}The input tensor cannot be reshaped to the requested shape'),
    (RuntimeError, 'cannot schedule new futures after shutdown'),
    (ValueError, 'CUDA failure 700'),
    (KeyError, 'presence'),
    (MemoryError, 'out of memory'),
]


@pytest.mark.parametrize(('kind', 'text'), LOST)
def test_errors_of_a_failed_gpu_are_gpu_faults(kind, text):
    assert is_gpu_fault(kind(text))


@pytest.mark.parametrize(('kind', 'text'), OURS)
def test_errors_of_a_call_are_not(kind, text):
    assert not is_gpu_fault(kind(text))


@pytest.fixture
def network(monkeypatch, model_store, require_models):
    """The short-range detector, on a CPU that counts as a GPU."""
    require_models('short_range')
    monkeypatch.setattr(network_module, 'GPU_PROVIDERS', {CPU})
    return ModelSession(model_store.load('short_range', Variant.PLAIN), ProviderChoice('cpu'))


IMAGE = np.zeros((1, 128, 128, 3), np.float32)


@pytest.mark.parametrize(
    ('batch', 'outputs'),
    [
        (IMAGE[:, :64], ['regressors']),
        (IMAGE.astype(np.float64), ['regressors']),
        (IMAGE, ['no such output']),
        (None, ['regressors']),
    ],
)
def test_a_wrong_request_is_no_gpu_fault(network, batch, outputs):
    with pytest.raises(Exception, match=r'.') as caught:
        network.run(batch, outputs)
    assert not isinstance(caught.value, GpuLostError)
    assert network.run(IMAGE, ['regressors'])[0].shape[0] == 1


def test_errors_of_onnx_runtime_are_recognised(network):
    binding = network.session.io_binding()
    with pytest.raises(RuntimeError) as unbound:
        network.session.run_with_iobinding(binding)
    with pytest.raises(state.InvalidArgument) as misshapen:
        network.run(IMAGE[:, :64], ['regressors'])
    assert is_onnxruntime_error(unbound.value)
    assert is_onnxruntime_error(misshapen.value)
    assert not is_onnxruntime_error(RuntimeError('cannot schedule new futures after shutdown'))
