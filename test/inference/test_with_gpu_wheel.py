"""The real onnxruntime-gpu on a machine without a GPU: its errors and our explanations.

Runs with the Python that FACEMESH_GPU_PYTHON names, else with this one, if it has onnxruntime-gpu
for CUDA 13, else with one of its own, `.venv/peers/onnxruntime_gpu`. NVIDIA's driver and CUDA are
stand-ins (`stand_in`); cuDNN is absent, so that models are placed on the GPU and the first
convolution fails.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from facemesh_ros import native

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


def cuda_provider_of(python: str) -> str:
    """Return the path of the CUDA provider for CUDA 13; empty if this Python has none."""
    return subprocess.run(
        [python, '-c', FIND], capture_output=True, text=True, check=False
    ).stdout.strip()


@pytest.fixture(scope='module')
def python(require) -> str:
    named = os.environ.get('FACEMESH_GPU_PYTHON')
    if named or cuda_provider_of(sys.executable):
        return named or sys.executable
    if sys.version_info < (3, 11) or platform.machine() != 'x86_64':
        pytest.skip('onnxruntime-gpu for CUDA 13 has no wheel for this machine')
    sys.path.insert(0, str(Path(__file__).parents[2] / 'tools'))
    from workspace.layout import SetupError
    from workspace.peers import peer_python

    try:
        return str(peer_python('onnxruntime_gpu'))
    except SetupError as error:
        require(False, f'onnxruntime-gpu, which cannot be installed: {error}')
        raise


@pytest.fixture(scope='module')
def stand_ins(stand_in, python, tmp_path_factory) -> Path:
    provider = cuda_provider_of(python)
    if not provider:
        pytest.skip('the FACEMESH_GPU_PYTHON has no onnxruntime-gpu for CUDA 13')
    if has_real_driver():
        pytest.skip('this machine has a driver, which a stand-in would hide')
    if not stand_in.can_be_built():
        pytest.skip('needs cc and objdump')
    folder = tmp_path_factory.mktemp('stand_ins')
    stand_in.build_all(folder, Path(provider))
    return folder


@pytest.fixture(scope='module')
def package_alone(tmp_path_factory) -> Path:
    """A folder of the package without this environment's other packages, such as ONNX Runtime."""
    folder = tmp_path_factory.mktemp('package')
    (folder / 'facemesh_ros').symlink_to(Path(native.__file__).parent)
    return folder


@pytest.fixture
def run(stand_ins, python, package_alone, model_store) -> Run:
    """Run a program or, given a list, the command `facemesh`; `libraries` are what is found."""

    def ran(program: str | list[str], *, libraries: Path | None = stand_ins, **variables: str):
        command = ['-c', program] if isinstance(program, str) else ['-m', 'facemesh_ros.cli']
        environment = {
            **os.environ,
            'FACEMESH_MODEL_DIR': str(model_store.folder),
            'PYTHONPATH': str(package_alone),
            'LD_LIBRARY_PATH': str(libraries or ''),
            **variables,
        }
        return subprocess.run(
            [python, *command, *([] if isinstance(program, str) else program)],
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
        assert int(on_gpu[1]) > 80


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
    path, sign = tmp_path / 'sigmoid.onnx', tmp_path / 'lost'
    path.write_bytes(one_node_model(require_package('onnx'), 'sigmoid', 'Sigmoid', inputs=1))
    program = LOST.replace('MODEL', repr(str(path))).replace('SIGN', repr(str(sign)))
    done = run(program, STAND_IN_LOST=str(sign))
    message, again = done.stdout.splitlines()
    assert 'CUDAExecutionProvider does not run sigmoid: ' in message
    assert 'CUDA failure 700: an illegal memory access was encountered' in message
    assert again == '(1, 4) CUDAExecutionProvider'


WHOLE_IMAGES = (
    'import numpy as np\n'
    'from facemesh_ros.assembly.gpu_models import open_runner\n'
    'from facemesh_ros.assembly.models import ModelNames\n'
    'from facemesh_ros.inference.crop_model import GpuCropModel\n'
    'from facemesh_ros.inference.gpu.memory import ExecutorLostError\n'
    'from facemesh_ros.inference.providers import ProviderChoice\n'
    'from facemesh_ros.landmarks.face_mesh import FaceMesh\n'
    'from facemesh_ros.models.store import ModelStore\n'
    'from facemesh_ros.types import Frame, PixelOrder, Rois\n'
    'choice = ProviderChoice("cuda", precision="{precision}")\n'
    'names = ModelNames("{model}", ("short_range", "full_range"))\n'
    'runner, factory = open_runner(ModelStore(), choice, names, streams=1)\n'
    'for session in factory.sessions.values():\n'
    '    print(session.precision, *session.placement, sep=",")\n'
    'roi = Rois(np.ones((1, 2), np.float32), np.ones((1, 2), np.float32), np.zeros(1))\n'
    'model = GpuCropModel(factory.sessions["{model}"], FaceMesh.OUTPUTS, runner)\n'
    'try:\n'
    '    FaceMesh(model).predict(Frame(np.zeros((9, 9, 3), np.uint8), PixelOrder.BGR), roi)\n'
    'except ExecutorLostError as error:\n'
    '    print(error)\n'
    'runner.close()\n'
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
    assert re.search(r'opened again in 0\.\d s', lost)


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


OPTIONS = (
    'import json\n'
    'from facemesh_ros.assembly.gpu_models import open_runner\n'
    'from facemesh_ros.assembly.models import ModelNames\n'
    'from facemesh_ros.inference.providers import ProviderChoice\n'
    'from facemesh_ros.models.store import ModelStore\n'
    'choice = ProviderChoice("cuda", precision={precision!r}, cuda_options={options!r})\n'
    'names = ModelNames("v2", ("short_range", "full_range"), "blendshapes")\n'
    'runner, factory = open_runner(ModelStore(), choice, names, streams=1)\n'
    'print(json.dumps({{name: session.session.get_provider_options()[session.provider]\n'
    '                  for name, session in factory.sessions.items()}}))\n'
    'runner.close()\n'
)


@pytest.fixture
def options_of(run, require_models) -> Callable[..., dict[str, dict[str, str]]]:
    """Open all models of v2 and return the options with which ONNX Runtime runs each."""
    require_models('v2', 'short_range', 'full_range', 'blendshapes')

    def options(*wanted: tuple[str, str], precision: str = 'fp32', **variables: str):
        done = run(OPTIONS.format(precision=precision, options=wanted), **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return options


def test_options_are_merged_one_by_one(options_of):
    """What is asked for holds in each session, and all else stays as this package sets it."""
    for options in options_of(('cudnn_conv_use_max_workspace', '1')).values():
        assert options['cudnn_conv_use_max_workspace'] == '1'
        assert options['cudnn_conv_algo_search'] == 'HEURISTIC'
        assert options['use_tf32'] == '0'
        assert options['enable_cuda_graph'] == '1'
        assert int(options['user_compute_stream'])


def test_graphs_can_be_switched_off(options_of):
    assert {
        each['enable_cuda_graph'] for each in options_of(('enable_cuda_graph', '0')).values()
    } == {'0'}


def test_the_blendshapes_run_in_a_graph_where_all_else_is_nhwc(options_of):
    options = options_of(('prefer_nhwc', '1'), ('fuse_conv_bias', '1'))
    assert {name: each['prefer_nhwc'] for name, each in options.items()} == {
        'v2': '1',
        'short_range': '1',
        'full_range': '1',
        'blendshapes': '0',
    }
    assert {each['fuse_conv_bias'] for name, each in options.items() if name != 'blendshapes'} == {
        '1'
    }
    assert {each['enable_cuda_graph'] for each in options.values()} == {'1'}


@pytest.mark.parametrize(
    ('precision', 'override', 'tf32'),
    [('fp32', None, '0'), ('fp16', None, '1'), ('fp16', '0', '1'), ('fp16', '1', '0')],
)
def test_fp16_keeps_tensor_cores_only_where_fp32_stays_fp32(
    options_of, monkeypatch, tmp_path, precision, override, tf32
):
    monkeypatch.delenv('NVIDIA_TF32_OVERRIDE', raising=False)
    variables = {} if override is None else {'NVIDIA_TF32_OVERRIDE': override}
    loaded = tmp_path / 'loaded'
    options = options_of(precision=precision, STAND_IN_LOADED=str(loaded), **variables)
    assert {each['use_tf32'] for each in options.values()} == {tf32}
    assert loaded.read_text() == (override or '0')  # what cuBLAS itself reads


LOADED_BEFORE = (
    'import ctypes, logging, os\n'
    'logging.basicConfig()\n'
    'ctypes.CDLL("libcublas.so.13")\n'
    'from facemesh_ros.inference.provider_options import cuda_options\n'
    'print(cuda_options(0, "fp32")["use_tf32"], cuda_options(0, "fp16")["use_tf32"])\n'
    'print(os.environ.get("NVIDIA_TF32_OVERRIDE"))\n'
)


def test_libraries_that_another_package_has_loaded_are_left_alone(run, monkeypatch):
    monkeypatch.delenv('NVIDIA_TF32_OVERRIDE', raising=False)
    done = run(LOADED_BEFORE)
    assert done.stdout.split() == ['0', '0', 'None']
    assert done.stderr.count('start Python with NVIDIA_TF32_OVERRIDE=0') == 1


REFUSED_OPTIONS = (
    'import json\n'
    'from facemesh_ros.catalog.model_entry import Variant\n'
    'from facemesh_ros.inference.model_loader import ModelLoader\n'
    'from facemesh_ros.inference.providers import CudaOptionsError, ProviderChoice\n'
    'from facemesh_ros.models.store import ModelStore\n'
    'for option in {options!r}:\n'
    '    choice = ProviderChoice(cuda_options=(option,))\n'
    '    try:\n'
    '        ModelLoader(ModelStore(), choice).open("blendshapes")\n'
    '    except CudaOptionsError as error:\n'
    '        print(error)\n'
)


def test_options_that_onnx_runtime_does_not_know_are_refused_and_not_hidden_by_the_cpu(
    run, require_models
):
    require_models('blendshapes')
    options = [('prefer_nhcw', '1'), ('use_tf32', 'yes'), ('arena_extend_strategy', 'large')]
    lines = run(REFUSED_OPTIONS.format(options=options)).stdout.splitlines()
    for line, (name, value) in zip(lines, options, strict=True):
        assert f'does not take {name}={value}' in line
        assert line.endswith('correct it or leave it out')


CAPTURES = (
    'import threading\n'
    'import numpy as np\n'
    'from pathlib import Path\n'
    'from facemesh_ros.inference.gpu.executor import Crops\n'
    'from facemesh_ros.inference.gpu.executor_factory import GpuExecutorFactory\n'
    'from facemesh_ros.inference.provider_report import executed_nodes\n'
    'from facemesh_ros.inference.providers import ProviderChoice\n'
    'from facemesh_ros.inference.session import ModelSession\n'
    'onnx, choice = Path(MODEL).read_bytes(), ProviderChoice("cuda")\n'
    'def work():\n'
    '    factory = GpuExecutorFactory({"mesh": onnx}, {"mesh": ("sum",)}, choice, images=1)\n'
    '    for _ in range(3):\n'
    '        executor = factory(False)\n'
    '        for size in (1, 2, 4, 1):\n'
    '            executor.run("mesh", [Crops(None, {"points": np.ones((size, 4), np.float32)})])\n'
    '        executor.close()\n'
    'def run_on_arrays():\n'
    '    session = ModelSession(onnx, choice)\n'
    '    while any(thread.is_alive() for thread in threads):\n'
    '        session.run(np.ones((2, 4), np.float32))\n'
    '        executed_nodes(onnx, choice)\n'
    '        opening = threading.Thread(target=ModelSession, args=(onnx, choice))\n'
    '        opening.start()\n'
    '        opening.join()\n'
    'threads = [threading.Thread(target=work) for _ in range(3)]\n'
    '[thread.start() for thread in threads]\n'
    'run_on_arrays()\n'
)


def test_a_capture_survives_what_other_threads_do(run, tmp_path, require_package):
    """Three threads open, capture, run and close; others open sessions and run on arrays."""
    path, calls = tmp_path / 'sum.onnx', tmp_path / 'calls'
    path.write_bytes(one_node_model(require_package('onnx'), 'sum', 'Add', inputs=2))
    done = run(CAPTURES.replace('MODEL', repr(str(path))), STAND_IN_CALLS=str(calls))
    assert done.returncode == 0, done.stderr
    assert 'Error' not in done.stderr
    lines = [line.split() for line in calls.read_text().splitlines()]
    count = Counter(call for call, _ in lines)
    # Each of three threads captures each of three sizes in each of three executors, one at a time.
    captures = [(call, thread) for call, thread in lines if call in ('begin', 'end')]
    assert count['begin'] == 27
    for begun, ended in zip(captures[::2], captures[1::2], strict=True):
        assert (begun[0], ended) == ('begin', ('end', begun[1]))
    # A run is one launch of a graph; those of other threads need not wait for a capture.
    assert count['launch'] == 36
    assert count['refused'] == 0
    assert count['meanwhile'] > 0


MOVES = (
    'import threading\n'
    'import numpy as np\n'
    'from pathlib import Path\n'
    'from facemesh_ros.inference.gpu.direct_runner import DirectRunner\n'
    'from facemesh_ros.inference.gpu.executor_factory import GpuExecutorFactory\n'
    'from facemesh_ros.inference.providers import ProviderChoice\n'
    'files, outputs = {"mesh": Path(MODEL).read_bytes()}, {"mesh": ("sum",)}\n'
    'factory = GpuExecutorFactory(files, outputs, ProviderChoice("cuda"), images=1)\n'
    'runner = DirectRunner(factory)\n'
    'def work():\n'
    '    for size in (1, 2, 1, 2):\n'
    '        runner.run("mesh", None, {"points": np.ones((size, 4), np.float32)})\n'
    'work()\n'
    'for _ in range(8):\n'
    '    thread = threading.Thread(target=work)\n'
    '    thread.start()\n'
    '    thread.join()\n'
    'runner.close()\n'
)


def test_a_thread_that_is_new_captures_its_own_graphs_and_only_few_do(
    run, tmp_path, require_package
):
    path, calls = tmp_path / 'sum.onnx', tmp_path / 'calls'
    path.write_bytes(one_node_model(require_package('onnx'), 'sum', 'Add', inputs=2))
    done = run(MOVES.replace('MODEL', repr(str(path))), STAND_IN_CALLS=str(calls))
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in calls.read_text().splitlines()]
    captures = Counter(thread for call, thread in lines if call == 'begin')
    # The first four threads, and the one that all others share, each captured both sizes once.
    assert sorted(captures.values()) == [2] * 5
    # Nine streams of four runs; each capture is launched too.
    assert sum(call == 'launch' for call, _ in lines) == 36


def one_node_model(onnx, name: str, operator: str, *, inputs: int) -> bytes:
    """Return a model without a convolution, as there is no cuDNN here; `points` (N, 4) go in."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node(operator, ['points'] * inputs, [name])],
        name,
        [helper.make_tensor_value_info('points', kind, ['N', 4])],
        [helper.make_tensor_value_info(name, kind, ['N', 4])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    known = {'name': name, 'input_size': '0', 'source_sha256': '', 'precision': 'fp32'}
    helper.set_model_props(model, {**known, 'variant': 'plain'})
    return bytes(model.SerializeToString())
