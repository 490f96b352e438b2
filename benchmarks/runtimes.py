"""ONNX Runtime and OpenVINO side by side on this CPU: each model alone, and what `auto` takes.

Both run in one process, in the thread that asks, in turns: a block of one, a block of the other.
Processor time is compared, which other processes hardly change.

    ./run bench runtimes --json FILE
    ./run bench runtimes --docs    # updates docs/benchmarks_tables.md
"""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))

from common.command import (
    ANY_CORE,
    WITHOUT_AVX512,
    MeasurementError,
    log,
    pin_to_one_core,
    run_benchmark,
    scratch_folder,
)
from common.machine import conditions, cores_in_use
from common.report import Report, Table, ratio_column, spread_columns
from common.timings import ratio, spread

from facemesh_ros.assembly.models import select_landmark_model
from facemesh_ros.catalog.model_entry import Kind
from facemesh_ros.catalog.models import CATALOG, entry_of
from facemesh_ros.inference.cache_folder import FOLDER_VARIABLE
from facemesh_ros.inference.hardware import processor_name
from facemesh_ros.inference.openvino_runtime import openvino_version
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.runtime_choice import QUICKER, WORTH_IT, quickest_runtime
from facemesh_ros.inference.session import ModelSession, variant_for
from facemesh_ros.models.store import ModelStore
from facemesh_ros.types import Float32

ROUNDS, QUICK_ROUNDS, RUNS = 40, 8, 5
OUTPUTS = {Kind.DETECTOR: 'regressors', Kind.LANDMARKS: 'landmarks', Kind.BLENDSHAPES: 'scores'}
TITLES = {'cpu': 'ONNX Runtime', 'openvino': 'OpenVINO'}
COLUMNS = [
    *(('model', '{model}'), ('n', '{cpu.n}')),
    *spread_columns('cpu', prefix='ONNX Runtime ')[:2],
    *spread_columns('openvino', prefix='OpenVINO ')[:2],
    ratio_column('OpenVINO / ONNX Runtime', 'ratio'),
    *(('largest difference', '{difference:.0e}'), ('auto takes', '{taken}')),
]
OPENING = [
    *(('model', '{model}'), ('ONNX Runtime', '{cpu:.0f}'), ('OpenVINO', '{compiled:.0f}')),
    *(('OpenVINO, kept', '{kept:.0f}'), ('trial', '{trial:.0f}')),
]
MODE = (
    'Each model alone, one input, one thread; fp32. The largest difference is that of landmarks '
    "and boxes as a share of the crop's side, and of blendshapes. `auto` takes OpenVINO for a "
    f"landmark model below {WORTH_IT:g} of ONNX Runtime's time, by a trial of its own before the "
    f'table; beside it, for the other models, below {QUICKER:g}. Here they are beside v2.'
)


def measure(chosen: Namespace) -> Report:
    """Measure everything; raises MeasurementError without OpenVINO."""
    if not openvino_version():
        raise MeasurementError('OpenVINO is not installed: `pip install openvino`')
    pin_to_one_core(chosen)
    before, store = cores_in_use(), ModelStore()
    names = [name for name in CATALOG if name in store.records()]
    with scratch_folder() as folder:
        opening = list(_opening_rows(store, names, folder))
        rows = [_row(store, name, QUICK_ROUNDS if chosen.quick else ROUNDS) for name in names]
    packages = ('onnxruntime', 'openvino', 'numpy')
    about = conditions(
        before,
        versions={name: metadata.version(name) for name in packages},
        **{'as the memory calls it': processor_name()},
        blocks=f'{RUNS} runs each, in turn',
    )
    tables = [
        Table('runtimes', 'Processor time of a run, ms', COLUMNS, rows),
        Table('opening', 'Processor time to open a model, and of its trial, ms', OPENING, opening),
    ]
    return Report(MODE, about, [], tables)


def _opening_rows(store: ModelStore, names: list[str], folder: str) -> Iterator[dict[str, Any]]:
    _session(store, names[0], 'openvino')  # imports it
    for name in names:
        log(f'{name}: trial')
        os.environ[FOLDER_VARIABLE] = f'{folder}/{name}'  # where nothing is kept yet
        times = {
            key: _processor_ms(lambda name=name, it=it: _session(store, name, it))
            for key, it in (('cpu', 'cpu'), ('compiled', 'openvino'), ('kept', 'openvino'))
        }
        os.environ[FOLDER_VARIABLE] = f'{folder}/trials'
        start_ms = _with_children_ms()
        quickest_runtime(store, name)
        trial = _with_children_ms() - start_ms
        yield {'model': name, 'trial': trial, **times}


def _row(store: ModelStore, name: str, rounds: int) -> dict[str, Any]:
    log(f'{name}: {rounds} rounds')
    sessions = {runtime: _session(store, name, runtime) for runtime in TITLES}
    is_landmark_model = entry_of(name).kind is Kind.LANDMARKS
    beside = name if is_landmark_model else select_landmark_model('auto', store)
    given = np.random.default_rng(0).random((1, *entry_of(name).input_shape), np.float32)
    blocks: dict[str, list[list[float]]] = {runtime: [] for runtime in TITLES}
    for number in range(rounds + 1):
        for runtime, session in sessions.items():
            block = [_processor_ms(lambda it=session: it.run(given)) for _ in range(RUNS)]
            if number:  # the first one is not timed
                blocks[runtime].append(block)
    return {
        'model': name,
        **{runtime: spread(np.concatenate(found)) for runtime, found in blocks.items()},
        'ratio': ratio(blocks['openvino'], blocks['cpu']),
        'difference': _difference(sessions['cpu'], sessions['openvino'], given),
        'taken': TITLES[quickest_runtime(store, name, beside).execution_provider],
    }


def _session(store: ModelStore, name: str, runtime: str) -> ModelSession:
    choice = ProviderChoice(runtime)
    return ModelSession(store.load(name, variant_for(name, choice)), choice)


def _difference(first: ModelSession, second: ModelSession, given: Float32) -> float:
    (one,), (other,) = (it.run(given, [OUTPUTS[entry_of(it.name).kind]]) for it in (first, second))
    return float(np.abs(one - other).max()) / max(first.input_size, 1)


def _processor_ms(call: Any) -> float:
    start_ns = time.process_time_ns()
    call()
    return (time.process_time_ns() - start_ns) / 1e6


def _with_children_ms() -> float:
    """Return the processor time of this process and of those that have ended, as trials do."""
    used = os.times()
    return 1e3 * (used.user + used.system + used.children_user + used.children_system)


if __name__ == '__main__':
    sys.exit(
        run_benchmark(
            __doc__,
            measure,
            quick='a fifth of the rounds',
            section='runtimes',
            options={**ANY_CORE, **WITHOUT_AVX512},
        )
    )
