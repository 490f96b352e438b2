"""Why the GPU does not run the models: each way in which users' machines break, and its remedy.

What ONNX Runtime says was captured from onnxruntime-gpu 1.31.1, on a machine without a driver and
over a stand-in for the CUDA runtime (test_with_gpu_wheel.py makes them say it again).
"""

from __future__ import annotations

import pytest

from facemesh_ros.inference.diagnosis.gpu import problems_of, problems_text
from facemesh_ros.inference.hardware import Gpu

IN_CALL = (
    '/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:154 '
    'std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, '
    'const char*, const char*, SUCCTYPE, const char*, const char*, int) [with ERRTYPE = '
    'cudaError; bool THRW = true; SUCCTYPE = cudaError; std::conditional_t<THRW, void, '
    'common::Status> = void] '
)
UNSUPPORTED_CALL = IN_CALL + (
    'CUDA failure 36: API call is not supported in the installed CUDA driver ; GPU=-1 ; '
    'hostname=robot ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/'
    'cuda_execution_provider.cc ; line=355 ; expr=cudaSetDevice(info_.device_id);'
)
NO_CUDNN = (
    '[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Non-zero status code returned while running Conv '
    "node. Name:'conv_1' Status Message: /onnxruntime_src/onnxruntime/core/providers/cuda/"
    'cuda_kernel.h:296 static cudnnContext* onnxruntime::cuda::CudaKernel::RequireCudnnHandle('
    'cudnnHandle_t) [ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : cuDNN is unavailable or disabled '
    'for CUDA Execution Provider: dlopen failed for libcudnn.so: libcudnn.so: cannot open shared '
    'object file: No such file or directory'
)
NO_MEMORY = (
    '[ONNXRuntimeError] : 1 : FAIL : Exception during initialization: /onnxruntime_src/'
    'onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::'
    'AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for '
    'requested buffer of size 256'
)
CPU_BUILD = ('AzureExecutionProvider', 'CPUExecutionProvider')
ARM_BUILD = ('CUDAExecutionProvider', 'CPUExecutionProvider')
TENSORRT = 'TensorrtExecutionProvider'
MISSING = ('libcublasLt.so.13', 'libcublas.so.13', 'libcurand.so.10', 'libcudnn.so.9')


def the_problem(known) -> str:
    (problem,) = problems_of(known)
    return str(problem)


def test_a_machine_that_is_well_has_none(machine_facts):
    assert problems_of(machine_facts()) == []
    assert problems_of(machine_facts(wanted=TENSORRT)) == []


@pytest.mark.parametrize('providers', [CPU_BUILD, ('CUDAExecutionProvider', *CPU_BUILD)])
def test_two_wheels_beside_each_other(machine_facts, providers):
    """Whichever was installed last has overwritten the other one."""
    runtimes = {'onnxruntime': '1.32.0', 'onnxruntime-gpu': '1.31.1'}
    text = the_problem(machine_facts({'runtimes': runtimes, 'providers': providers}))
    assert 'onnxruntime 1.32.0 and onnxruntime-gpu 1.31.1 are installed beside each other' in text
    assert '`pip uninstall -y onnxruntime onnxruntime-gpu`, then `pip install "onnx' in text


def test_the_wrong_wheel(machine_facts):
    text = the_problem(
        machine_facts({'runtimes': {'onnxruntime': '1.31.1'}, 'providers': CPU_BUILD, 'cuda': ''})
    )
    assert 'onnxruntime 1.31.1 is installed, which is built without CUDA' in text
    assert (
        '`pip uninstall -y onnxruntime`, then `pip install "onnxruntime-gpu[cuda,cudnn]"`' in text
    )


def test_the_wheel_for_arm_has_no_tensorrt(machine_facts):
    text = the_problem(
        machine_facts({'providers': ARM_BUILD, 'machine': 'aarch64'}, wanted=TENSORRT)
    )
    assert 'built without Tensorrt; set execution_provider to cuda' in text


def test_a_jetson_is_not_sent_to_the_package_index_alone(machine_facts):
    installed = {'providers': CPU_BUILD, 'machine': 'aarch64', 'runtimes': {'onnxruntime': '1.31'}}
    assert 'on a Jetson, one built for its JetPack' in the_problem(machine_facts(installed))


@pytest.mark.parametrize(
    ('driver', 'reason', 'remedy'),
    [
        ({'version': '', 'card': False}, 'no NVIDIA driver and no NVIDIA GPU', 'pass it through'),
        ({'version': ''}, 'an NVIDIA GPU is there, but no driver is loaded', 'ubuntu-drivers'),
        ({}, 'driver 580.65.06 is loaded, but its library libcuda.so.1 is not', '`--gpus all`'),
    ],
)
def test_no_driver(machine_facts, driver, reason, remedy):
    text = the_problem(machine_facts(driver={**driver, 'cuda': None, 'gpus': ()}))
    assert reason in text
    assert remedy in text


def test_a_driver_that_is_too_old_has_two_ways_out(machine_facts):
    text = the_problem(machine_facts(driver={'version': '535.183.01', 'cuda': (12, 2)}))
    assert 'driver 535.183.01 is too old: it runs CUDA up to 12.2' in text
    assert 'onnxruntime-gpu 1.31.1 needs 13.0' in text
    assert (
        'install driver 580 or later, or `pip install "onnxruntime-gpu[cuda,cudnn]<1.27"`' in text
    )


def test_an_old_driver_gets_the_wheel_that_it_can_run(machine_facts):
    installed = {'runtimes': {'onnxruntime': '1.31.1'}, 'providers': CPU_BUILD, 'cuda': ''}
    text = the_problem(machine_facts(installed, {'version': '535.183.01', 'cuda': (12, 2)}))
    assert '"onnxruntime-gpu[cuda,cudnn]<1.27"' in text


@pytest.mark.parametrize('runs', [(13, 0), (13, 4), (14, 0)])
def test_a_newer_driver_runs_older_wheels(machine_facts, runs):
    assert problems_of(machine_facts({'cuda': '12.8'}, {'cuda': runs})) == []
    assert problems_of(machine_facts({'cuda': '13.0'}, {'cuda': runs})) == []


@pytest.mark.parametrize(
    ('error', 'reason'),
    [(100, 'it sees no GPU'), (803, 'its library and its kernel module are of'), (46, 'error 46')],
)
def test_a_driver_that_does_not_start(machine_facts, error, reason):
    text = the_problem(machine_facts(driver={'error': error, 'gpus': ()}))
    assert 'driver 580.65.06 does not start: ' + reason in text
    assert 'nvidia-smi' in text


def test_gpus_that_are_hidden(machine_facts, monkeypatch):
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '')
    text = the_problem(machine_facts(driver={'error': 100, 'gpus': ()}))
    assert "CUDA_VISIBLE_DEVICES='' hides every GPU" in text


def test_a_wrong_device_id_is_told_with_those_that_are_there(machine_facts):
    gpus = (Gpu('NVIDIA H200', '9.0'), Gpu('NVIDIA L4', '8.9'))
    text = the_problem(machine_facts(driver={'gpus': gpus}, device_id=2))
    assert (
        'no GPU with device_id 2; set device_id to one of: 0 (NVIDIA H200), 1 (NVIDIA L4)' in text
    )
    assert problems_of(machine_facts(driver={'gpus': gpus}, device_id=1)) == []


def test_missing_libraries_are_named(machine_facts):
    text = the_problem(machine_facts({'missing': MISSING}))
    assert all(name in text for name in MISSING)
    assert '`pip install "onnxruntime-gpu[cuda,cudnn]==1.31.1"`' in text


def test_libraries_that_pip_believes_to_be_there_are_installed_by_force(machine_facts):
    nvidia = {'nvidia-cublas': '13.10.0.20', 'nvidia-cudnn-cu13': '9.28.1.4'}
    installed = {'missing': ('libcudnn.so.9',), 'nvidia': nvidia}
    text = the_problem(machine_facts(installed))
    assert 'pip has recorded nvidia-cudnn-cu13 9.28.1.4, but the files are gone' in text
    assert '`pip install --force-reinstall nvidia-cudnn-cu13`' in text


def test_with_an_old_driver_its_own_cuda_is_all_that_is_wanted(machine_facts):
    text = the_problem(machine_facts({'missing': MISSING}, {'cuda': (12, 2)}))
    assert 'too old' in text


def test_libraries_of_another_cuda_are_told(machine_facts):
    nvidia = {'nvidia-cublas-cu12': '12.9.1.4', 'nvidia-cudnn-cu12': '9.10.2.21'}
    text = the_problem(machine_facts({'missing': MISSING, 'nvidia': nvidia}))
    assert 'nvidia-cublas-cu12 12.9.1.4, nvidia-cudnn-cu12 9.10.2.21 are for another CUDA' in text


def test_cudnn_that_only_a_run_has_missed(machine_facts):
    """Nodes are placed on CUDA without it; the first convolution then fails."""
    text = the_problem(machine_facts(ort_error=NO_CUDNN))
    assert 'libcudnn.so.9' in text
    assert 'pip install' in text


def test_tensorrt_is_missed_only_if_it_is_wanted(machine_facts):
    missing = {'missing_tensorrt': ('libnvinfer.so.10',)}
    assert problems_of(machine_facts(missing)) == []
    text = the_problem(machine_facts(missing, wanted=TENSORRT))
    assert "libnvinfer.so.10; `pip install 'tensorrt-cu13<11'`" in text


def test_a_tensorrt_that_is_too_new(machine_facts):
    installed = {
        'missing_tensorrt': ('libnvinfer.so.10',),
        'nvidia': {'tensorrt-cu13': '11.2.1', 'nvidia-cublas': '13.10.0.20'},
    }
    text = the_problem(machine_facts(installed, wanted=TENSORRT))
    assert 'tensorrt-cu13 11.2.1 is there, but ONNX Runtime is linked to TensorRT 10' in text


def test_a_full_gpu(machine_facts):
    assert 'no memory left; `nvidia-smi`' in the_problem(machine_facts(ort_error=NO_MEMORY))


def test_what_nobody_foresaw_is_told_in_the_words_of_onnx_runtime(machine_facts):
    text = the_problem(machine_facts(ort_error=UNSUPPORTED_CALL))
    assert 'CUDA failure 36: API call is not supported in the installed CUDA driver;' in text
    assert '/onnxruntime_src' not in text


def test_what_is_known_goes_before_what_onnx_runtime_says(machine_facts):
    text = the_problem(machine_facts(device_id=3, ort_error='FAIL : Invalid device ID: 3'))
    assert 'Invalid device ID' not in text


def test_all_that_is_to_be_mended_is_told_at_once(machine_facts):
    gone = {'version': '', 'cuda': None, 'gpus': ()}
    found = problems_of(machine_facts({'missing': MISSING}, gone, ort_error='anything'))
    assert len(found) == 2
    text = problems_text(found)
    assert 'no driver is loaded' in text
    assert 'libcublas.so.13' in text
