"""The real onnxruntime-gpu on a machine without a GPU: its errors and our explanations.

Runs with the Python that FACEMESH_GPU_PYTHON names, else with this one, if it has onnxruntime-gpu
for CUDA 13. NVIDIA's driver and CUDA are stand-ins (`stand_in`); cuDNN is absent, so that models
are placed on the GPU and the first convolution fails.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

import facemesh_ros

PACKAGE_PARENT = str(Path(facemesh_ros.__file__).parents[1])
PYTHON = os.environ.get('FACEMESH_GPU_PYTHON') or sys.executable
FIND = (
    'import onnxruntime as ort, pathlib\n'
    'from onnxruntime.capi.build_and_package_info import cuda_version\n'
    'assert cuda_version.startswith("13.") and hasattr(ort, "preload_dlls")\n'
    'print(pathlib.Path(ort.__file__).parent / "capi/libonnxruntime_providers_cuda.so")'
)

Run = Callable[..., 'subprocess.CompletedProcess[str]']


def has_real_driver() -> bool:
    try:
        ctypes.CDLL('libcuda.so.1')
    except OSError:
        return False
    return True


@pytest.fixture(scope='module')
def stand_ins(stand_in, tmp_path_factory) -> Path:
    found = subprocess.run([PYTHON, '-c', FIND], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip('needs onnxruntime-gpu for CUDA 13, here or in the FACEMESH_GPU_PYTHON')
    if has_real_driver():
        pytest.skip('this machine has a driver, which a stand-in would hide')
    if not stand_in.can_be_built():
        pytest.skip('needs cc and objdump')
    folder = tmp_path_factory.mktemp('stand_ins')
    stand_in.build_all(folder, Path(found.stdout.strip()))
    return folder


@pytest.fixture
def run(stand_ins, model_store) -> Run:
    """Run a program or, given a list, the command `facemesh`; `libraries` are what is found."""

    def ran(program: str | list[str], *, libraries: Path | None = stand_ins, **variables: str):
        command = ['-c', program] if isinstance(program, str) else ['-m', 'facemesh_ros.cli']
        environment = {
            **os.environ,
            'FACEMESH_MODEL_DIR': str(model_store.folder),
            'PYTHONPATH': PACKAGE_PARENT,
            'LD_LIBRARY_PATH': str(libraries or ''),
            **variables,
        }
        return subprocess.run(
            [PYTHON, *command, *([] if isinstance(program, str) else program)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return ran


@pytest.mark.parametrize(
    ('arguments', 'variables', 'message'),
    [
        ([], {'STAND_IN_CUDA': '12020'}, 'is too old: it runs CUDA up to 12.2'),
        ([], {'STAND_IN_INIT': '100'}, 'it sees no GPU'),
        (
            [],
            {'STAND_IN_GPUS': '0', 'CUDA_VISIBLE_DEVICES': '7'},
            "CUDA_VISIBLE_DEVICES='7' hides",
        ),
        (
            ['--device-id', '3'],
            {},
            'no GPU with device_id 3; set device_id to one of: 0 (Stand-in',
        ),
        ([], {}, 'libcudnn.so.9; `pip install "onnxruntime-gpu[cuda,cudnn]=='),
        (
            ['--provider', 'tensorrt'],
            {},
            "parser.so.10; `pip install 'tensorrt-cu13<11'`",
        ),
    ],
)
def test_a_required_gpu_is_refused_with_reason_and_remedy(run, arguments, variables, message):
    done = run(['doctor', '--require-gpu', *arguments], **variables)
    assert done.returncode == 1
    assert 'require_gpu is set, but no GPU runs the models: ' in done.stdout
    assert message in done.stdout
    assert 'Traceback' not in done.stderr


def test_without_driver_and_libraries_all_of_them_are_named(run):
    done = run(['doctor', '--provider', 'cuda'], libraries=None)
    assert done.returncode == 1
    assert "execution_provider 'cuda' does not run here: " in done.stdout
    for part in ('NVIDIA', 'libcublasLt.so.13', 'libcudnn.so.9', 'pip install'):
        assert part in done.stdout


def test_auto_falls_back_with_a_warning_and_leaves_the_output_to_results(
    run, tmp_path, require_package
):
    astronaut = require_package('skimage.data').astronaut()
    cv2.imwrite(str(tmp_path / 'face.png'), astronaut[..., ::-1])
    done = run(['run', str(tmp_path / 'face.png'), '--jsonl', '-'], libraries=None)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert len(json.loads(line)['faces']) == 1
    assert done.stderr.count('the GPU is NOT used, the CPU runs the models: ') == 1
    assert 'libcublasLt.so.13' in done.stderr


REFUSED = (
    'from facemesh_ros.inference.session import ModelSession\n'
    'from facemesh_ros.inference.providers import ProviderChoice, ProviderStartError\n'
    'from facemesh_ros.models.store import ModelStore\n'
    'from facemesh_ros.catalog.model_entry import Variant\n'
    'try:\n'
    '    ModelSession(ModelStore().load("short_range", Variant.PLAIN), ProviderChoice("cuda"))\n'
    'except ProviderStartError as error:\n'
    '    print(error.reason)\n'
)


@pytest.mark.parametrize(
    ('variables', 'message'),
    [
        ({'STAND_IN_ERROR': '35'}, 'CUDA failure 35: CUDA driver version is insufficient'),
        ({'STAND_IN_FULL': '1'}, 'Failed to allocate memory'),
    ],
)
def test_onnx_runtimes_errors_are_those_that_the_diagnosis_expects(run, variables, message):
    assert message in run(REFUSED, **variables).stdout


PLACED = (
    'from facemesh_ros.inference.model_loader import SHAPE_OPERATORS\n'
    'from facemesh_ros.inference.session import ModelSession\n'
    'from facemesh_ros.inference.providers import ProviderChoice\n'
    'from facemesh_ros.catalog.models import entry_of\n'
    'from facemesh_ros.catalog.model_entry import Variant\n'
    'from facemesh_ros.models.store import ModelStore\n'
    'store = ModelStore()\n'
    'for name in store.records():\n'
    '    for variant in {Variant.PLAIN, Variant.HALF} & set(entry_of(name).variants):\n'
    '        network = ModelSession(store.load(name, variant), ProviderChoice("cuda"))\n'
    '        left = set(network.cpu_operators) - SHAPE_OPERATORS\n'
    '        print(name, network.provider, network.placement, *left)\n'
)


def test_every_model_is_placed_on_the_gpu_as_a_whole(run, model_store):
    done = run(PLACED)
    lines = done.stdout.splitlines()
    assert len(lines) >= len(model_store.records()), done.stderr
    for line in lines:
        on_gpu = re.search(r"CUDAExecutionProvider \{.*'CUDAExecutionProvider': (\d+).*\}$", line)
        assert on_gpu, line
        assert int(on_gpu[1]) > 90


LOST = (
    'import pathlib\n'
    'import numpy as np\n'
    'from facemesh_ros.inference.session import GpuLostError, ModelSession\n'
    'from facemesh_ros.inference.providers import ProviderChoice\n'
    'onnx = pathlib.Path(MODEL).read_bytes()\n'
    'network, lost = ModelSession(onnx, ProviderChoice("cuda")), pathlib.Path(SIGN)\n'
    'batch = np.ones((1, 4), np.float32)\n'
    'network.run(batch, [])\n'
    'lost.touch()\n'
    'try:\n'
    '    network.run(batch, [])\n'
    'except GpuLostError as error:\n'
    '    print(error)\n'
    'lost.unlink()\n'
    'network.replace_session(ModelSession(onnx, ProviderChoice("cuda")))\n'
    'print(network.run(batch, [])[0].shape, network.provider)\n'
)


def test_a_gpu_that_fails_in_use_raises_and_is_used_again(run, tmp_path, require_package):
    """A model without a convolution, as there is no cuDNN here."""
    onnx = require_package('onnx')
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node('Sigmoid', ['image'], ['scores'])],
        'sigmoid',
        [helper.make_tensor_value_info('image', kind, ['batch', 4])],
        [helper.make_tensor_value_info('scores', kind, ['batch', 4])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    known = {'name': 'sigmoid', 'input_size': '0', 'source_sha256': '', 'precision': 'fp32'}
    helper.set_model_props(model, {**known, 'variant': 'plain'})
    path, sign = tmp_path / 'sigmoid.onnx', tmp_path / 'lost'
    path.write_bytes(model.SerializeToString())
    program = LOST.replace('MODEL', repr(str(path))).replace('SIGN', repr(str(sign)))
    done = run(program, STAND_IN_LOST=str(sign))
    message, again = done.stdout.splitlines()
    assert 'CUDAExecutionProvider does not run sigmoid: ' in message
    assert 'CUDA failure 700: an illegal memory access was encountered' in message
    assert again == '(1, 4) CUDAExecutionProvider'


WHOLE_IMAGES = (
    'import numpy as np\n'
    'from facemesh_ros.assembly.gpu_models import open_worker\n'
    'from facemesh_ros.assembly.models import ModelNames\n'
    'from facemesh_ros.inference.crop_model import GpuCropModel\n'
    'from facemesh_ros.inference.gpu.memory import ExecutorLostError\n'
    'from facemesh_ros.inference.providers import ProviderChoice\n'
    'from facemesh_ros.landmarks.face_mesh import FaceMesh\n'
    'from facemesh_ros.models.store import ModelStore\n'
    'from facemesh_ros.types import Frame, PixelOrder, Rois\n'
    'choice = ProviderChoice("cuda", precision="{precision}")\n'
    'names = ModelNames("{model}", ("short_range", "full_range"))\n'
    'worker, factory = open_worker(ModelStore(), choice, names, streams=1)\n'
    'for session in factory.sessions.values():\n'
    '    print(session.precision, *session.placement, sep=",")\n'
    'roi = Rois(np.ones((1, 2), np.float32), np.ones((1, 2), np.float32), np.zeros(1))\n'
    'model = GpuCropModel(factory.sessions["{model}"], FaceMesh.OUTPUTS, worker)\n'
    'try:\n'
    '    FaceMesh(model).predict(Frame(np.zeros((9, 9, 3), np.uint8), PixelOrder.BGR), roi)\n'
    'except ExecutorLostError as error:\n'
    '    print(error)\n'
    'worker.close()\n'
)


@pytest.mark.parametrize('precision', ['fp32', 'fp16'])
@pytest.mark.parametrize('model', ['v2', 'attention', 'mesh'])
def test_whole_images_go_to_cuda_and_no_node_to_the_cpu(run, require_models, model, precision):
    """All but what kernels do: our memory and stream, ONNX Runtime's bindings, a real failure."""
    require_models(model, 'short_range', 'full_range')
    program = WHOLE_IMAGES.format(model=model, precision=precision)
    *placed, lost = run(program).stdout.strip().splitlines()
    assert placed == [f'{precision},CUDAExecutionProvider'] * 3
    assert lost.startswith(f'the GPU failed in {model}: ')
    assert 'cuDNN is unavailable' in lost
    assert 'opened again in 0.5 s' in lost


def test_the_benchmark_of_a_gpu_says_what_is_missing(run, tmp_path):
    portrait = pytest.importorskip('skimage.data').astronaut()[..., ::-1]
    cv2.imwrite(str(tmp_path / 'face.png'), portrait)
    script = Path(__file__).parents[2] / 'benchmarks' / 'gpu.py'
    arguments = [str(script), '--portrait', str(tmp_path / 'face.png')]
    ended = run(
        f'import runpy, sys; sys.argv = {arguments}; sys.path.insert(0, {str(script.parent)!r})\n'
        f'runpy.run_path({str(script)!r}, run_name="__main__")'
    )
    assert ended.returncode == 1
    assert ended.stdout == ''
    assert 'no GPU runs the models here, so nothing was measured' in ended.stderr
    assert 'libcudnn.so.9' in ended.stderr
    assert 'pip install' in ended.stderr
    assert 'Traceback' not in ended.stderr
