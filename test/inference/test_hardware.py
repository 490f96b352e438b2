"""What the driver says of itself, from the files and the library by which it says it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from facemesh_ros.inference import hardware
from facemesh_ros.inference.hardware import Gpu, NvidiaDriver, detect_nvidia_driver

NOWHERE = 'libcuda.so.1-that-is-nowhere'


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Path:
    """A machine without a driver and without a GPU."""
    monkeypatch.setattr(hardware, 'NVIDIA_DRIVER', tmp_path / 'version')
    monkeypatch.setattr(hardware, 'PCI_DEVICES', tmp_path / 'devices')
    return tmp_path


def plug_in(machine: Path, slot: str, vendor: str, kind: str) -> None:
    device = machine / 'devices' / slot
    device.mkdir(parents=True)
    (device / 'vendor').write_text(f'{vendor}\n')
    (device / 'class').write_text(f'{kind}\n')


def test_a_machine_without_one(machine):
    assert detect_nvidia_driver(NOWHERE) == NvidiaDriver()


@pytest.mark.parametrize(
    ('first_line', 'version'),
    [
        (
            'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC '
            '2024',
            '535.183.01',
        ),
        (
            'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  '
            '(dvs-builder@U22-I3-AE18-09-6)  Sun Jul 27 06:34:47 UTC 2025',
            '580.65.06',
        ),
        (
            'NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.3.0  Release Build  '
            '(buildbrain@mobile-u64-6422-d8000)',
            '540.3.0',
        ),
    ],
)
def test_the_version_of_the_kernel_module(machine, first_line, version):
    (machine / 'version').write_text(f'{first_line}\nGCC version:  gcc version 12.3.0\n')
    found = detect_nvidia_driver(NOWHERE)
    assert found.version == version
    assert found.cuda is None
    assert str(found) == f'NVIDIA driver {version}'


@pytest.mark.parametrize(
    ('vendor', 'kind', 'is_card'),
    [
        ('0x10de', '0x030000', True),  # a display controller
        ('0x10de', '0x030200', True),  # a 3D controller, as servers have
        ('0x10de', '0x040300', False),  # the sound of a display controller
        ('0x8086', '0x030000', False),
    ],
)
def test_a_card_on_the_bus(machine, vendor, kind, is_card):
    plug_in(machine, '0000:00:1f.0', '0x8086', '0x060100')
    plug_in(machine, '0000:01:00.0', vendor, kind)
    assert detect_nvidia_driver(NOWHERE).card is is_card


@pytest.fixture
def library(stand_in, tmp_path, require) -> str:
    """A library of the driver that answers what the environment says."""
    require(shutil.which('cc'), 'a C compiler')
    return str(stand_in.build_driver(tmp_path, 'libdriver_stand_in.so'))


def test_the_librarys_gpus(machine, library, monkeypatch):
    monkeypatch.setenv('STAND_IN_CUDA', '12020')
    monkeypatch.setenv('STAND_IN_GPUS', '2')
    found = detect_nvidia_driver(library)
    assert found.cuda == (12, 2)
    assert found.gpus == (Gpu('Stand-in 0', '9.0'), Gpu('Stand-in 1', '9.0'))
    assert found.error == 0


def test_a_library_that_does_not_start(machine, library, monkeypatch):
    monkeypatch.setenv('STAND_IN_INIT', '803')
    found = detect_nvidia_driver(library)
    assert found.error == 803
    assert found.gpus == ()
    assert found.cuda == (13, 0)
