"""Checks of a machine for `facemesh doctor`: what the node would find there."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

import cv2
import numpy as np

from facemesh_ros.catalog.model_entry import Kind, ModelEntry
from facemesh_ros.catalog.models import CATALOG, REQUIRED_KINDS
from facemesh_ros.cli.install_hints import command_name, grouped_by_archive, how_to_get
from facemesh_ros.inference.diagnosis.facts import (
    DiagnosisFacts,
    Installation,
    detect_installation,
)
from facemesh_ros.inference.diagnosis.gpu import problems_of
from facemesh_ros.inference.diagnosis.libraries import two_runtimes
from facemesh_ros.inference.hardware import NvidiaDriver, detect_nvidia_driver
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.openvino_runtime import openvino_version
from facemesh_ros.inference.providers import GPU_PROVIDERS, PROVIDERS, ProviderChoice
from facemesh_ros.models.store import ModelStore, State


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check.

    Attributes:
        subject: What was checked.
        text: What was found.
        remedy: What to do about it; empty if nothing is wrong.
        fatal: Whether the node cannot run like this.
    """

    subject: str
    text: str
    remedy: str = ''
    fatal: bool = False

    @property
    def mark(self) -> str:
        """Its mark in a list: fine, worth knowing, or fatal."""
        return 'XX' if self.fatal else '! ' if self.remedy else 'ok'


def diagnose(choice: ProviderChoice) -> list[Finding]:
    """Check Python, ONNX Runtime, GPU, ROS and models, in this order.

    Args:
        choice: The provider that the node would be asked for.
    """
    store, installed = ModelStore(), detect_installation()
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
    beside = f', OpenVINO {openvino_version()} beside it' if openvino_version() else ''
    found = f'{owners or installed.version}{built_for}; can use {usable}{beside}'
    mixed = two_runtimes(DiagnosisFacts(installed, NvidiaDriver()))
    if mixed is None:
        return Finding('ONNX Runtime', found)
    return Finding('ONNX Runtime', found, f'they overwrite each other: {mixed.remedy}', fatal=True)


def _gpu(installed: Installation, choice: ProviderChoice) -> Iterator[Finding]:
    driver = detect_nvidia_driver()
    gpus = ', '.join(f'{number}: {gpu.name}' for number, gpu in enumerate(driver.gpus))
    wanted = choice.wanted if choice.wanted in GPU_PROVIDERS else PROVIDERS['cuda']
    facts = DiagnosisFacts(installed, driver, wanted, choice.device_id)
    is_usable = installed.has_gpu_build or driver.version or driver.cuda or driver.card
    if not (choice.insists_on_gpu or is_usable):
        yield Finding('GPU', 'no NVIDIA driver and no NVIDIA GPU on this machine')
        return
    problems = problems_of(facts)
    if not problems:
        yield Finding('GPU', f'{driver}, {gpus}')
    for problem in problems:
        if problem != two_runtimes(facts):  # a finding of ONNX Runtime
            yield Finding('GPU', problem.reason, problem.remedy, fatal=choice.insists_on_gpu)


def _ros() -> Finding:
    distro = os.environ.get('ROS_DISTRO', '')
    if not find_spec('rclpy'):
        remedy = (
            '`./run demo` brings ROS 2, or source a ROS installation; `facemesh run` needs none'
        )
        return Finding('ROS 2', 'rclpy cannot be imported', remedy)
    if not find_spec('facemesh_ros.msg'):
        remedy = 'build the package with `colcon build` or `./run setup`'
        return Finding('ROS 2', f'{distro}; the messages of this package are not built', remedy)
    return Finding('ROS 2', f'{distro}, messages built')


def _models(store: ModelStore, choice: ProviderChoice) -> Iterator[Finding]:
    states = {entry: store.state(entry) for entry in CATALOG.values()}
    absent = [entry for entry, state in states.items() if state is not State.READY]
    ready = [entry for entry in states if entry not in absent]
    # The one beside which `landmark_model: auto` runs the others.
    first = next((entry.name for entry in ready if entry.kind is Kind.LANDMARKS), '')
    for entry in ready:
        is_landmark_model = entry.kind is Kind.LANDMARKS
        yield _loaded(store, entry, choice, entry.name if is_landmark_model else first)
    for archive, entries in grouped_by_archive(absent).items():
        remedy = f'`{command_name()} models fetch`; without a network: {how_to_get(archive)}'
        for entry in entries:
            yield Finding(f'model {entry.name}', states[entry].value, remedy)
    kinds = {entry.kind for entry in ready}
    for kind in (kind for kind in Kind if kind in REQUIRED_KINDS - kinds):
        remedy = f'`{command_name()} models fetch`'
        yield Finding(kind.value, 'no model of this kind is ready', remedy, fatal=True)


def _loaded(
    store: ModelStore, entry: ModelEntry, choice: ProviderChoice, landmark_model: str
) -> Finding:
    """Run a model as the node would and return which provider really runs its nodes."""
    loader = ModelLoader(store, choice, landmark_model=landmark_model)
    try:
        if loader.lacks_engine(entry.name):
            remedy = f'`{command_name()} models build-engines`, or the node builds it at its start'
            return Finding(f'model {entry.name}', 'has no TensorRT engine yet', remedy)
        loader.open(entry.name)
    except Exception as error:  # ONNX Runtime's have no common base
        return Finding(f'model {entry.name}', 'cannot be run', str(error), fatal=True)
    source = store.records()[entry.name].source
    report = loader.report.models[entry.name]
    return Finding(f'model {entry.name}', f'{report}; from {source}')
