"""Whole images on a GPU: latency, throughput, many cameras and memory, and a lower bound.

Nothing is measured where no GPU runs the models: it says why and returns 1. With --provider cpu
the same code runs on the CPU, to test it; such figures are meant for nothing else.

    ./run bench --gpu [--minutes 10] [--precision fp16] [--json FILE]
"""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

import cv2
import onnxruntime as ort
from common.command import MeasurementError, run_benchmark, scratch_folder
from common.machine import conditions, cores_in_use
from common.report import Column, Report, Table, spread_columns
from common.scenes import STREAM_BLOCK, stream_scene
from common.timings import spread
from gpu_measurements.graph_cost import graph_rows
from gpu_measurements.latency import camera_rows, face_rows, latency_rows
from gpu_measurements.memory import DeviceMemory, memory_row
from gpu_measurements.models import IMAGE_WH, WarmModels, load_warm
from systems.process import ProcessError, SystemProcess
from systems.selection import Candidates

from facemesh_ros.assembly.models import select_landmark_model
from facemesh_ros.catalog.model_entry import Kind
from facemesh_ros.catalog.models import names_of
from facemesh_ros.errors import FacemeshError
from facemesh_ros.inference.hardware import nvidia_driver
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.models.store import ModelStore

CPU_TEST = 'ON THE CPU: THIS TESTS THE CODE; NO FIGURE HERE SAYS ANYTHING ABOUT A GPU'
SPREAD = [('n', '{ms.n}'), *spread_columns('ms', decimals=3)]
LATENCY: list[Column] = [('what', '{what}'), *SPREAD]
FACES = [
    *(('faces', '{faces}'), *SPREAD),
    *(('each further face', '{further_ms:.4f}'), ('faces/s', '{faces_per_s:.0f}')),
]
CAMERAS = [
    *(('what', '{what}'), ('cameras', '{cameras}'), ('Hz wanted', '{wanted_hz:.1f}')),
    *(('Hz done', '{done_hz:.1f}'), *SPREAD),
]
BOUND = [
    *(('graph', '{graph}'), ('batch', '{batch}'), ('kernels', '{kernels}')),
    *(('MMAC', '{mmac:.1f}'), ('MB', '{megabytes:.1f}'), ('lower bound, ms', '{bound_ms:.3f}')),
]
MEMORY = [
    *(('minutes', '{minutes:.1f}'), ('runs', '{runs}'), ('start', '{start:.0f}')),
    *(('lowest', '{lowest:.0f}'), ('highest', '{highest:.0f}'), ('end', '{end:.0f}')),
]
QUERY = 'name,driver_version,memory.total,clocks.max.sm,clocks.max.memory,power.limit'
OPTIONS: dict[str, dict[str, Any]] = {
    '--provider': {'choices': ('cuda', 'cpu'), 'default': 'cuda'},
    '--device-id': {'type': int, 'default': 0},
    '--precision': {'choices': ('fp32', 'fp16'), 'default': 'fp32'},
    '--model': {'choices': ('auto', *names_of(Kind.LANDMARKS)), 'default': 'auto'},
    '--samples': {'type': int, 'default': 300, 'help': 'of each latency (default 300)'},
    '--faces': {'type': int, 'default': 64, 'help': 'most in one image (default 64)'},
    '--cameras': {'type': int, 'default': 32, 'help': 'simulated (default 32)'},
    '--rate': {'type': float, 'default': 30.0, 'help': 'of each camera, Hz (default 30)'},
    '--seconds': {'type': float, 'default': 20.0, 'help': 'of cameras (default 20)'},
    '--minutes': {'type': float, 'default': 0.5, 'help': 'of memory (default 0.5)'},
}


def measure(chosen: Namespace) -> Report:
    """Measure everything; raises MeasurementError if there is no GPU."""
    if chosen.quick:
        chosen.samples, chosen.seconds, chosen.minutes = 50, 3.0, 0.1
    cv2.setNumThreads(1)
    store = ModelStore()
    chosen.model = select_landmark_model(chosen.model, store)
    choice = ProviderChoice(
        chosen.provider, device_id=chosen.device_id, precision=chosen.precision
    )
    before = cores_in_use()
    try:
        models = load_warm(
            store, choice, chosen.model, streams=chosen.cameras, max_faces=chosen.faces
        )
    except FacemeshError as error:
        text = f'no GPU runs the models here, so nothing was measured: {error}'
        raise MeasurementError(text) from error
    try:
        peers, left_out = peer_rows(chosen.model, chosen.samples)
        one = [*latency_rows(models, chosen.samples), *peers]
        faces = list(face_rows(models, chosen.samples))
        cameras = list(camera_rows(models, chosen.cameras, chosen.rate, chosen.seconds))
        title = 'Cameras at once, from the moment an image is due to its landmarks, ms'
        tables = [
            Table('latency', '1280x720, host bytes to host landmarks, ms', LATENCY, one),
            Table('faces', 'Faces of one image, ms', FACES, faces),
            Table('cameras', title, CAMERAS, cameras),
            Table(
                'bound',
                'Lower bound, from what the graphs read and write',
                BOUND,
                list(graph_rows(models, choice)),
            ),
            Table(
                'memory',
                'Memory while the number of faces changes, MB',
                MEMORY,
                [memory_row(models, DeviceMemory(choice), chosen.minutes)],
            ),
        ]
        about = conditions(before, **facts(models, choice))
    finally:
        models.close()
    return Report(CPU_TEST if chosen.provider == 'cpu' else '', about, left_out, tables)


def peer_rows(model: str, samples: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Measure the peer with this landmark model, on its CPU, tracking one face.

    Returns:
        Its row, none if it cannot run, and a line for each reason why.
    """
    scene = stream_scene('720p', 1)
    try:
        found = Candidates([model], None)
        peer = found.comparison(model, '', scene.faces, '--stream', ours=()).peer
        if peer is None:
            return [], found.left_out
        with scratch_folder() as folder, SystemProcess(peer) as process:
            file = scene.write(Path(folder))
            block = process.block(file, samples, warm_up=STREAM_BLOCK, stream=True)
    except (MeasurementError, ProcessError) as error:
        return [], [str(error)]
    what = f'{peer.name}, tracking one face on the CPU'
    return [{'what': what, 'ms': spread(block['wall_ms'])}], []


def facts(models: WarmModels, choice: ProviderChoice) -> dict[str, Any]:
    """Return device, driver, versions and placement."""
    sessions = models.device.sessions
    return {
        'device': _device(choice),
        'driver': nvidia_driver() or 'none',
        'versions': {
            'onnxruntime': ort.__version__,
            'built for CUDA': getattr(ort, 'cuda_version', '') or 'none',
            **{name: _version(name) for name in ('nvidia-cudnn-cu13', 'nvidia-cudnn-cu12')},
            'numpy': metadata.version('numpy'),
        },
        'precision': choice.precision,
        'landmark model': models.model,
        'nodes': {name: session.placement for name, session in sessions.items()},
        'images': f'{IMAGE_WH[0]}x{IMAGE_WH[1]} bgr8, a new one each time, in pageable memory',
    }


def _device(choice: ProviderChoice) -> str:
    if choice.execution_provider == 'cpu':
        return 'CPU'
    command = ['nvidia-smi', f'--query-gpu={QUERY}', '--format=csv,noheader', '-i']
    command.append(str(choice.device_id))
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return f'GPU {choice.device_id}, unknown to nvidia-smi'


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return 'not installed'


if __name__ == '__main__':
    sys.exit(run_benchmark(__doc__, measure, quick='fewer samples', options=OPTIONS))
