"""Looks at a machine as the node would find it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec

import cv2
import numpy as np
import onnxruntime as ort

from facemesh_ros.cli.placement import executed_nodes
from facemesh_ros.core.network import Network
from facemesh_ros.core.providers import CPU, GPU_PROVIDERS, ProviderChoice
from facemesh_ros.hardware import nvidia_driver
from facemesh_ros.models.catalog import CATALOG, REQUIRED_KINDS, ModelEntry
from facemesh_ros.models.flavour import Flavour
from facemesh_ros.models.store import ModelStore, State
from facemesh_ros.sensor import load_network

# All of them install one and the same module.
RUNTIMES = ('onnxruntime', 'onnxruntime-gpu', 'onnxruntime-openvino')


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: What it is about.
        text: What was found.
        cure: What to do about it; empty if all is well.
        fatal: Whether the node cannot run like this.
    """

    subject: str
    text: str
    cure: str = ''
    fatal: bool = False

    @property
    def mark(self) -> str:
        """How it looks in a list: well, worth knowing, or fatal."""
        return 'XX' if self.fatal else '! ' if self.cure else 'ok'


def diagnose() -> list[Finding]:
    """Look at Python, ONNX Runtime, GPU, ROS and models, in this order."""
    store = ModelStore()
    return [
        Finding('python', f'{platform.python_version()} on {platform.platform()}'),
        Finding('libraries', f'numpy {np.__version__}, OpenCV {cv2.__version__}'),
        _runtime(),
        _gpu(),
        _ros(),
        Finding('model folder', str(store.folder)),
        *_models(store),
    ]


def _runtime() -> Finding:
    installed = [f'{name} {version}' for name in RUNTIMES if (version := _version(name))]
    found = f'{", ".join(installed) or ort.__version__}; can use {_short_names()}'
    if len(installed) < 2:
        return Finding('ONNX Runtime', found)
    names = ' '.join(RUNTIMES)
    cure = f'they overwrite each other: `pip uninstall {names}`, then install one of them'
    return Finding('ONNX Runtime', found, cure, fatal=True)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _short_names() -> str:
    return ', '.join(
        name.removesuffix('ExecutionProvider') for name in ort.get_available_providers()
    )


def _gpu() -> Finding:
    driver = nvidia_driver()
    if not driver:
        return Finding('GPU', 'no NVIDIA driver on this machine')
    if GPU_PROVIDERS.isdisjoint(ort.get_available_providers()):
        cure = 'install "onnxruntime-gpu[cuda,cudnn]" instead of onnxruntime'
        return Finding('GPU', f'{driver}, not used by this ONNX Runtime', cure)
    return Finding('GPU', driver)


def _ros() -> Finding:
    distro = os.environ.get('ROS_DISTRO', '')
    if not find_spec('rclpy'):
        cure = '`./run demo` brings ROS 2, or source a ROS installation; `facemesh run` needs none'
        return Finding('ROS 2', 'rclpy cannot be imported', cure)
    if not find_spec('facemesh_ros.msg'):
        cure = 'build the package with `colcon build` or `./run setup`'
        return Finding('ROS 2', f'{distro}; the messages of this package are not built', cure)
    extras = [name for name in ('cv_bridge', 'sensor_msgs_py') if find_spec(name)]
    return Finding('ROS 2', f'{distro}, messages built, with {", ".join(extras) or "no extras"}')


def _models(store: ModelStore) -> Iterator[Finding]:
    states = {entry: store.state(entry) for entry in CATALOG.values()}
    for entry, state in states.items():
        yield _loaded(store, entry) if state is State.READY else _not_ready(entry, state)
    ready = {entry.kind for entry, state in states.items() if state is State.READY}
    for kind in REQUIRED_KINDS - ready:
        cure = '`facemesh models fetch`, or `facemesh models add FILE` without a network'
        yield Finding(kind.value, 'no model of this kind is ready', cure, fatal=True)


def _not_ready(entry: ModelEntry, state: State) -> Finding:
    archive = entry.members[0].archive
    cure = f'`facemesh models fetch`, or `facemesh models add {archive.file_name}`'
    return Finding(f'model {entry.name}', state.value, cure)


def _loaded(store: ModelStore, entry: ModelEntry) -> Finding:
    """Run a model as the node would and tell where its nodes really are."""
    try:
        network = load_network(store, entry.name, ProviderChoice())
        network.try_once()
        nodes = network.placement or _executed_nodes(store, network)
    except Exception as error:  # ONNX Runtime's have no common base
        return Finding(f'model {entry.name}', 'cannot be run', str(error), fatal=True)
    source = store.records()[entry.name].source
    placed = ', '.join(f'{count} nodes on {provider}' for provider, count in nodes.items())
    return Finding(f'model {entry.name}', f'{placed} in {network.precision}; from {source}')


def _executed_nodes(store: ModelStore, network: Network) -> dict[str, int]:
    onnx = store.load(network.name, Flavour(network.flavour))
    on_cpu = network.provider == CPU
    return executed_nodes(onnx, ProviderChoice('cpu') if on_cpu else ProviderChoice())
