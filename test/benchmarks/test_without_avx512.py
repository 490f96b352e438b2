"""A benchmark that hides AVX-512 hides it from what calculates, and from nobody else."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from common import command, machine
from common.command import WITHOUT_AVX512, run_benchmark
from common.report import Report
from without_avx512 import restart
from without_avx512.patched_libraries import libraries_in
from without_avx512.restart import (
    CannotHideError,
    command_without_avx512,
    environment_without_avx512,
    require_means,
)

FOLDERS = [Path(folder) for folder in sys.path if folder.endswith('site-packages')]
# ONNX Runtime lays out weights in blocks of as many channels as a vector register holds, and fills
# the last one up.
SEES = """
import json, sys
from pathlib import Path
import cv2, numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper

weights = numpy_helper.from_array(np.ones((24, 16, 3, 3), np.float32), 'w')
value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
image = helper.make_tensor_value_info('x', TensorProto.FLOAT, [1, 16, 8, 8])
node = helper.make_node('Conv', ['x', 'w'], ['y'])
graph = helper.make_graph([node], 'g', [image], [value('y')], [weights])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
options = onnxruntime.SessionOptions()
options.optimized_model_filepath = sys.argv[1]
session = onnxruntime.InferenceSession(
    model.SerializeToString(), options, providers=['CPUExecutionProvider']
)
batch = np.random.default_rng(0).random((1, 16, 8, 8), np.float32)
(result,) = session.run(None, {'x': batch})
packed = onnx.load(sys.argv[1]).graph.initializer[0].dims[0]
sees = {
    'numpy': np._core._multiarray_umath.__cpu_features__['AVX512F'],
    'OpenCV': cv2.checkHardwareSupport(cv2.CPU_AVX_512F if hasattr(cv2, 'CPU_AVX_512F') else 13),
    'ONNX Runtime': packed == 32,
    '/proc/cpuinfo': 'avx512' in Path('/proc/cpuinfo').read_text(),
}
try:
    import openvino
    able = openvino.Core().get_property('CPU', 'OPTIMIZATION_CAPABILITIES')
    sees['OpenVINO'] = 'BF16' in able
except ImportError:
    pass
print(json.dumps({'sees': sees, 'packed': packed, 'result': float(result.sum())}))
"""


@pytest.fixture
def hiding(require) -> None:
    try:
        require_means()
    except CannotHideError as error:
        pytest.skip(str(error))


def told_by(program: str, *arguments: str, hidden: bool) -> Any:
    python = [sys.executable, '-c', program, *arguments]
    shown = subprocess.run(
        command_without_avx512(python, FOLDERS) if hidden else python,
        env=environment_without_avx512() if hidden else None,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(shown.stdout.splitlines()[-1])


def test_what_calculates_sees_none_and_calculates_the_same(hiding, tmp_path, require_package):
    require_package('onnx')
    before = {path: path.read_bytes() for path in libraries_in(FOLDERS)}
    plain, hidden = (
        told_by(SEES, str(tmp_path / f'{it}.onnx'), hidden=it) for it in (False, True)
    )
    assert all(plain['sees'].values()), plain
    assert not any(hidden['sees'].values()), hidden
    assert hidden['packed'] == 24
    assert hidden['result'] == pytest.approx(plain['result'], rel=1e-5)
    for path, content in before.items():
        assert path.read_bytes() == content  # as others see it


def test_a_process_that_ends_itself_still_does(hiding, tmp_path):
    (tmp_path / 'trap.c').write_text('int main(void) { __builtin_trap(); }\n')
    subprocess.run(['cc', '-o', tmp_path / 'trap', tmp_path / 'trap.c'], check=True)
    ended = subprocess.run([tmp_path / 'trap'], env=environment_without_avx512(), check=False)
    assert ended.returncode == -signal.SIGILL


def test_what_is_missing_is_named_with_the_way_out(monkeypatch, tmp_path):
    facts = tmp_path / 'cpuinfo'
    monkeypatch.setattr(restart, 'CPU_FACTS', facts)
    facts.write_text('flags : avx2\n')
    with pytest.raises(CannotHideError, match='has no AVX-512'):
        require_means()
    facts.write_text('flags : avx2 avx512f\n')
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(CannotHideError, match='apt-get install gcc binutils'):
        require_means()
    monkeypatch.undo()
    monkeypatch.setattr(restart, 'CPU_FACTS', facts)
    monkeypatch.setattr(restart, '_enter', lambda: ['sh', '-c', 'echo not permitted >&2; exit 1'])
    monkeypatch.setattr(restart.shutil, 'which', lambda tool: tool)
    with pytest.raises(CannotHideError, match=r'needs root.*not permitted'):
        require_means()


def test_a_benchmark_that_cannot_hide_it_says_so_and_measures_nothing(monkeypatch, capsys):
    def refuse(peers: object) -> None:
        raise CannotHideError('needs gcc')

    monkeypatch.setattr(command, 'restart_without_avx512', refuse)
    monkeypatch.setattr(sys, 'argv', ['streams', '--without-avx512'])
    measured: list[Namespace] = []
    status = run_benchmark('', measured.append, quick='', options=WITHOUT_AVX512)
    assert (status, measured) == (1, [])
    assert 'needs gcc' in capsys.readouterr().err


@pytest.mark.parametrize('hidden', [False, True])
def test_tables_say_it_and_have_a_section_of_their_own(monkeypatch, tmp_path, hidden):
    page = tmp_path / 'tables.md'
    names = ('streams', 'streams without AVX-512')
    sections = [f'<!-- {it}: made by ./run bench -->\n<!-- {it}: end -->\n' for it in names]
    page.write_text(''.join(sections))
    monkeypatch.delenv(machine.HIDDEN_AVX512, raising=False)
    if hidden:
        monkeypatch.setenv(machine.HIDDEN_AVX512, '1')
    monkeypatch.setattr(sys, 'argv', ['streams', '--docs', *['--without-avx512'] * hidden])
    drawn: list[Any] = []
    monkeypatch.setattr(command, 'draw', lambda *arguments: drawn.append(arguments))
    run_benchmark(
        '',
        lambda chosen: Report('', machine.machine()),
        quick='',
        section='streams',
        page=page,
        plot='streams',
        options=WITHOUT_AVX512,
    )
    first, _, second = page.read_text().partition('<!-- streams: end -->')
    written, untouched = (second, first) if hidden else (first, second)
    assert '- processor: ' in written
    assert '- processor: ' not in untouched
    assert ('- instructions: AVX2 (AVX-512 hidden)' in written) == hidden
    assert bool(drawn) != hidden  # the plot is of the other section
