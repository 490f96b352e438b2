"""Looks at a machine as the node would find it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

import cv2
import numpy as np

from facemesh_ros.catalog.models import CATALOG, REQUIRED_KINDS, Kind, ModelEntry
from facemesh_ros.cli.install_hints import command_name, grouped_by_archive, how_to_get
from facemesh_ros.inference.diagnosis.facts import DiagnosisFacts
from facemesh_ros.inference.diagnosis.gpu import problems_of
from facemesh_ros.inference.diagnosis.installation import Installation, look_at_installation
from facemesh_ros.inference.diagnosis.wheels import mixed_wheels
from facemesh_ros.inference.hardware import NvidiaDriver, look_at_nvidia_driver
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.providers import GPU_PROVIDERS, PROVIDERS, ProviderChoice
from facemesh_ros.models.store import ModelStore, State


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


def diagnose(choice: ProviderChoice) -> list[Finding]:
    """Look at Python, ONNX Runtime, GPU, ROS and models, in this order.

    Args:
        choice: What the node would be asked for.
    """
    store, installed = ModelStore(), look_at_installation()
    return [
        Finding('python', f'{platform.python_version()} on {platform.platform()}'),
        Finding('libraries', f'numpy {np.__version__}, OpenCV {cv2.__version__}'),
        _runtime(installed),
        *_gpu(installed, choice),
        _ros(),
        Finding('model folder', str(store.folder)),
        *_models(store, choice),
    ]


def _runtime(installed: Installation) -> Finding:
    owners = ', '.join(f'{name} {version}' for name, version in installed.runtimes.items())
    built_for = f' for CUDA {installed.cuda}' if installed.cuda else ''
    usable = ', '.join(name.removesuffix('ExecutionProvider') for name in installed.providers)
    found = f'{owners or installed.version}{built_for}; can use {usable}'
    mixed = mixed_wheels(DiagnosisFacts(installed, NvidiaDriver()))
    if mixed is None:
        return Finding('ONNX Runtime', found)
    return Finding('ONNX Runtime', found, f'they overwrite each other: {mixed.cure}', fatal=True)


def _gpu(installed: Installation, choice: ProviderChoice) -> Iterator[Finding]:
    driver = look_at_nvidia_driver()
    gpus = ', '.join(f'{number}: {gpu.name}' for number, gpu in enumerate(driver.gpus))
    wanted = choice.wanted if choice.wanted in GPU_PROVIDERS else PROVIDERS['cuda']
    known = DiagnosisFacts(installed, driver, wanted, choice.device_id)
    is_usable = installed.has_gpu_build or driver.version or driver.cuda or driver.card
    if not (choice.insists_on_gpu or is_usable):
        yield Finding('GPU', 'no NVIDIA driver and no NVIDIA GPU on this machine')
        return
    troubles = problems_of(known)
    if not troubles:
        yield Finding('GPU', f'{driver}, {gpus}')
    for trouble in troubles:
        if trouble != mixed_wheels(known):  # told with ONNX Runtime
            yield Finding('GPU', trouble.reason, trouble.cure, fatal=choice.insists_on_gpu)


def _ros() -> Finding:
    distro = os.environ.get('ROS_DISTRO', '')
    if not find_spec('rclpy'):
        cure = '`./run demo` brings ROS 2, or source a ROS installation; `facemesh run` needs none'
        return Finding('ROS 2', 'rclpy cannot be imported', cure)
    if not find_spec('facemesh_ros.msg'):
        cure = 'build the package with `colcon build` or `./run setup`'
        return Finding('ROS 2', f'{distro}; the messages of this package are not built', cure)
    return Finding('ROS 2', f'{distro}, messages built')


def _models(store: ModelStore, choice: ProviderChoice) -> Iterator[Finding]:
    states = {entry: store.state(entry) for entry in CATALOG.values()}
    absent = [entry for entry, state in states.items() if state is not State.READY]
    for entry in states:
        if entry not in absent:
            yield _loaded(store, entry, choice)
    for archive, entries in grouped_by_archive(absent).items():
        cure = f'`{command_name()} models fetch`; without a network: {how_to_get(archive)}'
        for entry in entries:
            yield Finding(f'model {entry.name}', states[entry].value, cure)
    ready = {entry.kind for entry in states if entry not in absent}
    for kind in (kind for kind in Kind if kind in REQUIRED_KINDS - ready):
        cure = f'`{command_name()} models fetch`'
        yield Finding(kind.value, 'no model of this kind is ready', cure, fatal=True)


def _loaded(store: ModelStore, entry: ModelEntry, choice: ProviderChoice) -> Finding:
    """Run a model as the node would and tell where its nodes really are."""
    opener = ModelLoader(store, choice)
    try:
        opener.open(entry.name)
    except Exception as error:  # ONNX Runtime's have no common base
        return Finding(f'model {entry.name}', 'cannot be run', str(error), fatal=True)
    source = store.records()[entry.name].source
    report = opener.report.models[entry.name]
    return Finding(f'model {entry.name}', f'{report}; from {source}')
